//! Encrypted connections to a server that runs already.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use isolated_test_tests::State;
use isolated_test_tests::refusal::networks_are_refused;

use crate::asking::{Servers, files};

mod inner {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use isolated_test::{Current, Port, Ready, Service, TmpDir, isolated};
    use isolated_test_postgres::{Database, Postgres};
    use isolated_test_tests::{hold, say};

    use super::{certify, run};
    use crate::asking::psql;

    /// The rules for connections: anyone as `any`, and the others as their names say.
    const RULES: &str = "host all any 127.0.0.1/32 trust
hostssl all encrypted 127.0.0.1/32 scram-sha-256
hostnossl all plain 127.0.0.1/32 trust
local all all trust
";

    const ROLES: &str =
        "CREATE ROLE encrypted LOGIN CREATEDB PASSWORD 'secret'; CREATE ROLE plain LOGIN CREATEDB";

    /// A server on TCP.
    fn server() -> Service {
        let programs = std::env::var_os("PROGRAMS").unwrap();
        let program = |name| std::path::Path::new(&programs).join(name);
        let initdb = program("initdb");
        let set_up = move |server: &mut Command, test: &Current| {
            let data = test.tmpdir().join("data");
            let mut initdb = Command::new(&initdb);
            initdb.args("--username any --auth trust --no-sync --pgdata".split(' '));
            run(initdb.arg(&data));
            fs::write(data.join("pg_hba.conf"), RULES).unwrap();
            certify(&data);
            for key in ["authority.key", "server.key"] {
                fs::set_permissions(data.join(key), Permissions::from_mode(0o600)).unwrap();
            }
            server.arg("-D").arg(data);
            let settings = std::env::var("SETTINGS").unwrap();
            let local = "listen_addresses=127.0.0.1 unix_socket_directories= fsync=off";
            for setting in settings.split(' ').chain(local.split(' ')) {
                server.args(["-c", setting]);
            }
            server.arg("-p").arg(test.port().to_string());
        };
        Service::new(program("postgres"))
            .with(set_up)
            .ready(Ready::prints("ready to accept connections"))
    }

    #[isolated(port, tmpdir, server = server())]
    #[test]
    #[ignore = "started by another test"]
    fn serves(port: &Port, tmpdir: &TmpDir) {
        let made = psql(&format!("postgres://any@127.0.0.1:{port}/postgres"), ROLES);
        assert!(made.status.success(), "{made:?}");
        say(&format!("port {port}"));
        say(&format!("certificates {}", tmpdir.join("data").display()));
        hold();
    }

    fn shop() -> Postgres {
        Postgres::migrations("tests/migrations")
    }

    #[isolated(db = shop())]
    #[test]
    #[ignore = "started by another test"]
    fn uses(db: &Database) {
        report(db);
    }

    #[isolated(network, db = shop())]
    #[test]
    #[ignore = "started by another test"]
    fn uses_in_a_network(db: &Database) {
        report(db);
    }

    #[isolated(db = shop().transaction())]
    #[test]
    #[ignore = "started by another test"]
    fn uses_in_a_transaction(db: &Database) {
        report(db);
    }

