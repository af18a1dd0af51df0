//! How long a host stays after a failed test, for people to look at what the test has left there.

use std::process::Command;

use isolated_test_tests::State;

use crate::common::{Hosts, server_of};

mod inner {
    use std::time::Duration;

    use isolated_test::{Once, isolated};
    use isolated_test_tests::hold;

    use crate::common::{API, Api, tell};

    const PATIENT: Once<Api> = API.linger_after_failure(Duration::from_secs(3_600));

    #[isolated(api = PATIENT)]
    #[test]
    #[ignore = "started by another test"]
    fn fails(api: &str) {
        tell(api);
        panic!("on purpose");
    }

    #[isolated(api = PATIENT)]
    #[test]
    #[ignore = "started by another test"]
    fn passes(api: &str) {
        tell(api);
        hold();
    }
}

#[test]
fn a_host_stays_after_a_failed_test() {
    let state = State::new();
    // Without the failure, the host would end long before the next process has started.
    let mut user = state.user("fails").env("ISOLATED_LINGER", "1ms").start();
    let server = server_of(&mut user);
    let _ = user.finish().failed();
    let mut next = state.user("passes").start();
    assert_eq!(server_of(&mut next), server);
    next.release();
    let asked = Command::new("kill").arg(server.to_string()).status();
    assert!(asked.unwrap().success());
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start end");
}

#[test]
fn a_host_does_not_stay_if_nothing_failed_or_is_kept() {
    let state = State::new();
    let mut user = state.user("passes").start();
    server_of(&mut user);
    user.release();
    state.wait_for_the_end();
    let _ = state
        .user("fails")
        .env("ISOLATED_KEEP", "never")
        .run()
        .failed();
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start end start end");
}
