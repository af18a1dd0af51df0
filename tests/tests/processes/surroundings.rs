//! `env` and `cwd`: the environment and working directory of a subprocess. The parent keeps its own.

#![cfg(any(target_os = "linux", windows))]

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use isolated_test::{BoxError, Current, Port, Resource, TmpDir, Transfer, isolated};
use isolated_test_tests::State;
use rstest::rstest;

mod inner {
    use std::env;
    use std::path::Path;

    use isolated_test::{BoxError, Current, Resource, isolated};
    use isolated_test_tests::gate::pass;
    use isolated_test_tests::say;

    #[isolated(env(clear, KEPT = "text", unset(PATH)))]
    #[test]
    #[ignore = "started by another test"]
    fn begins_with_few() {
        for (name, value) in env::vars_os() {
            let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
            say(&format!("variable {name}={value}"));
        }
    }

    #[isolated(env(SHARED = "one"))]
    #[test]
    #[ignore = "started by another test"]
    fn is_one() {
        say(&format!("is {}", env::var("SHARED").unwrap()));
        pass("end");
    }

    #[isolated(env(SHARED = "two"))]
    #[test]
    #[ignore = "started by another test"]
    fn is_two() {
        say(&format!("is {}", env::var("SHARED").unwrap()));
        pass("end");
    }

    #[isolated(env(SHARED = "changed", unset(UNSET)), cwd)]
    #[test]
    #[ignore = "started by another test"]
    fn has_other_surroundings() {
        assert_eq!(env::var("SHARED").unwrap(), "changed");
        assert!(env::var_os("UNSET").is_none());
    }

    #[test]
    #[ignore = "started by another test"]
    fn keeps_its_own() {
        let before: Vec<_> = env::vars_os().collect();
        let dir = env::current_dir().unwrap();
        has_other_surroundings();
        assert_eq!(env::var("UNSET").unwrap(), "set");
        assert_eq!(env::vars_os().collect::<Vec<_>>(), before);
        assert_eq!(env::current_dir().unwrap(), dir);
    }

    #[isolated(env(NUMBER = env::var("NUMBER").unwrap().parse::<u8>().expect("a number")))]
    #[test]
    #[ignore = "started by another test"]
    fn needs_a_number() {
        say("body");
    }

    #[isolated(cwd = Path::new(&panics_with_no_text()))]
    #[test]
    #[should_panic(expected = "on purpose")]
    #[ignore = "started by another test"]
    fn panics_before_it_begins() {
        panic!("on purpose");
    }

    fn panics_with_no_text() -> String {
        std::panic::panic_any(7)
    }

    struct Stays;

    impl Resource for Stays {
        type Handle = u8;

        fn provision(&mut self, _: &Current) -> Result<u8, BoxError> {
            Ok(7)
        }
    }

    #[isolated(stays = Stays, env(STAYS = stays))]
    #[test]
    #[ignore = "started by another test"]
    fn names_what_stays(stays: u8) {
        say(&format!("body {stays}"));
    }
}

/// This file, as reports name it.
const FILE: &str = "processes/surroundings";

/// A text that is no Unicode.
#[cfg(unix)]
fn raw() -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(vec![b'r', 0xff, b'w'])
}

/// A text that is no Unicode.
#[cfg(windows)]
fn raw() -> OsString {
    std::os::windows::ffi::OsStringExt::from_wide(&[0x72, 0xd800, 0x77])
}

/// The working directory, in the spelling in which Windows compares paths.
pub(crate) fn working_dir() -> PathBuf {
    env::current_dir().unwrap().canonicalize().unwrap()
}

fn var(name: &str) -> String {
    env::var(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[isolated(
    env(
        TEXT = "text",
        "odd-name" = String::from("owned"),
        NUMBER = 7_u8,
        SIGNED = -7,
        FLAG = true,
        FRACTION = 0.5,
        LETTER = 'ü',
        EMPTY = "",
        SOME = Some("some"),
        NONE = None::<&str>,
        PATH_TO = Path::new("/a/b"),
        ADDRESS = SocketAddr::from(([127, 0, 0, 1], 80)),
        COW = String::from_utf8_lossy(b"lossy"),
        RAW = raw(),
        TWICE = "first",
        unset(HOME, "PWD", CARGO)
    )
)]
#[test]
fn values_of_many_types() {
    for (name, value) in [
        ("TEXT", "text"),
        ("odd-name", "owned"),
        ("NUMBER", "7"),
        ("SIGNED", "-7"),
        ("FLAG", "true"),
        ("FRACTION", "0.5"),
        ("LETTER", "ü"),
        ("EMPTY", ""),
        ("SOME", "some"),
        ("PATH_TO", "/a/b"),
        ("ADDRESS", "127.0.0.1:80"),
        ("COW", "lossy"),
        ("TWICE", "first"),
    ] {
        assert_eq!(var(name), value, "{name}");
    }
    assert_eq!(env::var_os("RAW").unwrap(), raw());
    assert!(raw().to_str().is_none());
    for name in ["NONE", "HOME", "PWD", "CARGO"] {
        assert!(env::var_os(name).is_none(), "{name}");
    }
    assert!(env::var_os("PATH").is_some());
}

struct Url;

impl Resource for Url {
    type Handle = String;

    fn provision(&mut self, test: &Current) -> Result<String, BoxError> {
        Ok(format!("http://{}", test.port().addr()))
    }

    fn transfer() -> Transfer<String> {
        Transfer::as_text()
    }
}

#[isolated(
    port, several = port(count = 2), tmpdir, namespace, seed, url = Url,
    env(
        PORT = port,
        SECOND = several[1].number(),
        DIR = tmpdir,
        FILE = tmpdir.join("file"),
        NAME = namespace,
        SEED = seed,
        URL = format!("{url}/index"),
        EXISTS = tmpdir.is_dir()
    )
)]
#[test]
fn values_of_resources(
    port: &Port,
    several: [u16; 2],
    tmpdir: TmpDir,
    namespace: &str,
    seed: u64,
    url: &String,
) {
    assert_eq!(var("PORT"), port.number().to_string());
    assert_eq!(var("SECOND"), several[1].to_string());
    assert_eq!(PathBuf::from(var("DIR")), tmpdir.path());
    assert_eq!(PathBuf::from(var("FILE")), tmpdir.join("file"));
    assert_eq!(
        (var("NAME"), var("SEED")),
        (namespace.to_owned(), seed.to_string())
    );
    assert_eq!(var("URL"), format!("http://{}/index", port.addr()));
    assert_eq!(
        (var("URL"), var("EXISTS")),
        (format!("{url}/index"), "true".to_owned())
    );
}

