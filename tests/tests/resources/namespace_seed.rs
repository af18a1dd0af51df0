//! `namespace` and `seed`: never the same twice, but reproducible on request.

#![expect(
    clippy::should_panic_without_expect,
    reason = "it is one of the ways to write a test"
)]

use std::collections::HashSet;
use std::process::Command;
use std::sync::Mutex;

use isolated_test::{Namespace, current, isolated};
use isolated_test_tests::{Finished, State};

mod inner {
    use isolated_test::{Namespace, isolated};
    use isolated_test_tests::{listen, say};

    #[isolated(namespace, seed, other = seed)]
    #[test]
    #[ignore = "started by another test"]
    fn says_what_it_got(namespace: &Namespace, seed: u64, other: u64) {
        say(&format!("namespace {namespace}"));
        say(&format!("seeds {seed} {other}"));
        listen("end");
    }

    #[isolated(seed, other = seed)]
    #[test]
    #[ignore = "started by another test"]
    fn fails_with_its_seeds(seed: u64, other: u64) {
        say(&format!("seeds {seed} {other}"));
        panic!("on purpose");
    }

    #[isolated(seed)]
    #[test]
    #[ignore = "started by another test"]
    fn has_a_seed(seed: u64) {
        say(&format!("seed {seed}"));
    }

    #[isolated(seed)]
    #[test]
    #[should_panic]
    #[ignore = "started by another test"]
    fn expects_a_panic(seed: u64) {
        panic!("{seed}");
    }
}

#[isolated(namespace)]
#[test]
fn a_namespace_may_be_a_handle(namespace: Namespace) {
    assert_eq!(namespace.as_str(), &*current().namespace());
    assert_eq!(
        format!("{namespace:>30}|"),
        format!("    {}|", namespace.as_str())
    );
}

#[isolated(namespace)]
#[test]
fn a_namespace_may_be_borrowed(namespace: &Namespace) {
    assert_eq!(*namespace, current().namespace());
}

#[isolated(namespace)]
#[test]
fn a_namespace_may_be_text(namespace: &str) {
    assert_eq!(namespace, current().namespace().as_str());
}

#[isolated(namespace)]
#[test]
fn a_namespace_may_be_owned_text(namespace: String) {
    assert_eq!(namespace, current().namespace().as_str());
}

#[isolated(topic = namespace, bucket = namespace)]
#[test]
fn two_names_are_two_namespaces(topic: &str, bucket: &str) {
    assert_ne!(topic, bucket);
    assert_eq!(
        current().namespace_named("bucket").unwrap().as_str(),
        bucket
    );
}

#[isolated(namespace, tmpdir)]
#[test]
fn a_namespace_is_good_wherever_names_are(namespace: &str, tmpdir: &std::path::Path) {
    assert_eq!(namespace.len(), 26);
    assert!(namespace.starts_with('t'));
    assert!(
        namespace
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    );
    std::fs::write(tmpdir.join(namespace), "").unwrap();
}

static SEEN: Mutex<Vec<(String, u64)>> = Mutex::new(Vec::new());

#[isolated(namespace, seed)]
#[test]
#[ignore = "called by another test"]
fn is_noted(namespace: String, seed: u64) {
    SEEN.lock().unwrap().push((namespace, seed));
}

#[test]
fn tests_of_one_process_get_their_own() {
    let threads: Vec<_> = (0..8)
        .map(|_| std::thread::spawn(|| (0..8).for_each(|_| is_noted())))
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let seen = SEEN.lock().unwrap();
    assert_eq!(
        seen.iter()
            .map(|(namespace, _)| namespace)
            .collect::<HashSet<_>>()
            .len(),
        64
    );
    assert_eq!(
        seen.iter()
            .map(|(_, seed)| seed)
            .collect::<HashSet<_>>()
            .len(),
        64
    );
}

#[test]
fn eight_processes_get_their_own() {
    let state = State::new();
    let mut running: Vec<_> = (0..8)
        .map(|_| state.inner("says_what_it_got").start())
        .collect();
    let namespaces: HashSet<_> = running
        .iter_mut()
        .map(|inner| inner.hear("namespace"))
        .collect();
    let seeds: HashSet<_> = running
        .iter_mut()
        .map(|inner| inner.hear("seeds"))
        .collect();
    assert_eq!((namespaces.len(), seeds.len()), (8, 8));
    for mut inner in running {
        inner.tell("end");
        let _ = inner.finish().passed();
    }
}

fn seeds(run: &Finished) -> &str {
    run.said("seeds").expect("two seeds")
}

