//! Each file has its old or its new text, even after a crash.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use crate::suite::{Suite, conflict, errors, findings, succeeded};

const FILES: usize = 40;

fn path(number: usize) -> String {
    format!("tests/t{number}.rs")
}

/// A file that takes a moment to write.
fn text(number: usize) -> String {
    let filling = "// This is a line of a file that is not short.\n".repeat(2_000);
    format!("#[test]\nfn test_{number}() {{}}\n{filling}")
}

#[test]
fn a_command_that_is_killed_leaves_whole_files() {
    let originals: Vec<_> = (0..FILES)
        .map(|number| (path(number), text(number)))
        .collect();
    let files: Vec<_> = originals
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let suite = Suite::new(&files);
    let names: Vec<_> = (0..FILES).map(|number| format!("test_{number}")).collect();
    let tests: Vec<_> = originals
        .iter()
        .zip(&names)
        .map(|((path, _), name)| (path.as_str(), name.as_str()))
        .collect();
    let all: Vec<_> = (0..FILES).collect();
    let findings = suite.named(&findings(&tests, &[conflict("x", &all, &[], None)]));

    for killed_after in [0, 2, 7, 18, 33] {
        let mut command = suite.start(&["-", "--write"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().expect("the command");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(findings.as_bytes()).expect("findings");
        drop(stdin);
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let wrote = lines
            .map_while(Result::ok)
            .filter(|line| line.starts_with("wrote "));
        assert_eq!(wrote.take(killed_after + 1).count(), killed_after + 1);
        child.kill().expect("the command was running");
        child.wait().expect("the command");

        let mut edited = 0;
        for (number, (path, text)) in originals.iter().enumerate() {
            let found = suite.read(path);
            let whole = format!("#[isolated_test::isolated(serial = \"x\")]\n{text}");
            assert!(
                found == *text || found == whole,
                "test {number} is neither old nor new"
            );
            edited += usize::from(found == whole);
        }
        assert!(
            edited >= killed_after,
            "{edited} files after {killed_after} lines"
        );
        suite.git(&["checkout", "--quiet", "."]);
        suite.git(&["clean", "--quiet", "--force"]);
    }
}

/// The kernel kills the command in the middle of a write, because no file may become that long.
#[test]
fn a_command_that_dies_in_a_write_leaves_whole_files() {
    let long = format!("#[test]\nfn long() {{}}\n{}", "// A line.\n".repeat(50_000));
    let (first, last) = ("#[test]\nfn first() {}\n", "#[test]\nfn last() {}\n");
    let suite = Suite::new(&[
        ("tests/a.rs", first),
        ("tests/b.rs", &long),
        ("tests/c.rs", last),
    ]);
    let tests = [
        ("tests/a.rs", "first"),
        ("tests/b.rs", "long"),
        ("tests/c.rs", "last"),
    ];
    let findings = findings(&tests, &[conflict("x", &[0, 1, 2], &[], None)]);
    suite.write("home/findings.json", &suite.named(&findings));
    let command = suite.start(&["home/findings.json", "--write"]);
    let mut limited = suite.command("sh");
    limited.args(["-c", "ulimit -f 128; exec \"$0\" \"$@\""]);
    limited.arg(command.get_program()).args(command.get_args());
    let output = limited.output().expect("a shell");
    let printed = crate::suite::printed(&output);
    assert_eq!(
        output.status.code(),
        None,
        "a signal ends it: {}",
        errors(&output)
    );
    assert!(
        printed.ends_with("wrote Cargo.toml\nwrote tests/a.rs\n"),
        "{printed}"
    );
    let edited = format!("#[isolated_test::isolated(serial = \"x\")]\n{first}");
    assert_eq!(suite.read("tests/a.rs"), edited);
    assert!(suite.read("tests/b.rs") == long, "it is as it was");
    assert_eq!(suite.read("tests/c.rs"), last);

    let temporary_files = || {
        let entries = fs::read_dir(suite.path("tests")).expect("a directory");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let names = names.map(|name| name.to_string_lossy().into_owned());
        names.filter(|name| name.contains(".adopt-")).count()
    };
    assert_eq!(temporary_files(), 1);
    suite.git(&["checkout", "--quiet", "."]);
    succeeded(&suite.adopt(&findings, &["--write", "--runs", "0"]));
    assert_eq!(temporary_files(), 0);
}

/// This `git` changes a file when the command checks the checkout, after it has read the file.
#[test]
fn a_file_that_changes_meanwhile_is_not_overwritten() {
    use std::os::unix::fs::PermissionsExt;

    let suite = Suite::new(&[
        ("tests/api.rs", "#[test]\nfn adds() {}\n"),
        ("tests/more.rs", "#[test]\nfn more() {}\n"),
    ]);
    let git = "#!/bin/sh\ncase \"$*\" in *ls-files*) echo '// saved' >> tests/api.rs;; esac\nPATH=${PATH#*:}\nexec git \"$@\"\n";
    suite.write("home/bin/git", git);
    fs::set_permissions(
        suite.path("home/bin/git"),
        fs::Permissions::from_mode(0o755),
    )
    .expect("permissions");
    let tests = [("tests/api.rs", "adds"), ("tests/more.rs", "more")];
    let findings = findings(&tests, &[conflict("x", &[0, 1], &[], None)]);
    let output = suite.adopt_with(&findings, &["--write", "--runs", "1"], |command| {
        let path = std::env::var("PATH").unwrap_or_default();
        command.env(
            "PATH",
            format!("{}:{path}", suite.path("home/bin").display()),
        );
    });
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        errors(&output),
        "cargo isolated: could not write `tests/api.rs`, because it changed while this command ran; run it again\n"
    );
    assert_eq!(
        suite.read("tests/api.rs"),
        "#[test]\nfn adds() {}\n// saved\n"
    );
    assert!(
        suite
            .read("tests/more.rs")
            .starts_with("#[isolated_test::isolated(serial = \"x\")]\n")
    );
}

#[test]
fn a_symbolic_link_is_followed() {
    let suite = Suite::new(&[
        ("shared/api.rs", "#[test]\nfn adds() {}\n"),
        ("tests/.keep", ""),
    ]);
    std::os::unix::fs::symlink("../shared/api.rs", suite.path("tests/api.rs")).expect("a link");
    suite.commit();
    let findings = findings(
        &[("tests/api.rs", "adds")],
        &[conflict("x", &[0], &[], None)],
    );
    succeeded(&suite.adopt(&findings, &["--write", "--runs", "1"]));
    assert!(suite.path("tests/api.rs").is_symlink());
    let text = suite.read("shared/api.rs");
    assert_eq!(
        text,
        "#[isolated_test::isolated(serial = \"x\")]\n#[test]\nfn adds() {}\n"
    );
}
