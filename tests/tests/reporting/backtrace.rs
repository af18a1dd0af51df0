//! The backtrace of a panic shows the frames of the test, and none of the runtime.

#![cfg(any(target_os = "linux", windows))]

use isolated_test_tests::State;

mod inner {
    use isolated_test::isolated;
    use rstest::rstest;

    /// A frame of the user that the backtrace must show.
    #[inline(never)]
    fn fails() {
        panic!("on purpose");
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn function() {
        fails();
    }

    #[isolated(seed)]
    #[test]
    #[ignore = "started by another test"]
    fn with_a_resource(seed: u64) {
        let _ = seed;
        fails();
    }

    #[isolated(seed)]
    #[rstest]
    #[case(1)]
    #[ignore = "started by another test"]
    fn with_a_case(#[case] n: u8, seed: u64) {
        let _ = (n, seed);
        fails();
    }

    #[isolated(seed)]
    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "started by another test"]
    async fn asynchronous(seed: u64) {
        tokio::task::yield_now().await;
        let _ = seed;
        fails();
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn in_a_process() {
        fails();
    }

    #[isolated(process, seed)]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn asynchronous_in_a_process(seed: u64) {
        tokio::task::yield_now().await;
        let _ = seed;
        fails();
    }
}

/// Returns the names of the frames that a failed test shows.
fn frames(test: &str) -> Vec<String> {
    let state = State::new();
    let run = state.inner(test).env("RUST_BACKTRACE", "1").run().failed();
    let printed = format!("{}{}", run.errors, run.output);
    let (_, backtrace) = printed.split_once("stack backtrace:").expect("a backtrace");
    let lines = backtrace.lines().skip(1);
    let lines = lines.take_while(|line| line.starts_with(' '));
    let names = lines.filter_map(|line| {
        let (number, name) = line.split_once(": ")?;
        number.trim().parse::<u32>().ok()?;
        Some(name.to_owned())
    });
    names.collect()
}

#[test]
fn shows_the_frames_of_the_test_only() {
    for test in [
        "function",
        "with_a_resource",
        "with_a_case::case_1",
        "asynchronous",
        "in_a_process",
        "asynchronous_in_a_process",
    ] {
        let frames = frames(test);
        let all = frames.join("\n");
        let of_the_test = test.split("::").next().unwrap();
        for frame in [
            "backtrace::inner::fails",
            &format!("backtrace::inner::{of_the_test}"),
        ] {
            assert!(all.contains(frame), "{test} does not show {frame}:\n{all}");
        }
        let is_ours = |frame: &String| frame.contains("isolated_test_core");
        assert_eq!(
            frames.iter().filter(|frame| is_ours(frame)).count(),
            0,
            "{test}:\n{all}"
        );
        assert!(frames.len() <= 8, "{test} shows more than its own:\n{all}");
    }
}
