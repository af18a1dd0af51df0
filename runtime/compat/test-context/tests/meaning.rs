//! The advantages over `test-context`, and the handling of failures.

use std::fmt::Display;

use isolated_test::{Port, TmpDir, current, isolated, try_current};
use test_context::{AsyncTestContext, TestContext, test_context};

#[path = "../../tests/failing.rs"]
mod failing;

fn say(text: impl Display) {
    println!("@{text}");
}

/// A context that logs its setup and teardown.
struct Logged {
    dir: TmpDir,
}

impl TestContext for Logged {
    fn setup() -> Logged {
        say(format_args!("setup of {}", current().name()));
        Logged {
            dir: TmpDir::new().expect("a directory"),
        }
    }

    fn teardown(self) {
        assert!(self.dir.is_dir());
        say(format_args!("teardown of {}", current().name()));
    }
}

#[test_context(Logged)]
#[test]
#[ignore = "started by another test"]
fn passes(context: &Logged) {
    say(context.dir.path().is_dir());
}

#[test_context(Logged)]
#[test]
#[ignore = "started by another test"]
fn panics(context: &Logged) {
    std::fs::write(context.dir.join("note"), "why").expect("a file");
    say(context.dir.display());
    panic!("on purpose");
}

#[test]
fn all_parts_are_in_the_test() {
    let ended = failing::run("passes");
    assert!(ended.passed, "{}", ended.output);
    assert_eq!(
        ended.words(),
        [
            "setup of meaning::passes",
            "true",
            "teardown of meaning::passes"
        ]
    );
}

#[test]
fn a_failed_test_keeps_the_directory_of_its_context() {
    let ended = failing::run_and_keep("panics", "failure");
    ended.failed_with("on purpose");
    let words = ended.words();
    let [_, dir, "teardown of meaning::panics"] = words.as_slice() else {
        panic!("{words:?}");
    };
    assert!(
        ended
            .output
            .contains("isolated-test: meaning::panics failed")
    );
    assert_eq!(
        std::fs::read_to_string(format!("{dir}/note")).expect("the note"),
        "why"
    );
    std::fs::remove_dir_all(dir).expect("it was kept for us");
}

/// A context whose setup fails.
struct Broken;

impl TestContext for Broken {
    fn setup() -> Broken {
        panic!("no setup");
    }

    fn teardown(self) {
        say("teardown");
    }
}

#[test_context(Broken)]
#[test]
#[ignore = "started by another test"]
fn does_not_begin(_broken: &mut Broken) {
    say("body");
}

#[test]
fn a_setup_that_panics_fails_the_test_without_a_teardown() {
    let ended = failing::run("does_not_begin");
    ended.failed_with("no setup");
    assert_eq!(ended.words(), [""; 0]);
}

/// A context whose teardown fails.
struct Leaking;

impl AsyncTestContext for Leaking {
    async fn setup() -> Leaking {
        Leaking
    }

    async fn teardown(self) {
        say("teardown");
        panic!("it leaks");
    }
}

#[test_context(Leaking)]
#[tokio::test]
#[ignore = "started by another test"]
async fn leaks(_leaking: &mut Leaking) {
    panic!("on purpose");
}

#[test]
fn both_panics_are_printed() {
    let ended = failing::run("leaks");
    ended.failed_with("on purpose");
    ended.failed_with("it leaks");
    assert_eq!(ended.words(), ["teardown"]);
}

struct Server {
    port: Port,
}

impl AsyncTestContext for Server {
    async fn setup() -> Server {
        assert!(try_current().is_some());
        Server {
            port: Port::reserve().expect("a port"),
        }
    }

    async fn teardown(self) {
        assert!(try_current().is_some());
    }
}

#[test_context(Server)]
#[tokio::test]
async fn an_asynchronous_context_is_in_the_test(server: &Server) {
    assert!(server.port.listen().is_ok() && try_current().is_some());
}

#[isolated(port)]
#[test_context(Server)]
#[tokio::test]
async fn the_attribute_of_isolated_test_may_stand_above(server: &Server, port: u16) {
    assert_eq!(current().port().number(), port);
    assert_ne!(server.port.number(), port);
}

#[test_context(Server)]
#[isolated(port)]
#[test]
fn the_attribute_of_isolated_test_may_stand_below(port: u16, server: &mut Server) {
    assert_eq!(current().port().number(), port);
    assert_ne!(server.port.number(), port);
}

#[isolated(process, env(MODE = "test"))]
mod of_a_module {
    use super::{Server, current, test_context};

    #[test_context(Server)]
    #[test]
    fn has_what_the_module_adds(server: &mut Server) {
        assert_eq!(std::env::var("MODE").as_deref(), Ok("test"));
        assert_eq!(
            current().name(),
            "meaning::of_a_module::has_what_the_module_adds"
        );
        assert!(server.port.listen().is_ok());
    }
}

/// A test can have several attributes, each with its own context.
#[test_context(Server)]
#[test_context(Logged)]
#[test]
fn two_contexts_make_one_test(server: &mut Server, logged: &Logged) {
    assert!(server.port.listen().is_ok() && logged.dir.is_dir());
    assert_eq!(current().name(), "meaning::two_contexts_make_one_test");
}
