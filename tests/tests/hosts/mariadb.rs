//! A schema of one MariaDB for each test, as the guide shows it. Needs `mariadbd`, `mariadb-install-db`
//! and `mariadb`.

use isolated_test_tests::State;

use crate::common::Hosts;

mod inner {
    use std::process::Command;
    use std::time::Duration;

    use isolated_test::{
        BoxError, Current, Once, Outcome, Ready, Resource, Service, Transfer, isolated,
    };
    use isolated_test_tests::{hold, say};

    #[derive(Default)]
    struct Server(Option<Service>);

    impl Resource for Server {
        type Handle = String;

        fn provision(&mut self, host: &Current) -> Result<String, BoxError> {
            let dir = host.tmpdir().display().to_string();
            let user = String::from_utf8(Command::new("id").arg("-un").output()?.stdout)?;
            let [datadir, user] = [
                format!("--datadir={dir}"),
                format!("--user={}", user.trim()),
            ];
            let log = "--innodb-log-file-size=8M".to_owned();
            let settings = [
                "--no-defaults".to_owned(),
                datadir,
                user,
                log,
                "--debug-no-sync".to_owned(),
            ];
            let install = ["--auth-root-authentication-method=normal", "--skip-test-db"];
            run(Command::new("mariadb-install-db")
                .args(&settings)
                .args(install))?;
            let server = Service::new("mariadbd").with(move |command, _| {
                let socket = ["--skip-networking", "--socket=sql.sock"];
                command.args(settings).args(socket);
            });
            let server = server
                .ready(Ready::prints("ready for connections"))
                .grace(Duration::from_millis(200));
            self.0.insert(server).provision(host)?;
            Ok(format!("{dir}/sql.sock"))
        }

        fn transfer() -> Transfer<String> {
            Transfer::as_text()
        }
    }

    const SERVER: Once<Server> =
        Once::new("mariadb", Server::default).fingerprint(|| Ok("1".to_owned()));

    fn run(command: &mut Command) -> Result<String, BoxError> {
        let output = command.output()?;
        if output.status.success() {
            Ok(String::from_utf8(output.stdout)?.trim().to_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into())
        }
    }

    fn execute(socket: &str, sql: &str) -> Result<String, BoxError> {
        let client = ["--no-defaults", "-u", "root", "-N", "-S", socket, "-e", sql];
        run(Command::new("mariadb").args(client))
    }

    #[derive(Default)]
    struct Schema(String, String);

    impl Resource for Schema {
        type Handle = String;

        fn provision(&mut self, test: &Current) -> Result<String, BoxError> {
            let socket = test.get_named::<String>("server").ok_or("no server")?;
            *self = Schema(socket.to_string(), test.namespace().to_string());
            execute(&self.0, &format!("CREATE DATABASE {}", self.1))?;
            Ok(format!("mysql://root@localhost/{}?socket={socket}", self.1))
        }

        fn release(&mut self, _: Outcome) -> Result<(), BoxError> {
            execute(&self.0, &format!("DROP DATABASE {}", self.1)).map(drop)
        }

        fn transfer() -> Transfer<String> {
            Transfer::as_text()
        }
    }

    #[isolated(server = SERVER, namespace, schema = Schema::default())]
    #[test]
    #[ignore = "started by another test"]
    fn stores(server: &str, namespace: &str, schema: &str) {
        assert!(schema.contains(namespace), "{schema}");
        let sql =
            "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); SELECT count(*) FROM t";
        let rows = execute(server, &format!("USE {namespace}; {sql}")).unwrap();
        assert_eq!(rows, "1");
        say(&format!("socket {server}"));
        hold();
    }

    #[isolated(server = SERVER)]
    #[test]
    #[ignore = "started by another test"]
    fn counts_schemas(server: &str) {
        let schemas = execute(server, "SHOW DATABASES LIKE 't%'").unwrap();
        say(&format!("schemas {}", schemas.lines().count()));
    }
}

#[test]
fn each_test_has_a_schema_which_goes_with_it_or_with_the_server() {
    let state = State::new();
    let start = || state.user("stores").start();
    let schemas = || {
        let run = state.user("counts_schemas").run().passed();
        run.said("schemas").unwrap().to_owned()
    };
    let (mut one, mut killed) = (start(), start());
    let socket = one.hear("socket");
    assert_eq!(killed.hear("socket"), socket);
    assert_eq!(schemas(), "2");
    killed.kill();
    let mut next = start();
    assert_eq!(next.hear("socket"), socket);
    next.release();
    assert_eq!(schemas(), "2", "one is in use, one of the killed test");
    one.release();
    state.wait_for_the_end();
    assert_eq!(state.processes(), []);
    assert!(!std::path::Path::new(&socket).exists());
}
