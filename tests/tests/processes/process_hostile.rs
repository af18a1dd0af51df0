//! Tests in subprocesses while the rest of the process, or its starter, does something that they
//! cannot know of.

#![cfg(target_os = "linux")]

use std::path::Path;

use isolated_test_tests::hostile::{
    inherited_pipes, memory_can_be_shared, run_by, with_ignored_children, without_devices,
};
use isolated_test_tests::refusal::networks_are_refused;
use isolated_test_tests::{State, is_root};

mod inner {
    use std::os::unix::process::{CommandExt, parent_id};
    use std::process::Command;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use isolated_test::isolated;
    use isolated_test_tests::{ends, hostile, listen, say};

    /// Whether this process ignores `SIGCHLD`.
    fn ignores_children() -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let set = u64::from_str_radix(line.unwrap().trim(), 16).unwrap();
        // `SIGCHLD` is signal 17.
        set & (1 << 16) != 0
    }

    #[isolated(process, env(VALUE = 1))]
    #[test]
    #[ignore = "started by another test"]
    pub(super) fn passes() {
        assert_eq!(std::env::var("VALUE").unwrap(), "1");
        let name = std::fs::read_to_string("/proc/self/comm").unwrap();
        say(&format!("is called {}", name.trim()));
        say(&format!("ignores children {}", ignores_children()));
        say(&format!("pipes {}", hostile::inherited_pipes()));
        println!("printed");
    }

    fn is_described() -> bool {
        say("described");
        true
    }

    /// Executes this program again, as a tool does that replaces program names.
    #[isolated(process, env(DESCRIBED = is_described()))]
    #[test]
    #[ignore = "started by another test"]
    fn loses_its_mark() {
        let arguments = std::env::args_os().skip(1);
        let mut itself = Command::new(std::env::current_exe().unwrap());
        panic!("{}", itself.args(arguments).exec());
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn exits_with_three() {
        std::process::exit(3);
    }

    #[isolated(network(or = "skip"))]
    #[test]
    #[ignore = "started by another test"]
    fn has_a_network() {
        std::net::TcpListener::bind("127.0.0.1:80").unwrap();
        say("network");
    }

    #[test]
    #[ignore = "started by another test"]
    fn ignores_its_children() {
        hostile::ignore_children();
        passes();
    }

    #[isolated(process)]
    #[test]
    #[ignore = "called by another test"]
    fn is_one_of_many() {}

    /// Number of tests that run beside code that reaps all children.
    const MANY: usize = 200;

    #[test]
    #[ignore = "started by another test"]
    fn collects_all_children() {
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| hostile::collect_all_children(&stop));
            let many = scope.spawn(|| (0..MANY).for_each(|_| is_one_of_many()));
            let ended = many.join();
            stop.store(true, Ordering::Relaxed);
            ended.unwrap();
        });
    }

    #[isolated(process, env(PARENT = std::process::id()))]
    #[test]
    #[ignore = "started by another test"]
    fn compares_the_memory_of_those_above() {
        let parent = std::env::var("PARENT").unwrap().parse().unwrap();
        match hostile::share_memory(parent, parent_id()) {
            Ok(share) => say(&format!("share memory {share}")),
            Err(error) => say(&format!("nobody knows {error}")),
        }
    }

    #[isolated(process)]
    #[test]
    #[ignore = "called by another test"]
    fn leaves_a_daemon_and_stays() {
        if ends::become_daemon().unwrap() {
            ends::ignore_requests_to_end();
            ends::stay();
        }
        say("there");
        ends::stay();
    }

    #[test]
    #[ignore = "started by another test"]
    fn aborts_beside_a_test() {
        thread::spawn(leaves_a_daemon_and_stays);
        listen("end");
        std::process::abort();
    }
}

#[test]
fn a_parent_that_inherits_ignored_children() {
    let state = State::new();
    let run = state.inner("passes").with(with_ignored_children).run();
    assert_eq!(run.passed().said("ignores children"), Some("true"));
    let network = state.inner("has_a_network").with(with_ignored_children);
    let _ = network.run().passed();
    let failed = state.inner("exits_with_three").with(with_ignored_children);
    let failed = failed.run().failed();
    assert!(
        failed.errors.contains("exited with status 3"),
        "{}",
        failed.errors
    );
}