    /// Reports whether the session of the test and the connections of its host are encrypted.
    fn report(db: &Database) {
        let ask = |sql: &str| {
            let output = psql(db.url(), sql);
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let client = ask("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
        let host = ask(
            "SELECT string_agg(DISTINCT ssl::text, ' ') FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
             WHERE application_name = 'isolated-test' AND usename = current_user",
        );
        say(&format!("client {client} host {host}"));
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// Makes a new authority and a certificate for `localhost` that it has signed, with their keys.
fn certify(dir: &Path) {
    for arguments in [
        "-subj /CN=authority -addext subjectAltName=DNS:localhost -keyout authority.key -out authority.crt",
        "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout server.key -out server.crt \
         -addext basicConstraints=critical,CA:FALSE -CA authority.crt -CAkey authority.key",
    ] {
        let mut openssl = Command::new("openssl");
        openssl
            .args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes".split(' '));
        run(openssl.args(arguments.split_whitespace()).current_dir(dir));
    }
}

/// The directory of the programs of the server: that of the one which runs for another test.
fn programs(state: &State) -> PathBuf {
    let mut user = state.user_of_empty().start();
    let lock = fs::read_to_string(files(&user.hear("url")).join("data/postmaster.pid")).unwrap();
    let program = fs::read_link(format!("/proc/{}/exe", lock.lines().next().unwrap())).unwrap();
    user.release();
    state.wait_for_the_end();
    program.parent().unwrap().to_owned()
}

const SIGNED: &str = "ssl=on ssl_cert_file=server.crt ssl_key_file=server.key";

/// A certificate without another authority than itself, as the manual of PostgreSQL makes it.
const OF_ITSELF: &str = "ssl=on ssl_cert_file=authority.crt ssl_key_file=authority.key";

/// Starts a server, and calls `act` with its port and the directory of its certificates.
fn with_server(settings: &str, act: impl FnOnce(&str, &Path)) {
    let programs = programs(&State::new());
    let state = State::new();
    let server = state.inner_as_nobody("serves").env("PROGRAMS", &programs);
    let server = server.env("SETTINGS", settings);
    let mut server = server.env("HOME", state.scratch()).start();
    let port = server.hear("port");
    let certificates = PathBuf::from(server.hear("certificates"));
    act(&port, &certificates);
    server.release();
    state.wait_for_the_end();
}

/// The report of a test with this server on its connections, or why it could not connect.
fn used(url: &str, home: Option<&Path>) -> String {
    let said = used_by("uses", url, home);
    let why = said.split_once("failed to connect to ");
    why.map_or(&*said, |(_, why)| why).to_owned()
}

/// The report of a test with this server on its connections, or why it has no database.
fn used_by(test: &str, url: &str, home: Option<&Path>) -> String {
    let state = State::new();
    let home = home.map_or_else(|| state.scratch(), Path::to_owned);
    let user = state
        .user(test)
        .env("ISOLATED_POSTGRES", url)
        .env("ISOLATED_KEEP", "never")
        .env("HOME", home);
    let run = user.run();
    let said = run.said("client").map(|said| format!("client {said}"));
    let said = said.unwrap_or_else(|| {
        let complaint = state.complaint(&run);
        let why = complaint.split_once(": failed to provision the resource `db`: ");
        why.unwrap_or_else(|| panic!("{}", run.errors)).1.to_owned()
    });
    state.wait_for_the_end();
    said
}

#[test]
fn connections_are_encrypted_as_the_url_says() {
    with_server(SIGNED, |port, certificates| {
        let url = |who: &str, host: &str, parameters: &str| {
            format!("postgres://{who}@{host}:{port}/postgres?{parameters}")
        };
        let roots = format!(
            "sslrootcert={}",
            certificates.join("authority.crt").display()
        );
        let (both, neither) = ("client t host true", "client f host false");
        for (who, host, parameters, outcome) in [
            ("any", "127.0.0.1", "sslmode=require", both),
            ("any", "127.0.0.1", "sslmode=prefer", both),
            ("any", "127.0.0.1", "", both),
            ("any", "127.0.0.1", "sslmode=allow", neither),
            ("any", "127.0.0.1", "sslmode=disable", neither),
            ("encrypted:secret", "127.0.0.1", "sslmode=allow", both),
            ("plain", "127.0.0.1", "sslmode=prefer", neither),
            (
                "any",
                "localhost",
                &format!("sslmode=verify-full&{roots}"),
                both,
            ),
            (
                "any",
                "127.0.0.1",
                &format!("sslmode=verify-ca&{roots}"),
                both,
            ),
        ] {
            let url = url(who, host, parameters);
            assert_eq!(used(&url, None), outcome, "{url}");
        }
    });
}

#[test]
fn a_certificate_may_be_its_own_authority() {
    with_server(OF_ITSELF, |port, certificates| {
        let roots = certificates.join("authority.crt");
        let roots = roots.display();
        let url = |mode: &str| {
            format!("postgres://any@localhost:{port}/postgres?sslmode={mode}&sslrootcert={roots}")
        };
        assert_eq!(used(&url("verify-full"), None), "client t host true");
        assert_eq!(used(&url("require"), None), "client t host true");
    });
}

#[test]
fn servers_that_are_not_trusted_are_refused() {
    with_server(SIGNED, |port, certificates| {
        let url = |host: &str, parameters: &str| {
            format!("postgres://any@{host}:{port}/postgres?{parameters}")
        };
        let scratch = State::new();
        let roots = format!(
            "sslrootcert={}",
            certificates.join("authority.crt").display()
        );
        let failed = |host: &str| format!("{host}:{port}: failed to encrypt the connection: ");

        let why = used(
            &url("127.0.0.1", &format!("sslmode=verify-full&{roots}")),
            None,
        );
        let expected =
            failed("127.0.0.1") + "invalid peer certificate: certificate not valid for name";
        assert!(why.starts_with(&expected), "{why}");

        let why = used(&url("localhost", "sslmode=verify-full"), None);
        let expected = "found no trusted certificates in `~/.postgresql/root.crt`; name their file with \
                        `sslrootcert=PATH`";
        assert_eq!(why, failed("localhost") + expected);

        // Another authority with the same name.
        let home = scratch.scratch();
        let dir = home.join(".postgresql");
        fs::create_dir(&dir).unwrap();
        let other = dir.join("root.crt");
        certify(&dir);
        fs::rename(dir.join("authority.crt"), &other).unwrap();
        let expected = "invalid peer certificate: BadSignature";
        // A file that is there is used, even where it is not asked for.
        for parameters in ["sslmode=verify-ca", "sslmode=require"] {
            let why = used(&url("localhost", parameters), Some(&home));
            assert_eq!(why, failed("localhost") + expected);
        }

        fs::write(&other, "nothing").unwrap();
        let why = used(&url("localhost", "sslmode=verify-ca"), Some(&home));
        let expected = format!("found no certificate in `{}`", other.display());
        assert_eq!(why, failed("localhost") + &expected);
    });
}

#[test]
fn a_server_that_does_not_encrypt_is_used_only_if_that_is_allowed() {
    with_server("ssl=off", |port, _| {
        let url = |mode: &str| format!("postgres://any@127.0.0.1:{port}/postgres?sslmode={mode}");
        assert_eq!(used(&url("prefer"), None), "client f host false");
        assert_eq!(
            used(&url("require"), None),
            format!(
                "127.0.0.1:{port}: the server does not encrypt connections; set `ssl = on` in its \
                 `postgresql.conf`, or write `sslmode=prefer`"
            )
        );
    });
}

/// Bytes that the process of a test passes on are not encrypted, so they must not have to be.
#[track_caller]
fn is_never_encrypted(test: &str, refusal: &str) {
    with_server(SIGNED, |port, _| {
        for (mode, outcome) in [
            ("disable", "client f host false"),
            ("prefer", "client f host true"),
            ("require", refusal),
        ] {
            let url = format!("postgres://any@127.0.0.1:{port}/postgres?sslmode={mode}");
            assert_eq!(used_by(test, &url, None), outcome, "{mode}");
        }
    });
}

#[test]
fn the_network_of_a_test_has_no_encrypted_connections() {
    if networks_are_refused() {
        return;
    }
    is_never_encrypted(
        "uses_in_a_network",
        "a test with `network` cannot reach an encrypted server; write `sslmode=disable`, or leave out `network`",
    );
}

#[test]
fn a_transaction_that_is_rolled_back_is_not_encrypted() {
    is_never_encrypted(
        "uses_in_a_transaction",
        "a test with `.transaction()` cannot use an encrypted server; write `sslmode=disable`, or leave out \
         `.transaction()`",
    );
}
