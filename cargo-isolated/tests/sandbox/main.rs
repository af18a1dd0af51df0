//! Small scripts in a sandbox, which show what any test program would see.

#![cfg(target_os = "linux")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use self::refused::is_refused;

mod ends;
mod files;
mod hosts;
mod postgres;
#[path = "../refused/mod.rs"]
mod refused;

/// A workspace with only a `Cargo.toml`, a target directory and a home directory.
struct Workspace {
    dir: TempDir,
    /// The user who runs the programs.
    user: Option<u32>,
}

impl Workspace {
    fn new(settings: &str) -> Workspace {
        Workspace::of(None, settings)
    }

    fn of(user: Option<u32>, settings: &str) -> Workspace {
        let dir = tempfile::tempdir_in("/var/tmp").expect("a directory");
        Workspace::at(dir, user, settings)
    }

    fn at(dir: TempDir, user: Option<u32>, settings: &str) -> Workspace {
        let text = format!("[workspace]\n[workspace.metadata.isolated]\n{settings}\n");
        fs::write(dir.path().join("Cargo.toml"), text).expect("a file");
        fs::create_dir(dir.path().join("target")).expect("a directory");
        fs::write(dir.path().join("target/CACHEDIR.TAG"), "").expect("a file");
        fs::create_dir(dir.path().join("home")).expect("a directory");
        for path in ["", "target", "home"] {
            chown(dir.path().join(path), user, user).expect("the owner");
        }
        Workspace { dir, user }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A runner for a script. The shell is copied to the target directory, where test programs are.
    fn runner(&self, script: &str) -> Command {
        let shell = self.path("target/sh");
        if !shell.exists() {
            fs::copy("/bin/sh", &shell).expect("a copy of the shell");
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-isolated"));
        command
            .args(["isolated", "runner"])
            .arg(shell)
            .args(["-c", script]);
        command
            .current_dir(self.dir.path())
            .env("CARGO_MANIFEST_DIR", self.dir.path())
            .env("HOME", self.path("home"))
            .env("ISOLATED_DIR", self.path("target/state"))
            .env_remove("CARGO_ISOLATED_PARTS")
            .env_remove("CARGO_ISOLATED_POSTGRES")
            .env_remove("CARGO_ISOLATED_WORKSPACE")
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("TMPDIR");
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }

    fn run(&self, script: &str) -> Output {
        self.runner(script).output().expect("the runner")
    }
}

/// The output of a program that succeeded without a warning.
#[track_caller]
fn printed(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && errors.is_empty(),
        "{:?}: {errors}",
        output.status
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a test as this user and, if this is root, as an ordinary user.
fn as_root_and_user(test: impl Fn(Option<u32>)) {
    let nobody = nix::unistd::geteuid().is_root().then_some(Some(65534));
    for user in [None].into_iter().chain(nobody) {
        if !is_refused(user) {
            test(user);
        }
    }
}

#[test]
fn the_network_is_not_shared() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let number = listener.local_addr().expect("its address").port();
    let listening = format!(":{number:04X} ");
    as_root_and_user(|user| {
        let workspace = Workspace::of(user, "");
        let sockets = printed(&workspace.run("tail -n +2 /proc/net/tcp"));
        assert!(!sockets.contains(&listening), "{sockets}");
        let interfaces = printed(&workspace.run("tail -n +3 /proc/net/dev"));
        assert!(
            interfaces.trim_start().starts_with("lo:") && interfaces.lines().count() == 1,
            "{interfaces}"
        );
    });
    let outside = fs::read_to_string("/proc/net/tcp").expect("the sockets");
    assert!(outside.contains(&listening), "the sandbox hides it");
}

#[test]
fn ipc_objects_are_not_shared() {
    let outside = fs::read_link("/proc/self/ns/ipc").expect("the namespace");
    as_root_and_user(|user| {
        let inside = printed(&Workspace::of(user, "").run("readlink /proc/self/ns/ipc"));
        assert!(inside.starts_with("ipc:"), "{inside}");
        assert_ne!(Path::new(inside.trim()), outside);
    });
}

#[test]
fn a_part_can_be_kept() {
    if is_refused(None) {
        return;
    }
    let workspace =
        Workspace::new("keep = ['network']\noverrides = [{ tests = 'db::', keep = ['checkout'] }]");
    let count = "tail -n +3 /proc/net/dev | wc -l > \"$OUT\"; echo x > note";
    let mut runner = workspace.runner(count);
    runner.env("OUT", workspace.path("target/interfaces"));
    printed(&runner.output().expect("the runner"));
    let inside = fs::read_to_string(workspace.path("target/interfaces")).expect("the number");
    let outside = fs::read_to_string("/proc/net/dev")
        .expect("the interfaces")
        .lines()
        .count()
        - 2;
    assert_eq!(inside.trim(), outside.to_string());
    assert!(!workspace.path("note").exists());

    let mut runner = workspace.runner("echo x > note");
    runner.args(["db::stores", "--exact"]);
    printed(&runner.output().expect("the runner"));
    assert!(
        workspace.path("note").exists(),
        "the override keeps the checkout"
    );
}

#[test]
fn an_unknown_part_in_the_environment_is_refused() {
    let workspace = Workspace::new("");
    let mut runner = workspace.runner(":");
    runner.env("CARGO_ISOLATED_PARTS", "netwrk");
    let output = runner.output().expect("the runner");
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors.contains("CARGO_ISOLATED_PARTS") && errors.contains("netwrk"),
        "{errors}"
    );
}

/// A test program may run `cargo isolated` for a workspace of its own.
#[test]
fn the_program_does_not_get_the_variables_of_the_runner() {
    // A test that keeps the network has no server.
    let workspace = Workspace::new("keep = ['network']");
    let mut runner = workspace.runner("env");
    runner
        .env("CARGO_ISOLATED_PARTS", "")
        .env("CARGO_ISOLATED_POSTGRES", "{}")
        .env("CARGO_ISOLATED_WORKSPACE", workspace.dir.path());
    let variables = printed(&runner.output().expect("the runner"));
    assert!(variables.contains("ISOLATED_DIR="), "{variables}");
    assert!(!variables.contains("CARGO_ISOLATED_"), "{variables}");
}

#[test]
fn listing_is_passed_through() {
    let workspace = Workspace::new("");
    let mut runner = workspace.runner("echo \"$@\"; echo x > listed");
    let output = runner
        .args(["name", "--list", "--format", "terse"])
        .output()
        .expect("the runner");
    assert_eq!(output.stdout, b"--list --format terse\n");
    assert!(workspace.path("listed").is_file());
}

/// A program that traces its own tests writes into the same directory, although `/tmp` is another one.
#[test]
fn the_directory_of_a_trace_is_shared() {
    as_root_and_user(|user| {
        let workspace = Workspace::of(user, "");
        let dir = tempfile::tempdir_in("/tmp").expect("a directory");
        chown(dir.path(), user, user).expect("the owner");
        let mut runner = workspace.runner("echo mine > $ISOLATED_TRACE/mine; exit 3");
        runner.env("ISOLATED_TRACE", dir.path());
        let output = runner.output().expect("the runner");
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        let mine = fs::read_to_string(dir.path().join("mine")).expect("a file");
        assert_eq!(mine, "mine\n");
        let files = fs::read_dir(dir.path()).expect("a list").flatten();
        let is_trace = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "jsonl");
        let traces: Vec<_> = files.map(|file| file.path()).filter(is_trace).collect();
        let [trace] = &traces[..] else {
            panic!("{traces:?}");
        };
        let trace = fs::read_to_string(trace).expect("the trace");
        let events: Vec<_> = trace
            .lines()
            .map(|line| {
                let (_, event) = line.split_once("\"e\":\"").expect("an event");
                event.split('"').next().expect("a word")
            })
            .collect();
        let all = "process program provision provisioned child body over release released end";
        assert_eq!(events.join(" "), all);
        assert!(trace.contains("\"why\":\"exit status: 3\""), "{trace}");
    });
}
