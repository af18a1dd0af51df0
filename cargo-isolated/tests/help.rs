//! Help, completions and manual pages.

use std::fs;
use std::process::{Command, Output, Stdio};

fn run(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-isolated"));
    command
        .args(words)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    command.output().expect("the command")
}

#[track_caller]
fn printed(words: &[&str]) -> String {
    let output = run(words);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The subcommands that the help lists.
fn subcommands() -> Vec<String> {
    let help = printed(&["isolated", "--help"]);
    let (_, list) = help.split_once("\nCommands:\n").expect("a list");
    let (list, _) = list.split_once("\n\n").expect("its end");
    // Further lines of a description are indented by more.
    let names = list.lines().filter(|line| !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_subcommand_is_explained_in_80_columns() {
    let subcommands = subcommands();
    assert!(subcommands.len() >= 8, "{subcommands:?}");
    let mut all = vec![vec!["isolated"]];
    for name in &subcommands {
        all.push(vec!["isolated", name]);
    }
    for words in all {
        for option in ["-h", "--help"] {
            let help = printed(&[&words[..], &[option]].concat());
            for line in help.lines() {
                assert!(line.chars().count() <= 80, "{words:?}: {line}");
            }
            assert!(help.contains("\nExit status:\n"), "{words:?}: {help}");
            let has_example = help.contains("\nExample");
            assert!(has_example || words.len() == 1, "{words:?}: {help}");
        }
    }
}

#[test]
fn a_wrong_argument_has_the_documented_status() {
    let output = run(&["isolated", "status", "--no-such-option"]);
    assert_eq!(output.status.code(), Some(2));
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_error() {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    for words in [&["man"][..], &["completions", "bash"]] {
        let (reader, writer) = UnixStream::pair().expect("a pair of sockets");
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-isolated"));
        command.args(words).stdout(OwnedFd::from(writer));
        let output = command.stderr(Stdio::piped()).spawn().expect("the command");
        let output = output.wait_with_output().expect("its end");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && errors.is_empty(), "{errors}");
    }
}

#[test]
fn every_shell_gets_a_script_about_every_subcommand() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = printed(&["isolated", "completions", shell]);
        for name in subcommands() {
            assert!(script.contains(&name), "{shell}: {name}");
        }
    }
    assert_eq!(run(&["completions", "csh"]).status.code(), Some(2));
}

/// Bash completes both ways to call the command, and everything else as before.
#[cfg(target_os = "linux")]
#[test]
fn bash_completes_below_cargo() {
    let script = printed(&["isolated", "completions", "bash"]);
    let asked = "
_cargo() { COMPREPLY=(\"from cargo: $*\"); }
complete -F _cargo cargo
source /dev/stdin
source <(printf '%s' \"$script\")
ask() {
    COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
    local function
    function=$(complete -p \"$1\" | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
    \"$function\" \"$1\" \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD - 1]}\"
    echo \"${COMPREPLY[*]}\"
}
ask cargo-isolated stat
ask cargo isolated stat
ask cargo isolated status --wa
ask cargo isolated clean --
ask cargo isolated clean
ask cargo bui
";
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", asked])
        .env("script", script)
        .stdin(Stdio::null());
    let output = bash.output().expect("bash");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "status\nstatus\n--watch\n--dry-run --all --help\nclean\nfrom cargo: cargo bui cargo\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn there_is_a_manual_page_for_every_subcommand() {
    let page = printed(&["isolated", "man"]);
    assert!(page.contains(".TH cargo-isolated 1"), "{page}");
    let dir = tempfile::tempdir().expect("a directory");
    let pages = dir.path().join("new/man1");
    let words = ["isolated", "man", "--dir", pages.to_str().expect("UTF-8")];
    assert_eq!(printed(&words), "");
    let mut expected: Vec<_> = subcommands();
    expected = expected
        .iter()
        .map(|name| format!("cargo-isolated-{name}.1"))
        .collect();
    expected.push("cargo-isolated.1".to_owned());
    expected.sort();
    let entries = fs::read_dir(&pages).expect("a list").flatten();
    let mut found: Vec<_> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    assert_eq!(found, expected);
    let clean = fs::read_to_string(pages.join("cargo-isolated-clean.1")).expect("a page");
    assert!(clean.contains("Exit status"), "{clean}");
}
