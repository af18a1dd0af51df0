//! Hosts serve many tests, so they have the clock of the machine and not that of the test that starts
//! them.

use std::time::{SystemTime, UNIX_EPOCH};

use isolated_test_tests::State;

mod inner {
    use std::time::{SystemTime, UNIX_EPOCH};

    use isolated_test::{BoxError, Current, Once, Resource, Transfer, isolated};
    use isolated_test_tests::say;

    struct Time;

    impl Resource for Time {
        type Handle = String;

        fn provision(&mut self, _: &Current) -> Result<String, BoxError> {
            let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
            let libraries = std::env::var_os("LD_PRELOAD");
            Ok(format!("{} {libraries:?}", since.as_secs()))
        }

        fn transfer() -> Transfer<String> {
            Transfer::as_text()
        }
    }

    const TIME: Once<Time> = Once::new("time", || Time);

    #[isolated(time = TIME, clock(at = "2001-01-01", frozen))]
    #[test]
    #[ignore = "started by another test"]
    fn asks_for_the_time(time: &str) {
        say(time);
    }
}

#[test]
fn a_host_has_the_clock_of_the_machine() {
    let now = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs()
    };
    let state = State::new();
    let before = now();
    let inner = state
        .inner("asks_for_the_time")
        .env("ISOLATED_LINGER", "1ms");
    let run = inner.run().passed();
    let line = run.output.lines().find_map(|line| line.strip_prefix('@'));
    let (time, libraries) = line.unwrap().split_once(' ').unwrap();
    assert!((before..=now()).contains(&time.parse().unwrap()), "{time}");
    assert_eq!(libraries, "None");
}
