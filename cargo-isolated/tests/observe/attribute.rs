//! Tests that `#[isolated]` keeps apart.

use std::fs;
use std::path::Path;

use isolated_test_tests::State;
use tempfile::TempDir;

use crate::{command, findings, observe, package};

/// A package whose tests have attributes.
fn annotated(tests: &str) -> TempDir {
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime");
    let package = package(
        tests,
        &format!("isolated-test = {{ path = '{}' }}", runtime.display()),
    );
    fs::copy(
        runtime.join("../Cargo.lock"),
        package.path().join("Cargo.lock"),
    )
    .expect("the versions of our workspace");
    package
}

#[isolated_test::isolated(serial = "the target directory of observed packages")]
#[test]
fn isolated_resources_are_not_in_conflict() {
    let tests = r#"
        use std::net::TcpListener;
        use isolated_test::{Port, TmpDir, isolated};

        #[isolated(serial = "observed file")]
        #[test]
        fn one() {
            std::fs::write("locked.txt", "1").unwrap();
        }

        #[isolated(serial = "observed file")]
        #[test]
        fn two() {
            std::fs::write("locked.txt", "2").unwrap();
        }

        fn serve(port: &Port, tmpdir: &TmpDir) {
            let _server = TcpListener::bind(port.addr()).unwrap();
            std::net::TcpStream::connect(port.addr()).unwrap();
            std::fs::write(tmpdir.join("a"), "1").unwrap();
        }

        #[isolated(port, tmpdir)]
        #[test]
        fn three(port: Port, tmpdir: &TmpDir) {
            serve(&port, tmpdir);
        }

        #[isolated(port, tmpdir)]
        #[test]
        fn four(port: Port, tmpdir: &TmpDir) {
            serve(&port, tmpdir);
        }

        #[isolated(process)]
        #[test]
        fn five() {
            unsafe { std::env::set_var("OBSERVED", "5") };
            std::env::set_current_dir("/").unwrap();
        }

        #[isolated(process)]
        #[test]
        fn six() {
            unsafe { std::env::set_var("OBSERVED", "6") };
            std::env::set_current_dir("/").unwrap();
        }

        #[isolated(network(or = "serial"))]
        #[test]
        fn seven() {
            TcpListener::bind("127.0.0.1:7319").unwrap();
        }

        #[isolated(network(or = "serial"))]
        #[test]
        fn eight() {
            TcpListener::bind("127.0.0.1:7319").unwrap();
        }

        #[isolated(port(number = 7320))]
        #[test]
        fn nine() {
            TcpListener::bind("127.0.0.1:7320").unwrap();
        }

        #[isolated(port(number = 7320))]
        #[test]
        fn ten() {
            TcpListener::bind("127.0.0.1:7320").unwrap();
        }
    "#;
    let package = annotated(tests);
    let findings = findings(&observe(package.path(), "isolated", &["--json"]));
    let conflicts = findings.conflicts.iter().chain(&findings.between_runs);
    let shared: Vec<_> = conflicts.map(|conflict| &conflict.resource).collect();
    assert!(shared.is_empty(), "{shared:?}");
    assert!(findings.tests.iter().all(|test| test.outcome == "passed"));
    let left: Vec<_> = findings
        .tests
        .iter()
        .flat_map(|test| &test.left_behind)
        .collect();
    assert!(
        left.iter().all(|left| left.ends_with("/locked.txt")),
        "{left:?}"
    );
}

#[isolated_test::isolated(serial = "the target directory of observed packages")]
#[test]
fn a_host_is_neither_left_behind_nor_shared_by_its_users() {
    let tests = r#"
        use std::fs::File;
        use std::io::{Read, Write};
        use std::net::{TcpListener, TcpStream};
        use isolated_test::{BoxError, Current, Once, Outcome, Resource, Transfer, isolated};

        struct Server;

        fn log(word: &str) -> std::io::Result<()> {
            let mut log = File::options().append(true).create(true).open(std::env::var("LOG").unwrap())?;
            log.write_all(format!("{word}\n").as_bytes())
        }

        impl Resource for Server {
            type Handle = String;

            fn provision(&mut self, _: &Current) -> Result<String, BoxError> {
                log("begin")?;
                std::process::Command::new("sh").args(["-c", "echo 1 >> $LOG.child; sleep 1000"]).spawn()?;
                let listener = TcpListener::bind("127.0.0.1:7321")?;
                std::thread::spawn(move || {
                    for mut stream in listener.incoming().flatten() {
                        stream.write_all(b"abc").unwrap();
                    }
                });
                Ok("127.0.0.1:7321".to_owned())
            }

            fn release(&mut self, _: Outcome) -> Result<(), BoxError> {
                Ok(log("end")?)
            }

            fn transfer() -> Transfer<String> {
                Transfer::as_text()
            }
        }

        const SERVER: Once<Server> = Once::new("server", || Server);

        fn ask(server: &str) {
            let mut answer = String::new();
            TcpStream::connect(server).unwrap().read_to_string(&mut answer).unwrap();
            assert_eq!(answer, "abc");
        }

        #[isolated(server = SERVER)]
        #[test]
        fn one(server: &str) {
            ask(server);
        }

        #[isolated(server = SERVER)]
        #[test]
        fn two(server: &str) {
            ask(server);
        }
    "#;
    let package = annotated(tests);
    let state = State::new();
    let log = package.path().join("log");
    let mut command = command(package.path(), "isolated", &["--json"]);
    command
        .env("ISOLATED_DIR", state.path())
        .env("ISOLATED_LINGER", "1h")
        .env("LOG", &log);
    let findings = findings(&command.output().expect("the command"));
    for test in &findings.tests {
        assert_eq!(test.outcome, "passed", "{}", test.name);
        assert_eq!(test.left_behind, [] as [&str; 0], "{}", test.name);
    }
    assert_eq!(findings.tests.len(), 2);
    let conflicts = findings.conflicts.iter().chain(&findings.between_runs);
    let shared: Vec<_> = conflicts.map(|conflict| &conflict.resource).collect();
    assert!(shared.is_empty(), "{shared:?}");
    let log = fs::read_to_string(log).expect("a log");
    assert_eq!(log, "begin\nend\n".repeat(2), "each test has its own host");
    assert_eq!(state.processes(), []);
}