#[isolated(tmpdir, env(MODE = mode, AT = tmpdir.join(&mode)), cwd = tmpdir.path())]
#[rstest]
#[case("fast".to_owned())]
#[case("slow".to_owned())]
#[tokio::test]
async fn values_of_cases(#[case] mode: String, tmpdir: &TmpDir) {
    assert_eq!(var("MODE"), mode);
    assert_eq!(PathBuf::from(var("AT")), tmpdir.join(&mode));
    assert_eq!(working_dir(), tmpdir.canonicalize().unwrap());
}

#[test]
fn a_cleared_environment_has_what_is_documented() {
    let state = State::new();
    let run = state
        .inner("begins_with_few")
        .env("SURPRISE", "of the parent")
        .env("TMPDIR", env::temp_dir())
        .run()
        .passed();
    let lines = run.output.lines();
    let names: BTreeSet<&str> = lines
        .filter_map(|line| Some(line.strip_prefix("@variable ")?.split_once('=')?.0))
        .collect();
    let essential = [
        "TMPDIR",
        "LD_LIBRARY_PATH",
        "LLVM_PROFILE_FILE",
        "RUST_BACKTRACE",
        "RUST_LIB_BACKTRACE",
        "RUST_MIN_STACK",
        "TMP",
        "TEMP",
        "KEPT",
        "SystemRoot",
    ];
    // Wine gives these to every process.
    let is_of_wine = |name: &str| name.starts_with("WINE") || name == "SystemDrive";
    for name in &names {
        assert!(
            essential.contains(name)
                || name.starts_with("ISOLATED_")
                || cfg!(windows) && is_of_wine(name),
            "{name}"
        );
    }
    for name in ["TMPDIR", "RUST_BACKTRACE", "KEPT", "ISOLATED_DIR"] {
        assert!(names.contains(name), "{name}");
    }
}

#[test]
fn two_tests_have_different_values_at_once() {
    let state = State::new();
    let mut end = state.gate("end");
    let (mut one, mut two) = (state.inner("is_one").start(), state.inner("is_two").start());
    assert_eq!(
        (one.hear("is"), two.hear("is")),
        ("one".into(), "two".into())
    );
    end.open();
    end.open();
    let _ = (one.finish().passed(), two.finish().passed());
}

#[test]
fn the_parent_keeps_its_own() {
    let inner = State::new()
        .inner("keeps_its_own")
        .env("UNSET", "set")
        .run();
    let _ = inner.passed();
}

/// Runs a test of a file that fails before its body begins, and expects that it reports the reason.
#[track_caller]
pub(crate) fn refused(file: &str, test: &str, why: &str) -> String {
    let state = State::new();
    let run = state.inner(test).env("NUMBER", "seven").run().failed();
    let report = run.reported(file);
    let name = format!("{}::inner::{test}", file.replace('/', "::"));
    assert!(
        report.starts_with(&format!(
            "isolated-test: {name}: {why}\nisolated-test: {name} failed\n"
        )),
        "{report}"
    );
    assert_eq!(run.said("body"), None);
    run.errors
}

#[test]
fn an_expression_that_panics_fails_the_test() {
    let why = "failed to describe the surroundings of the test: a number: ParseIntError { kind: \
               InvalidDigit }";
    let errors = refused(FILE, "needs_a_number", why);
    assert_eq!(errors.matches("panicked at").count(), 1);
    let why = "failed to describe the surroundings of the test: it panicked";
    refused(FILE, "panics_before_it_begins", why);
}

#[test]
fn a_resource_that_stays_in_the_process_has_no_value_before_it() {
    let state = State::new();
    let run = state.inner("names_what_stays").run().failed();
    assert_eq!(run.said("body"), None);
    let report = run.reported(FILE);
    assert!(
        report.contains("`stays`") && report.contains("`Resource::transfer`"),
        "{report}"
    );
}
