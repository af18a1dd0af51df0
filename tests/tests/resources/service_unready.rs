//! Services that are never ready: the reasons that fail their tests.

use isolated_test_tests::State;

use crate::service::{error, failed, program};

/// The name of this file.
const FILE: &str = "service_unready";

mod inner {
    use std::time::Duration;

    use isolated_test::{Ready, Service, isolated};
    use isolated_test_tests::say;

    use crate::service::inner::service;

    #[isolated(server = service("program_gives_up").ready(Ready::prints("ready")))]
    #[test]
    #[ignore = "started by another test"]
    fn gives_up() {
        say("began");
    }

    #[isolated(server = service("no_program").ready(Ready::prints("ready")))]
    #[test]
    #[ignore = "started by another test"]
    fn goes_to_the_background() {
        say("began");
    }

    #[isolated(
        server = service("program_prints")
            .ready(Ready::prints("something else"))
            .ready_within(Duration::from_millis(100))
    )]
    #[test]
    #[ignore = "started by another test"]
    fn takes_too_long() {
        say("began");
    }

    #[isolated(server = Service::new("/nowhere/no-such-program").ready(Ready::prints("ready")))]
    #[test]
    #[ignore = "started by another test"]
    fn is_missing() {
        say("began");
    }

    #[cfg(unix)]
    #[isolated(server = Service::new("/dev/null").ready(Ready::prints("ready")))]
    #[test]
    #[ignore = "started by another test"]
    fn is_not_executable() {
        say("began");
    }

    #[isolated(server = service("program_prints"))]
    #[test]
    #[ignore = "started by another test"]
    fn means_a_port() {
        say("began");
    }

    #[isolated(port, server = service("program_prints").ready(Ready::listens().on("admin")))]
    #[test]
    #[ignore = "started by another test"]
    fn means_another_port() {
        say("began");
    }
}

/// An error of a service that is not ready.
fn not_provisioned(why: &str) -> String {
    format!("provision the resource `server`: {why}")
}

#[test]
fn only_the_last_lines_of_its_output_are_shown() {
    let said = failed(&State::new(), FILE, "gives_up");
    // libtest prints two lines before the first one.
    let (_, shown) = said
        .split_once("`PROGRAM` has printed 63 lines; the last 40 are:\n    | line 21\n")
        .unwrap_or_else(|| panic!("{said}"));
    let shown = shown.lines().take_while(|line| !line.starts_with("isol"));
    assert_eq!(shown.last(), Some("    | the vault is closed"), "{said}");
    let count = said.lines().filter(|line| line.starts_with("    | "));
    assert_eq!(count.count(), 40, "{said}");
}

#[test]
fn a_program_that_ends_instead_fails_the_test_at_once() {
    let state = State::new();
    assert_eq!(
        error(&state, FILE, "gives_up"),
        not_provisioned("`PROGRAM` ended with exit status: 3 and did not print `ready`")
    );
    assert_eq!(
        error(&state, FILE, "goes_to_the_background"),
        not_provisioned(
            "`PROGRAM` ended with exit status: 0 and did not print `ready`; make it stay in the foreground"
        )
    );
}

#[test]
fn a_program_that_takes_too_long_fails_the_test() {
    let state = State::new();
    let expected = |limit| {
        not_provisioned(&format!(
            "`PROGRAM` did not print `something else` within {limit}; choose another sign with \
             `ready(...)`, or allow more time with `ready_within(...)`"
        ))
    };
    assert_eq!(error(&state, FILE, "takes_too_long"), expected("100ms"));
    let scaled = state
        .inner("takes_too_long")
        .env("ISOLATED_TIMEOUT_SCALE", "2")
        .run()
        .failed();
    let scaled = scaled.errors.replace(&program(), "PROGRAM");
    assert!(scaled.contains(&expected("200ms")), "{scaled}");
}

#[test]
fn a_program_that_cannot_be_run_fails_the_test() {
    let state = State::new();
    for (test, start, way_out) in [
        (
            "is_missing",
            "failed to start `no-such-program`: ",
            "; write its path or install it in `PATH`, and check its working directory",
        ),
        #[cfg(unix)]
        (
            "is_not_executable",
            "failed to start `null`: ",
            "; make it executable",
        ),
    ] {
        let error = error(&state, FILE, test);
        assert!(error.starts_with(&not_provisioned(start)), "{error}");
        assert!(error.ends_with(way_out), "{error}");
    }
}

#[test]
fn a_port_that_the_test_does_not_have_fails_the_test() {
    let state = State::new();
    let admin = "no port `admin` precedes it in the attribute; write `admin = port` before it";
    assert_eq!(
        error(&state, FILE, "means_another_port"),
        not_provisioned(admin)
    );
    let port =
        "resources::service_unready::inner::means_a_port has no port; write `#[isolated(port)]`";
    assert_eq!(error(&state, FILE, "means_a_port"), not_provisioned(port));
}
