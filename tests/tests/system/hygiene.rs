//! An isolated test leaks no descriptors, and changes no process-wide state.

#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use isolated_test_tests::State;

mod inner {
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use isolated_test::{Port, TmpDir, isolated};
    use isolated_test_tests::say;

    /// Reports what a child of this process inherits, and the process-wide state.
    fn look() {
        let output = Command::new("ls")
            .args(["-l", "/proc/self/fd"])
            .output()
            .unwrap();
        let list = String::from_utf8(output.stdout).unwrap();
        // The numbers are stable, but the names of pipes are not.
        for line in list.lines().filter_map(|line| line.split_once(" -> ")) {
            let (_, number) = line.0.rsplit_once(' ').unwrap();
            let target = line.1.split(':').next().unwrap_or_default();
            let is_of_ls = target.starts_with("/proc/") && target.ends_with("/fd");
            say(&format!(
                "fd {number} {}",
                if is_of_ls { "its own" } else { target }
            ));
        }
        let mut variables: Vec<_> = std::env::vars_os().collect();
        variables.sort();
        for (name, value) in variables {
            if name != "ISOLATED_DIR" {
                say(&format!("variable {name:?} {value:?}"));
            }
        }
        for line in fs::read_to_string("/proc/thread-self/status")
            .unwrap()
            .lines()
        {
            if ["SigIgn", "SigCgt", "SigBlk", "Umask", "NoNewPrivs"]
                .iter()
                .any(|word| line.starts_with(word))
            {
                say(&format!("status {line}"));
            }
        }
        say(&format!(
            "directory {}",
            std::env::current_dir().unwrap().display()
        ));
    }

    #[test]
    #[ignore = "started by another test"]
    fn plain() {
        look();
    }

    #[isolated(
        port, dns = port(udp), both = port(tcp, udp), tmpdir(from = "fixtures/site"), namespace, seed,
        serial = "hygiene", shared = "hygienes", limit("hygienic", 2)
    )]
    #[test]
    #[ignore = "started by another test"]
    fn isolated() {
        look();
    }

    #[isolated(alone)]
    #[test]
    #[ignore = "started by another test"]
    fn isolated_alone() {
        look();
    }

    #[isolated(port(count = 8), tmpdir, serial = ["one", "two"])]
    #[test]
    #[ignore = "started by another test"]
    fn uses_all(port: &[Port], tmpdir: &TmpDir) {
        let _listeners: Vec<_> = port.iter().map(|port| port.listen().unwrap()).collect();
        fs::write(tmpdir.join("file"), "text").unwrap();
        fs::create_dir_all(tmpdir.join("deep/er")).unwrap();
    }

    #[isolated(tmpdir)]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn uses_a_runtime(tmpdir: &Path) -> std::io::Result<()> {
        tokio::task::yield_now().await;
        fs::write(tmpdir.join("file"), "text")
    }

    #[isolated(tmpdir)]
    #[test]
    #[should_panic(expected = "on purpose")]
    #[ignore = "started by another test"]
    fn panics_as_it_should(tmpdir: &Path) {
        fs::write(tmpdir.join("file"), "text").unwrap();
        panic!("on purpose");
    }

    /// Counts the descriptors of this process.
    fn descriptors() -> usize {
        fs::read_dir("/proc/self/fd").unwrap().count()
    }

    #[isolated(port, both = port(tcp, udp), tmpdir, serial = "count", limit("counts", 3), shared = "counted")]
    #[test]
    #[ignore = "called by another test"]
    pub(super) fn comes_and_goes(port: &Port) {
        drop(port.listen().unwrap());
    }

    #[test]
    #[ignore = "started by another test"]
    fn runs_a_hundred_times() {
        comes_and_goes();
        let before = descriptors();
        for _ in 0..100 {
            comes_and_goes();
        }
        assert_eq!(descriptors(), before, "what stays open does not grow");
    }
}

fn lines(test: &str) -> BTreeSet<String> {
    let run = State::new().inner(test).run().passed();
    run.output
        .lines()
        .filter(|line| line.starts_with('@'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_child_inherits_no_descriptor_of_ours_and_the_process_stays_as_it_was() {
    let plain = lines("plain");
    assert!(
        plain.iter().any(|line| line.starts_with("@fd 1 ")),
        "{plain:?}"
    );
    assert!(
        plain.iter().any(|line| line.starts_with("@status SigCgt")),
        "{plain:?}"
    );
    for test in ["isolated", "isolated_alone"] {
        let isolated = lines(test);
        let other: Vec<_> = isolated.symmetric_difference(&plain).collect();
        assert!(other.is_empty(), "{test}: {other:?}");
    }
}

#[test]
fn tests_that_pass_leave_nothing_but_lock_files() {
    let state = State::new();
    for test in [
        "uses_all",
        "uses_a_runtime",
        "panics_as_it_should",
        "isolated",
        "isolated_alone",
    ] {
        let _ = state.inner(test).run().passed();
        assert_eq!(state.runs(), [] as [PathBuf; 0], "{test}");
    }
    assert_eq!(
        fs::read_dir(state.path()).unwrap().count(),
        3,
        "`locks`, `runs` and the marker"
    );
}

#[test]
fn all_tests_of_a_process_together_leave_nothing_but_lock_files() {
    let state = State::new();
    let run = state
        .inner("uses_all")
        .with(|command| {
            command.args([
                "hygiene::inner::uses_a_runtime",
                "hygiene::inner::panics_as_it_should",
                "hygiene::inner::isolated",
            ]);
        })
        .run();
    assert!(
        run.output.contains("4 passed; 0 failed"),
        "{}\n{}",
        run.output,
        run.errors
    );
    assert_eq!(state.runs(), [] as [PathBuf; 0]);
}

#[test]
fn descriptors_do_not_pile_up() {
    let state = State::new();
    let _ = state.inner("runs_a_hundred_times").run().passed();
    assert_eq!(state.runs(), [] as [PathBuf; 0]);
}
