//! The output of a test in a subprocess: the runner of the parent shows it as if the test had run
//! there.

#![cfg(any(target_os = "linux", windows))]

use isolated_test_tests::{Finished, State};

mod inner {
    use std::io::Write;
    use std::process::Command;

    use isolated_test::{BoxError, Current, Resource, isolated};
    use isolated_test_tests::{ends, print};

    /// Prints to both streams in turn, in every possible way.
    fn talk() {
        println!("one");
        eprintln!("two");
        print!("three, ");
        println!("still three");
        let mut program = if cfg!(windows) {
            Command::new("cmd")
        } else {
            Command::new("sh")
        };
        if cfg!(windows) {
            program.args(["/c", "echo four&echo five>&2"])
        } else {
            program.args(["-c", "echo four; echo five >&2"])
        };
        program.status().unwrap();
        print::in_c(c"six");
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn talks() {
        talk();
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn talks_and_fails() {
        talk();
        panic!("seven");
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn is_silent() {}

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn is_silent_and_fails() -> std::process::ExitCode {
        std::process::ExitCode::FAILURE
    }

    struct Broken;

    impl Resource for Broken {
        type Handle = ();

        fn provision(&mut self, _: &Current) -> Result<(), BoxError> {
            println!("from the resource");
            Err("on purpose".into())
        }
    }

    #[isolated(process, broken = Broken)]
    #[test]
    #[ignore = "started by another test"]
    fn cannot_begin() {}

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn dies_in_the_middle_of_a_line() {
        print!("the beginning");
        std::io::stdout().flush().unwrap();
        std::process::abort();
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn exits_with_output_in_buffers() {
        print::in_c(c"of C");
        print!("of Rust");
        std::process::exit(3);
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn writes_a_byte_at_a_time() {
        for byte in "größer als €, 𝄞".bytes() {
            print::write(1, &[byte]).unwrap();
            // The parent has read the byte by then, or reads several at once; both must work.
            std::thread::yield_now();
        }
        print::write(1, b"\n\xff\xfe.\n\xe2\x82").unwrap();
        std::process::abort();
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn writes_a_lot_and_fails() {
        for number in 0..20_000 {
            println!("line {number} of a text that is one megabyte long in all");
        }
        panic!("on purpose");
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn leaves_one_with_its_output_open() {
        println!("first");
        let left = Command::new(env!("CARGO_BIN_EXE_stays")).spawn();
        println!("last before {}", left.unwrap().id());
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn prints_in_a_thread() {
        let thread = std::thread::spawn(|| println!("in a thread"));
        thread.join().unwrap();
        panic!("on purpose");
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn closes_its_output() {
        println!("before");
        ends::close_everything();
    }

    #[isolated(process)]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn is_asynchronous_and_fails() {
        println!("one");
        tokio::task::yield_now().await;
        eprintln!("two");
        panic!("three");
    }
}

/// Returns what libtest shows of a failed test, without the additions of the runtime and without
/// what differs between runs.
fn block(run: &Finished, test: &str) -> String {
    let start = format!("---- output::inner::{test} stdout ----\n");
    let rest = run.output.split_once(&start).unwrap_or_else(|| {
        panic!("{}\n{}", run.output, run.errors);
    });
    let block = rest.1.split("isolated-test: ").next().unwrap();
    let mut shown = String::new();
    for line in block.lines().filter(|line| !line.is_empty()) {
        // Newer compilers print the number of the thread before this.
        let line = line.split(" panicked at ").next().unwrap();
        let line = line.split(" (").next().unwrap();
        if !line.starts_with("note: ") {
            shown.push_str(line);
            shown.push('\n');
        }
    }
    shown
}

/// Expects these lines in this order. On Windows, where the streams are two pipes, each stream has its
/// own order.
#[track_caller]
fn assert_in_order(shown: &str, expected: &str) {
    let is_error = |line: &&str| {
        let errors = ["two", "five", "seven", "three"];
        errors.contains(line) || line.starts_with("thread ")
    };
    let by_stream = |text| -> (Vec<_>, Vec<_>) { str::lines(text).partition(is_error) };
    if cfg!(windows) {
        assert_eq!(by_stream(shown), by_stream(expected));
    } else {
        assert_eq!(shown, expected);
    }
}

fn captured(test: &str) -> Finished {
    State::new().inner(test).captured().run()
}

#[test]
fn a_test_that_passes_shows_nothing() {
    for test in ["talks", "is_silent"] {
        let run = captured(test).passed();
        assert_eq!(run.errors, "");
        let lines: Vec<_> = run.output.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), 3, "{}", run.output);
        assert_eq!(lines[0], "running 1 test");
        assert_eq!(lines[1], format!("test output::inner::{test} ... ok"));
        assert!(
            lines[2].starts_with("test result: ok. 1 passed"),
            "{}",
            run.output
        );
    }
}

#[test]
fn a_test_that_fails_shows_both_streams_in_order() {
    let run = captured("talks_and_fails").failed();
    assert_eq!(run.errors, "");
    assert_in_order(
        &block(&run, "talks_and_fails"),
        "one
two
three, still three
four
five
thread 'output::inner::talks_and_fails'
seven
six
",
    );
    let run = captured("is_asynchronous_and_fails").failed();
    assert_in_order(
        &block(&run, "is_asynchronous_and_fails"),
        "one\ntwo\nthread 'output::inner::is_asynchronous_and_fails'\nthree\n",
    );
}

#[test]
fn the_runner_of_the_process_is_never_heard() {
    for (test, said) in [
        ("is_silent_and_fails", ""),
        ("cannot_begin", "from the resource\n"),
    ] {
        let run = captured(test).failed();
        assert_eq!(block(&run, test), said);
        for (text, times) in [
            ("running 1 test", 1),
            ("test result: ", 1),
            ("failures:", 2),
        ] {
            assert_eq!(run.output.matches(text).count(), times, "{}", run.output);
        }
    }
}

#[test]
fn what_was_printed_before_a_sudden_end_is_shown() {
    let run = captured("dies_in_the_middle_of_a_line").failed();
    assert_eq!(
        block(&run, "dies_in_the_middle_of_a_line"),
        "the beginning\n"
    );
    let run = captured("exits_with_output_in_buffers").failed();
    let text = block(&run, "exits_with_output_in_buffers");
    assert!(text.contains("of Rust") && text.contains("of C"), "{text}");
}

#[test]
fn characters_arrive_whole() {
    let run = captured("writes_a_byte_at_a_time").failed();
    assert_eq!(
        block(&run, "writes_a_byte_at_a_time"),
        "größer als €, 𝄞\n\u{fffd}\u{fffd}.\n\u{fffd}\n"
    );
}

#[test]
fn a_long_text_arrives_whole() {
    let run = captured("writes_a_lot_and_fails").failed();
    let text = block(&run, "writes_a_lot_and_fails");
    let lines = text.lines().filter(|line| line.starts_with("line "));
    let is_in_order =
        |(number, line): (usize, &str)| line.starts_with(&format!("line {number} of "));
    assert_eq!(lines.clone().count(), 20_000);
    assert!(lines.enumerate().all(is_in_order));
}

#[test]
fn threads_print_into_the_same() {
    let run = captured("prints_in_a_thread").failed();
    let text = block(&run, "prints_in_a_thread");
    assert!(text.starts_with("in a thread\n"), "{text}");
}

#[test]
fn somebody_who_keeps_the_output_open_is_not_waited_for() {
    let state = State::new();
    let run = state
        .inner("leaves_one_with_its_output_open")
        .captured()
        .run()
        .passed();
    assert_eq!(run.errors.lines().count(), 1, "{}", run.errors);
    let run = captured("closes_its_output").failed();
    assert_eq!(block(&run, "closes_its_output"), "before\n");
}

#[test]
fn without_capture_it_comes_as_it_is_written() {
    let run = State::new().inner("talks").run().passed();
    assert_eq!(run.errors, "two\nfive\n");
    let output: Vec<_> = run.output.lines().filter(|line| !line.is_empty()).collect();
    // The runner leaves its own line unfinished.
    let begin = output[1].split_once("... ").unwrap().1;
    assert_eq!(begin, "one", "{}", run.output);
    assert_eq!(output[2..4], ["three, still three", "four"]);
    assert!(output[4].starts_with("six"), "{}", run.output);
    assert_eq!(run.output.matches("running 1 test").count(), 1);
}