#[test]
fn the_variable_sets_the_first_seed_and_the_others_follow() {
    let state = State::new();
    let with = |value: &str| {
        let run = state
            .inner("says_what_it_got")
            .env("ISOLATED_SEED", value)
            .run()
            .passed();
        seeds(&run).to_owned()
    };
    assert_eq!(with("42"), "42 13679457532755275413");
    assert_eq!(with("0x2a"), with("42"));
    assert!(with("18446744073709551615").starts_with("18446744073709551615 "));
    assert_ne!(with(""), with(""), "an empty variable counts as unset");
}

#[test]
fn a_namespace_does_not_follow_the_seed() {
    let state = State::new();
    let names: HashSet<_> = (0..2)
        .map(|_| {
            let run = state
                .inner("says_what_it_got")
                .env("ISOLATED_SEED", "42")
                .run()
                .passed();
            run.said("namespace").unwrap().to_owned()
        })
        .collect();
    assert_eq!(
        names.len(),
        2,
        "what an earlier run left must not be met again"
    );
}

/// Returns the words of the command that a failed test prints.
fn repeat(run: &Finished) -> Vec<String> {
    let line = run
        .errors
        .lines()
        .find_map(|line| line.strip_prefix("    repeat     "));
    let words = line.expect("a command").split(' ').map(str::to_owned);
    let mut words: Vec<_> = words.collect();
    // It is named where it is not that of the compiler.
    if let Some(target) = words.iter().position(|word| word == "--target") {
        words.drain(target..target + 2);
    }
    words
}

#[test]
fn the_printed_command_repeats_the_seeds() {
    let state = State::new();
    let run = state.inner("fails_with_its_seeds").run().failed();
    let words = repeat(&run);
    let (variable, seed) = words[0].split_once('=').unwrap();
    let first = seeds(&run).split(' ').next().unwrap();
    assert_eq!((variable, seed), ("ISOLATED_SEED", first));
    assert_eq!(
        words[1..9],
        [
            "cargo",
            "test",
            "-p",
            "isolated-test-tests",
            "--test",
            "resources",
            "--",
            "--exact"
        ]
        .map(str::to_owned)
    );
    // Cargo passes the words after `--` to the binary.
    let mut inner = state.inner("").env(variable, seed);
    inner = inner.with(|command| {
        let program = command.get_program().to_owned();
        *command = renewed(command, Command::new(program));
        command.args(words[8..].iter().filter(|word| !word.ends_with("ignored")));
        command.args(["--include-ignored", "--nocapture"]);
    });
    let again = inner.run().failed();
    assert_eq!(seeds(&again), seeds(&run));
}

/// Gives a new command the variables and pipes of an old one, but none of its arguments.
fn renewed(old: &Command, mut new: Command) -> Command {
    use std::process::Stdio;

    for (name, value) in old.get_envs() {
        match value {
            Some(value) => new.env(name, value),
            None => new.env_remove(name),
        };
    }
    new.stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    new
}

#[test]
fn the_printed_command_of_an_ignored_test_does_not_ignore_it() {
    let run = State::new().inner("fails_with_its_seeds").run().failed();
    let words = repeat(&run);
    assert!(
        words
            .iter()
            .any(|word| word == "--include-ignored" || word == "--ignored"),
        "`{}` would run no test",
        words.join(" ")
    );
}

#[test]
fn a_bad_seed_fails_the_test_and_says_what_is_expected() {
    let state = State::new();
    for (value, shown) in [
        ("-1", "-1"),
        ("18446744073709551616", "18446744073709551616"),
        ("a\nb", "a\\nb"),
    ] {
        let run = state
            .inner("has_a_seed")
            .env("ISOLATED_SEED", value)
            .run()
            .failed();
        assert_eq!(run.said("seed"), None, "the test does not begin");
        let line = run.errors.lines().next().unwrap();
        assert_eq!(
            line,
            format!(
                "isolated-test: resources::namespace_seed::inner::has_a_seed: failed to read the variable \
                 `ISOLATED_SEED`: found \"{shown}\", expected a whole number below 2^64 such as `42` or \
                 `0x2a`"
            )
        );
    }
}

#[test]
fn a_bad_variable_fails_a_test_that_expects_a_panic_too() {
    for (name, value) in [
        ("ISOLATED_SEED", "x"),
        ("ISOLATED_KEEP", "x"),
        ("ISOLATED_LOCK_TIMEOUT", "0s"),
    ] {
        let run = State::new()
            .inner("expects_a_panic")
            .env(name, value)
            .run()
            .failed();
        let start = format!(
            "isolated-test: resources::namespace_seed::inner::expects_a_panic: failed to read the \
             variable `{name}`: found {value:?}, expected "
        );
        assert!(run.errors.starts_with(&start), "{}", run.errors);
    }
}