#[test]
fn a_parent_that_ignores_its_children() {
    let run = State::new().inner("ignores_its_children").run().passed();
    assert_eq!(run.said("ignores children"), Some("true"));
    let usual = State::new().inner("passes").run().passed();
    assert_eq!(usual.said("ignores children"), Some("false"));
}

#[test]
fn a_neighbour_that_collects_all_children() {
    let _ = State::new().inner("collects_all_children").run().passed();
}

#[test]
fn the_supervisor_does_not_copy_the_memory_of_the_parent() {
    if !memory_can_be_shared() {
        println!("skipped: memory is not shared with a supervisor here");
        return;
    }
    let test = "compares_the_memory_of_those_above";
    let run = State::new().inner(test).run().passed();
    if let Some(why) = run.said("nobody knows") {
        println!("skipped: the system compares no processes: {why}");
        return;
    }
    assert_eq!(run.said("share memory"), Some("true"));
}

#[test]
fn a_process_that_has_lost_its_mark_starts_no_other() {
    let state = State::new();
    let run = state.inner("loses_its_mark").run().failed();
    let refusal = "isolated-test: processes::process_hostile::inner::loses_its_mark: failed to start the \
                   process of the test: this is the process of a test already, but something has \
                   replaced the name by which it was started; set `ISOLATED_PROCESS=off` there\n";
    assert!(run.errors.starts_with(refusal), "{}", run.errors);
    // The test is refused before anything is made for it.
    assert_eq!(
        run.output.matches("@described").count(),
        1,
        "{}",
        run.output
    );
}

#[test]
fn a_parent_that_aborts_leaves_nothing() {
    let state = State::new();
    let mut inner = state.inner("aborts_beside_a_test").start();
    inner.hear("there");
    inner.tell("end");
    let run = inner.finish();
    assert!(!run.status.success());
    state.wait_until_records_are_free();
    assert_eq!(state.processes(), []);
}

#[test]
fn a_container_without_devices() {
    if !is_root() {
        println!("skipped: only root takes devices away");
        return;
    }
    let state = State::new();
    let run = state.inner("passes").with(without_devices).run().passed();
    assert!(run.output.contains("printed"), "{}", run.output);
    // The output of the subprocess's own test runner is discarded, as always.
    assert_eq!(
        run.output.matches("running 1 test").count(),
        1,
        "{}",
        run.output
    );
}

#[test]
fn a_program_that_the_loader_has_started() {
    let loaders = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];
    let loader = loaders
        .map(Path::new)
        .into_iter()
        .find(|path| path.exists());
    let Some(loader) = loader else {
        println!("skipped: no loader is known here");
        return;
    };
    let state = State::new();
    let inner = state
        .inner("passes")
        .with(|command| run_by(command, loader, &[]));
    let run = inner.run().passed();
    let program = std::env::current_exe().unwrap();
    let name = program.file_name().unwrap().to_str().unwrap();
    // The kernel keeps only this much of the name.
    assert_eq!(run.said("is called"), Some(&name[..15]));
}

#[test]
fn a_program_that_valgrind_has_started() {
    let valgrind = Path::new("/usr/bin/valgrind");
    if !valgrind.exists() {
        println!("skipped: there is no valgrind");
        return;
    }
    let state = State::new();
    let arguments = ["-q", "--trace-children=yes"];
    let run = |test| {
        let inner = state.inner(test);
        let inner = inner.with(|command| run_by(command, valgrind, &arguments));
        inner.run().passed()
    };
    let pipes = inherited_pipes().to_string();
    assert_eq!(run("passes").said("pipes"), Some(pipes.as_str()));
    let network = run("has_a_network");
    if !networks_are_refused() {
        assert_eq!(network.said("network"), Some(""), "{}", network.errors);
    }
}
