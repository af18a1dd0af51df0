//! Hosts serve many tests, so they have the clock of the machine and not that of a test that starts
//! them.

use std::env;

use isolated_test::isolated;
use isolated_test_tests::State;

mod inner {
    use std::time::{SystemTime, SystemTimeError, UNIX_EPOCH};

    use isolated_test::{BoxError, Current, Once, Resource, Transfer, isolated};
    use isolated_test_tests::say;

    struct Time;

    fn time() -> Result<String, SystemTimeError> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let libraries = std::env::var_os("LD_PRELOAD").is_some();
        Ok(format!("{} {libraries}", since.as_secs()))
    }

    impl Resource for Time {
        type Handle = String;

        fn provision(&mut self, _: &Current) -> Result<String, BoxError> {
            Ok(time()?)
        }

        fn transfer() -> Transfer<String> {
            Transfer::as_text()
        }
    }

    const TIME: Once<Time> = Once::new("time", || Time);

    #[isolated(host = TIME)]
    #[test]
    #[ignore = "started by another test"]
    fn asks_for_the_time(host: &str) {
        say(&format!("test {}", time().unwrap()));
        say(&format!("host {host}"));
    }
}

/// The program that the test starts has its clock, and starts a host.
#[isolated(clock(at = "2001-01-01", frozen))]
#[test]
fn a_host_has_the_clock_of_the_machine() {
    const RECENT: u64 = 1_700_000_000;

    let state = State::new();
    let inner = state
        .inner("asks_for_the_time")
        .env("ISOLATED_LINGER", "1ms");
    let clock = env::var("ISOLATED_CLOCK").unwrap();
    let run = inner.env("ISOLATED_CLOCK", clock).run().passed();
    let said = |word: &str| {
        let mut lines = run.output.lines();
        lines.find_map(|line| line.strip_prefix(word)).unwrap()
    };
    assert_eq!(said("@test "), "978307200 true");
    let (time, libraries) = said("@host ").split_once(' ').unwrap();
    assert!(time.parse::<u64>().unwrap() > RECENT, "{time}");
    assert_eq!(libraries, "false");
}
