//! `cargo isolated groups`: what it prints, and that nextest understands it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use self::undisturbed::undisturb;
use self::written::{Lines, START, Written};

mod undisturbed;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../src/trace/tests/written.rs"]
mod written;

fn run(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-isolated"));
    command.args(["isolated", "groups"]).args(words);
    command.output().unwrap()
}

/// The groups for a trace.
fn groups(written: &Written) -> String {
    let output = run(&["--trace", written.path().to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A process that ran one test, which held locks.
fn process(pid: u32, binary: Option<&str>, name: &str, locks: &[&str]) -> Lines {
    let binary = binary.map_or(String::new(), |id| format!(",\"binary\":\"{id}\""));
    let header = format!(
        "{{\"t\":{START},\"e\":\"process\",\"version\":1,\"pid\":{pid},\"program\":\"/deps/x\"{binary}}}\n"
    );
    let mut lines = Lines::default().raw(&header).test(0, 1, name);
    for lock in ["test"].iter().chain(locks) {
        let (want, limit) = match lock.split_once('=') {
            Some((want, limit)) => (want, format!(",\"limit\":{limit}")),
            None => (*lock, String::new()),
        };
        let want = want.replace('\t', "\\u0009");
        lines = lines.say(1, "held", 1, &format!("\"want\":\"{want}\"{limit}"));
    }
    lines.body(2, 9, 1, "passed")
}

/// Two binaries whose tests hold keys of all kinds.
fn suite() -> Written {
    let lib = |pid, name, locks: &[&str]| process(pid, Some("shop"), name, locks);
    let api = |pid, name, locks: &[&str]| process(pid, Some("shop::my-api"), name, locks);
    let guard = "\"want\":\"serial db\"";
    let within = Lines::default()
        .raw(&format!(
            "{{\"t\":{START},\"e\":\"process\",\"version\":1,\"pid\":30,\"program\":\"/deps/x\",\
             \"binary\":\"shop\"}}\n"
        ))
        .test(0, 1, "shop::own::migrates")
        .say(1, "body", 1, "")
        .say(
            2,
            "guard",
            2,
            "\"test\":\"shop::own::migrates\",\"thread\":\"t\",\"number\":1",
        )
        .say(3, "held", 2, guard)
        .say(4, "free", 2, guard)
        .body(5, 9, 1, "passed");
    let waits = Lines::default()
        .raw(&format!(
            "{{\"t\":{START},\"e\":\"process\",\"version\":1,\"pid\":31,\"program\":\"/deps/x\",\
             \"binary\":\"shop\"}}\n"
        ))
        .test(0, 1, "shop::own::adds")
        .wait(0, 1_500, 1, "serial db", "shop::own::lists")
        .body(1_500, 1_600, 1, "passed");
    Written::new([
        waits,
        within,
        lib(1, "shop::own::lists", &["serial db"]),
        lib(2, "shop::own::pays", &["serial card", "serial db"]),
        lib(3, "shop::own::refunds", &["serial card"]),
        lib(4, "shop::own::reads", &["shared db"]),
        lib(5, "shop::a", &["pool api\tshop=2"]),
        lib(6, "shop::b", &["pool api\tshop=2"]),
        lib(7, "shop::c", &["pool api\tshop=2"]),
        lib(8, "shop::few", &["limit pool=2"]),
        lib(9, "shop::measures", &["alone"]),
        api(10, "my_api::asks", &["serial db"]),
        api(11, "my_api::binds", &["port 8080"]),
        api(12, "my_api::binds_again", &["port 8080"]),
        api(13, "my_api::plain", &[]),
    ])
}

const EXPECTED: &str = r#"# Test groups for the keys of 15 isolated tests, by `cargo isolated groups`.
# They keep slots of nextest free; the keys still exclude tests of other runs. A
# test that is missing here waits in its slot, so run the command again when
# tests were added or renamed.

[test-groups]
# "db": 4 tests, 1.50ms of waiting
db = { max-threads = 1 }
# "api" of "shop": 3 tests, 0µs of waiting
api-shop = { max-threads = 2 }
# port 8080: 2 tests, 0µs of waiting
port-8080 = { max-threads = 1 }

[[profile.default.overrides]]
filter = '''
binary_id(=shop) & (
    test(=own::adds)
    | test(=own::lists)
    | test(=own::pays)
)
| binary_id(=shop::my-api) & (
    test(=asks)
)
'''
test-group = "db"

[[profile.default.overrides]]
filter = '''
binary_id(=shop) & (
    test(=a)
    | test(=b)
    | test(=c)
)
'''
test-group = "api-shop"

[[profile.default.overrides]]
filter = '''
binary_id(=shop::my-api) & (
    test(=binds)
    | test(=binds_again)
)
'''
test-group = "port-8080"

[[profile.default.overrides]]
filter = '''
binary_id(=shop) & (
    test(=measures)
)
'''
threads-required = "num-test-threads" # `alone`

# What these groups cannot say:
# - "card": 1 of 2 tests is in `db`, because a test can be in one group only
# - "db": no group for 1 test with `shared`, because nextest has no equivalent
# - "db": no group for 1 test with a lock in the body, because they hold it for
#   a part of their time only
"#;

#[test]
fn each_test_is_in_the_group_of_its_largest_key() {
    assert_eq!(groups(&suite()), EXPECTED);
}

#[test]
fn keys_that_need_no_group_get_none() {
    let written = Written::new([
        process(1, Some("shop"), "shop::a", &["serial a"]),
        process(2, Some("shop"), "shop::b", &["limit b=2"]),
        process(3, Some("shop"), "shop::c", &["internal serial c"]),
        process(4, Some("shop"), "shop::d", &["internal serial c"]),
    ]);
    assert_eq!(
        groups(&written),
        "# No key of 4 isolated tests needs a test group.\n"
    );
}

#[test]
fn without_nextest_and_its_names_the_crate_is_the_binary() {
    let of = |pid, name| process(pid, None, name, &["serial 1 \u{e4}'s)"]);
    let text = groups(&Written::new([
        of(1, "my_api::a, (b)"),
        of(2, "my_api::it's"),
    ]));
    let group = "\nkey-1---s = { max-threads = 1 }\n";
    let filter = "\nbinary(#my[-_]api) & (\n    test(=a\\, (b\\))\n    | test(=it\\u{27}s)\n)\n";
    assert!(text.contains(group) && text.contains(filter), "{text}");
}

#[test]
fn a_trace_without_the_number_of_a_limit_makes_no_group_of_it() {
    let of = |pid, name| process(pid, Some("shop"), name, &["limit api"]);
    let text = groups(&Written::new([of(1, "shop::a"), of(2, "shop::b")]));
    assert!(text.starts_with("# No key of 2 "), "{text}");
    assert!(
        text.contains("`limit`, because the trace of an older"),
        "{text}"
    );
}

#[test]
fn a_suite_without_isolated_tests_is_an_error() {
    let output = run(&["--trace", "/no/such/trace"]);
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors.contains("no directory `/no/such/trace`; "),
        "{errors}"
    );
}

/// Runs a subcommand of nextest, or prints that the test is skipped.
fn nextest(dir: &Path, words: &[&str]) -> Option<Output> {
    let mut command = Command::new("cargo");
    command.arg("nextest").args(words).current_dir(dir);
    undisturb(&mut command);
    let output = command.output().unwrap();
    if String::from_utf8_lossy(&output.stderr).contains("no such command") {
        eprintln!("skipped: nextest is not installed");
        return None;
    }
    Some(output)
}

/// A package with the tests of the suite, which do nothing.
fn package(config: &str) -> TempDir {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let tests = |names: &[&str]| -> String {
        let tests = names
            .iter()
            .map(|name| format!("#[test] fn {name}() {{}}\n"));
        tests.collect()
    };
    let own = tests(&["adds", "lists", "pays", "refunds", "reads", "migrates"]);
    let lib = tests(&["a", "b", "c", "few", "measures"]);
    let manifest = "[package]\nname = 'shop'\nedition = '2021'\n[workspace]\n";
    for (file, text) in [
        ("Cargo.toml", manifest.to_owned()),
        (
            "src/lib.rs",
            format!("{lib}#[cfg(test)]\nmod own {{\n{own}}}\n"),
        ),
        (
            "tests/my-api.rs",
            tests(&["asks", "binds", "binds_again", "plain"]),
        ),
        (".config/nextest.toml", config.to_owned()),
    ] {
        fs::create_dir_all(dir.path().join(file).parent().unwrap()).unwrap();
        fs::write(dir.path().join(file), text).unwrap();
    }
    dir
}

#[test]
fn another_workspace_can_be_named() {
    let dir = package("");
    if nextest(dir.path(), &["--version"]).is_none() {
        return;
    }
    // There is no workspace.
    let elsewhere = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-isolated"));
    command.args(["isolated", "groups", "--", "--manifest-path"]);
    command.arg(dir.path().join("Cargo.toml"));
    undisturb(&mut command);
    let output = command.current_dir(elsewhere.path()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("no isolated test has run; "), "{errors}");
    let traces = dir.path().join("target/isolated/trace");
    assert!(traces.is_dir(), "the trace was in its target directory");
}

#[test]
fn nextest_puts_the_tests_into_the_groups() {
    let dir = package(&groups(&suite()));
    let Some(output) = nextest(dir.path(), &["show-config", "test-groups"]) else {
        return;
    };
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    // Which filter puts the tests there does not matter.
    let is_filter = |line: &&str| line.trim_start().starts_with("* override");
    let text: Vec<_> = text.lines().filter(|line| !is_filter(line)).collect();
    let expected = "\
group: api-shop (max threads = 2)
      shop:
          a
          b
          c
group: db (max threads = 1)
      shop:
          own::adds
          own::lists
          own::pays
      shop::my-api:
          asks
group: port-8080 (max threads = 1)
      shop::my-api:
          binds
          binds_again";
    assert_eq!(text.join("\n"), expected);
}

/// Both the filter of a trace that nextest did not make, and the tests that need all threads.
#[test]
fn nextest_runs_the_tests_with_either_form_of_a_filter() {
    let of = |pid, name, lock: &str| process(pid, None, name, &[lock]);
    let config = groups(&Written::new([
        of(1, "my_api::asks", "serial db"),
        of(2, "my_api::plain", "serial db"),
        of(3, "shop::measures", "alone"),
    ]));
    let dir = package(&config);
    let Some(output) = nextest(dir.path(), &["show-config", "test-groups"]) else {
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let tests = "      shop::my-api:\n          asks\n          plain\n";
    assert!(text.contains(tests), "{output:?}");
    let output = nextest(dir.path(), &["run"]).unwrap();
    assert!(output.status.success(), "{output:?}");
}
