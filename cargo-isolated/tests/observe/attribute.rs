//! Tests that `#[isolated]` keeps apart.

use std::fs;
use std::path::Path;

use crate::{findings, observe, package};

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
