//! Names and handles of all kinds, and how a handle reaches each kind of test.

use isolated_test_tests::State;
use isolated_test_tests::refusal::networks_are_refused;

use crate::common::{Hosts, signal};

mod inner {
    use isolated_test::{BoxError, Current, Once, Resource, Transfer, isolated};
    use rstest::rstest;
    use test_case::test_case;

    use crate::common::{API, tell};

    /// A text.
    struct Text(fn() -> String);

    impl Resource for Text {
        type Handle = String;

        fn provision(&mut self, _: &Current) -> Result<String, BoxError> {
            Ok((self.0)())
        }

        fn transfer() -> Transfer<String> {
            Transfer::as_text()
        }
    }

    fn long() -> String {
        "0123456789abcdef".repeat(65_536)
    }

    const LINES: Once<Text> = Once::new("two lines", || Text(|| "\n1\r\n2\n".to_owned()));
    const EMPTY: Once<Text> = Once::new("Größe 名前:/..", || Text(String::new));
    const LONG: Once<Text> = Once::new("a name of exactly thirty bytes", || Text(long));

    #[isolated(lines = LINES, empty = EMPTY, long = LONG)]
    #[test]
    #[ignore = "started by another test"]
    fn gets_odd_texts(lines: &str, empty: &str, long: String) {
        assert_eq!(lines, "\n1\r\n2\n");
        assert_eq!(empty, "");
        assert_eq!(long, self::long());
    }

    /// A static and a constant with one name are one resource.
    static SAME: fn() -> Once<Text> = || Once::new("two lines", || unreachable!());

    #[isolated(lines = LINES, same = SAME())]
    #[test]
    #[ignore = "started by another test"]
    fn uses_one_twice(lines: &str, same: &str) {
        assert_eq!(lines, same);
    }

    /// A handle that panics when it is written or read.
    struct Broken;

    #[derive(Debug)]
    struct Odd(u8);

    impl Resource for Broken {
        type Handle = Odd;

        fn provision(&mut self, _: &Current) -> Result<Odd, BoxError> {
            Ok(Odd(u8::from(std::env::var_os("BREAK_WRITE").is_some())))
        }

        fn transfer() -> Transfer<Odd> {
            Transfer::with(
                |odd| match odd.0 {
                    0 => "text".to_owned(),
                    _ => panic!("cannot write"),
                },
                |text| panic!("cannot read {text}"),
            )
        }
    }

    const BROKEN: Once<Broken> = Once::new("broken", || Broken);

    #[isolated(broken = BROKEN)]
    #[test]
    #[ignore = "started by another test"]
    fn gets_a_broken_one(broken: &Odd) {
        unreachable!("{broken:?}");
    }

    #[isolated(api = API)]
    #[rstest]
    #[case(1)]
    #[case(2)]
    #[ignore = "started by another test"]
    fn has_cases(#[case] number: u8, api: &str) {
        assert_ne!(number, 0);
        tell(api);
    }

    #[isolated(api = API)]
    #[test_case(1; "one")]
    #[test_case(2; "two")]
    #[ignore = "started by another test"]
    fn has_more_cases(number: u8) {
        assert_ne!(number, 0);
        tell(&isolated_test::current().get::<String>());
    }

    #[isolated(tmpdir, port, api = API, copy = API)]
    #[test]
    #[ignore = "started by another test"]
    fn has_resources_of_its_own(api: &str, copy: &str) {
        assert_eq!(api, copy);
        tell(api);
    }

    #[isolated(network, lines = LINES)]
    #[test]
    #[ignore = "started by another test"]
    fn has_a_network(lines: &str) {
        assert_eq!(lines, "\n1\r\n2\n");
    }
}

#[test]
fn names_and_handles_may_be_any_text() {
    let state = State::new();
    let _ = state.user("gets_odd_texts").run().passed();
    state.wait_for_the_end();
    assert_eq!(state.processes(), []);
}

#[test]
fn a_test_may_use_a_resource_twice() {
    let state = State::new();
    let _ = state.user("uses_one_twice").run().passed();
    state.wait_for_the_end();
}

#[test]
fn a_panic_while_a_handle_is_written_or_read_is_told() {
    for (with, reason) in [
        (
            "BREAK_WRITE",
            "the host of `broken` could not start: cannot write",
        ),
        (
            "OTHER",
            "failed to provision the resource `broken`: cannot read text",
        ),
    ] {
        let state = State::new();
        let run = state.user("gets_a_broken_one").env(with, "yes").run();
        let run = run.failed();
        assert!(run.errors.contains(reason), "{}", run.errors);
        state.wait_for_the_end();
        assert_eq!(state.processes(), []);
    }
}

#[test]
fn tests_of_every_kind_start_a_host_and_use_it() {
    for test in [
        "has_cases::case_1",
        "has_cases::case_2",
        "has_more_cases::test_case_2_two",
        "has_resources_of_its_own",
    ] {
        let state = State::new();
        let mut servers = Vec::new();
        for off in ["", "off"] {
            let user = state.user(test).env("ISOLATED_PROCESS", off);
            let user = user.env("ISOLATED_LINGER", "1h");
            let run = user.run().passed();
            servers.push(run.said("served").unwrap().parse().unwrap());
        }
        assert_eq!(servers[0], servers[1], "{test}");
        signal("-TERM", servers[0]);
        state.wait_for_the_end();
    }
}

#[test]
fn a_handle_reaches_a_test_with_its_own_network() {
    if networks_are_refused() {
        return;
    }
    let state = State::new();
    let _ = state.user("has_a_network").run().passed();
    state.wait_for_the_end();
}
