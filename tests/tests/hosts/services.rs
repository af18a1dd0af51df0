//! Services that tests share, and the handle of one that a test has for itself.

use std::process::Command;

use isolated_test_tests::State;

use crate::common::{Hosts, server_of};

mod inner {
    use isolated_test::{Once, Ready, Served, Service, isolated};
    use isolated_test_tests::hold;
    use isolated_test_tests::programs::program;

    use crate::common::{log, scratch, tell};

    /// Serves on a port until it is ended.
    #[test]
    #[ignore = "a program that another test starts"]
    fn program_serves() {
        log("start");
        println!("the program prints");
        let port: u16 = std::env::var("PORT").unwrap().parse().unwrap();
        crate::common::answer(&std::net::TcpListener::bind(("127.0.0.1", port)).unwrap());
    }

    fn server() -> Served<String> {
        let service = Service::new(std::env::current_exe().unwrap()).with(|command, host| {
            command.args(program("program_serves").get_args());
            command.env("PORT", host.port().to_string());
            command.current_dir(scratch());
        });
        service.handle(|host| host.port().addr().to_string())
    }

    fn broken() -> Served<String> {
        let service = Service::new("false").ready(Ready::prints("ready"));
        service.handle(|host| host.name().to_owned())
    }

    const SERVER: Once<Served<String>> = Once::new("server", server);
    const BROKEN: Once<Served<String>> = Once::new("broken", broken);

    #[isolated(server = SERVER)]
    #[test]
    #[ignore = "started by another test"]
    fn shares(server: &str) {
        tell(server);
        hold();
    }

    #[isolated(process, port, server = server(), env(SERVER = server))]
    #[test]
    #[ignore = "started by another test"]
    fn has_its_own(server: &str) {
        assert_eq!(std::env::var("SERVER").as_deref(), Ok(server));
        tell(server);
    }

    #[isolated(server = SERVER)]
    #[test]
    #[ignore = "started by another test"]
    fn fails(server: &str) {
        tell(server);
        hold();
        panic!("on purpose");
    }

    #[isolated(broken = BROKEN)]
    #[test]
    #[ignore = "started by another test"]
    fn wants_a_broken_one(broken: &str) {
        unreachable!("{broken}");
    }
}

#[test]
fn tests_share_a_service() {
    let state = State::new();
    let mut first = state.user("shares").start();
    let server = server_of(&mut first);
    let mut second = state.user("shares").start();
    assert_eq!(server_of(&mut second), server);
    first.release();
    second.release();
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start");
    assert_eq!(state.processes(), []);
}

#[test]
fn the_handle_of_a_service_reaches_the_process_of_its_test() {
    let state = State::new();
    let _ = state.user("has_its_own").run().passed();
    assert_eq!(state.happened(), "start");
    assert_eq!(state.processes(), []);
}

#[test]
fn a_host_ends_with_its_service_and_its_users_are_told() {
    let state = State::new();
    let mut user = state.user("fails").start();
    let server = server_of(&mut user);
    let sent = Command::new("kill")
        .args(["-KILL", &server.to_string()])
        .status();
    assert!(sent.unwrap().success());
    state.wait_for_the_end();
    user.tell("release");
    let run = user.finish().failed();
    for told in [
        "the host of `server` (pid ",
        " has ended during the test\n",
        "    | the program prints\n",
        " ended with signal: 9 (SIGKILL) during the test",
    ] {
        assert!(run.errors.contains(told), "{told}: {}", run.errors);
    }
    assert_eq!(state.processes(), []);
}

#[test]
fn a_service_that_does_not_start_fails_its_test_with_the_reason() {
    let state = State::new();
    let run = state.user("wants_a_broken_one").run().failed();
    let reason = "the host of `broken` could not start: `false` ended with exit status: 1";
    assert!(run.errors.contains(reason), "{}", run.errors);
    state.wait_for_the_end();
}
