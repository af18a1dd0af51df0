//! Programs in a sandbox. Each is a small script, so that a test shows what any program would meet.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{chown, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use self::refused::is_refused;

mod refused;

/// How long to wait for something that has to happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A workspace with nothing in it but its `Cargo.toml`.
struct Workspace {
    dir: TempDir,
    /// The user who runs its programs.
    user: Option<u32>,
}

impl Workspace {
    fn new(settings: &str) -> Workspace {
        Workspace::of(None, settings)
    }

    fn of(user: Option<u32>, settings: &str) -> Workspace {
        let dir = tempfile::tempdir_in("/var/tmp").expect("a directory");
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

    /// The runner, about to run a script. A test program lies in the target directory, and so does the
    /// shell that stands for it.
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

/// What a program printed that passed and said nothing else.
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

/// Runs a test as root and, if that can be, as an ordinary user.
fn as_everybody(test: impl Fn(Option<u32>)) {
    let nobody = nix::unistd::geteuid().is_root().then_some(Some(65534));
    for user in [None].into_iter().chain(nobody) {
        if !is_refused(user) {
            test(user);
        }
    }
}

#[test]
fn nothing_of_the_network_is_shared() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let number = listener.local_addr().expect("its address").port();
    as_everybody(|user| {
        let workspace = Workspace::of(user, "");
        let mut runner = workspace.runner("tail -n +3 /proc/net/tcp; tail -n +3 /proc/net/dev");
        let text = printed(&runner.output().expect("the runner"));
        assert!(
            text.trim_start().starts_with("lo:") && text.lines().count() == 1,
            "{text}"
        );
    });
    let outside = fs::read_to_string("/proc/net/tcp").expect("the sockets");
    assert!(
        outside.contains(&format!(":{number:04X}")),
        "it listens outside"
    );
}

#[test]
fn files_belong_to_one_program() {
    let name = format!("cargo-isolated-{}", std::process::id());
    as_everybody(|user| {
        let workspace = Workspace::of(user, "");
        fs::write(workspace.path("notes"), "of the checkout").expect("a file");
        fs::write(workspace.path("home/settings"), "of the user").expect("a file");
        chown(workspace.path("notes"), user, user).expect("the owner");
        let script = format!(
            "cat notes; echo changed > notes; rm Cargo.toml; mkdir sub; ls;
             ls -A ~; echo changed > ~/settings; cd /tmp; ls; echo changed > {name}; echo changed > /dev/shm/{name}"
        );
        for _ in 0..2 {
            let text = printed(&workspace.run(&script));
            assert_eq!(text, "of the checkouthome\nnotes\nsub\ntarget\n");
        }
        let read = |name| fs::read_to_string(workspace.path(name)).expect("the file");
        assert_eq!(
            (read("notes"), read("home/settings")),
            ("of the checkout".into(), "of the user".into())
        );
        assert!(workspace.path("Cargo.toml").is_file() && !workspace.path("sub").exists());
    });
    for dir in ["/tmp", "/dev/shm"] {
        assert!(!Path::new(dir).join(&name).exists());
    }
}

#[test]
fn the_target_and_state_directories_stay_shared() {
    if is_refused(None) {
        return;
    }
    let workspace = Workspace::new("");
    printed(&workspace.run(
        "echo built > target/artifact; mkdir -p $ISOLATED_DIR; echo held > $ISOLATED_DIR/lock",
    ));
    for name in ["target/artifact", "target/state/lock"] {
        assert!(workspace.path(name).is_file(), "{name}");
    }
}

/// A workspace below a directory that is replaced is still there, under its path.
#[test]
fn a_workspace_may_lie_in_a_directory_that_is_replaced() {
    if is_refused(None) {
        return;
    }
    let tmp = tempfile::tempdir_in("/tmp").expect("a directory");
    let path = tmp.path().display();
    fs::write(tmp.path().join("Cargo.toml"), "[package]\nname = 'p'\n").expect("a file");
    let mut runner = Command::new(env!("CARGO_BIN_EXE_cargo-isolated"));
    runner.args([
        "runner",
        "/bin/sh",
        "-c",
        "pwd; ls; ls -A /tmp | wc -l; echo x > note",
    ]);
    runner
        .current_dir(tmp.path())
        .env("CARGO_MANIFEST_DIR", tmp.path());
    runner
        .env("HOME", tmp.path().join("home"))
        .env("ISOLATED_DIR", tmp.path().join("state"));
    let text = printed(&runner.output().expect("the runner"));
    assert_eq!(text, format!("{path}\nCargo.toml\nhome\n1\n"));
    assert!(!tmp.path().join("note").exists());
}

/// The workspace and the home directory may be known by links.
#[test]
fn links_to_the_workspace_and_to_the_home_directory_are_followed() {
    if is_refused(None) {
        return;
    }
    let workspace = Workspace::new("");
    let links = tempfile::tempdir_in("/var/tmp").expect("a directory");
    let (checkout, home) = (links.path().join("checkout"), links.path().join("home"));
    symlink(workspace.dir.path(), &checkout).expect("a link");
    symlink(workspace.path("home"), &home).expect("a link");
    fs::create_dir(workspace.path("home/.cargo")).expect("a directory");
    let mut runner = workspace.runner("echo x > note; echo x > target/artifact; ls -A ~");
    runner
        .current_dir(&checkout)
        .env("CARGO_MANIFEST_DIR", &checkout);
    runner.env("HOME", home).env_remove("CARGO_HOME");
    assert_eq!(printed(&runner.output().expect("the runner")), ".cargo\n");
    assert!(workspace.path("target/artifact").is_file() && !workspace.path("note").exists());
}

#[test]
fn a_home_directory_that_does_not_exist_is_not_made() {
    if is_refused(None) {
        return;
    }
    let workspace = Workspace::new("");
    let elsewhere = tempfile::tempdir_in("/var/tmp").expect("a directory");
    let home = elsewhere.path().join("home");
    let mut runner = workspace.runner(":");
    runner.env("HOME", &home);
    printed(&runner.output().expect("the runner"));
    assert!(!home.exists());
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
        "this test shares the checkout"
    );
}

#[test]
fn it_ends_like_the_program() {
    let workspace = Workspace::new("");
    assert_eq!(workspace.run("exit 7").status.code(), Some(7));
    for signal in [6, 9, 15] {
        let status = workspace.run(&format!("kill -{signal} $$")).status;
        assert_eq!(status.signal(), Some(signal));
    }
    let output = workspace.run("echo out; echo err >&2; cat");
    assert!(output.stdout == b"out\n" && output.stderr.ends_with(b"err\n"));
    let mut missing = workspace.runner("");
    missing.env("CARGO_ISOLATED_PARTS", "netwrk");
    let output = missing.output().expect("the runner");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("CARGO_ISOLATED_PARTS"));
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

/// Whether a process lives that has this in its environment.
fn lives(mark: &str) -> bool {
    let processes = fs::read_dir("/proc").expect("the processes").flatten();
    let mut environments =
        processes.filter_map(|process| fs::read(process.path().join("environ")).ok());
    environments.any(|variables| {
        variables
            .split(|byte| *byte == 0)
            .any(|one| one == mark.as_bytes())
    })
}

#[test]
fn what_a_program_leaves_behind_ends_with_it() {
    let workspace = Workspace::new("");
    let mark = format!("LEFT_BY={}-{}", std::process::id(), line!());
    let (name, value) = mark.split_once('=').expect("a variable");
    // The shell answers when it no longer ends at `SIGTERM`.
    let script = "mkfifo target/ready
                  setsid sh -c 'trap \"\" TERM; echo > target/ready; sleep 600 & sleep 600; sleep 600' >&- 2>&- &
                  setsid sleep 600 & read ready < target/ready; exit 3";
    let output = workspace
        .runner(script)
        .env(name, value)
        .output()
        .expect("the runner");
    assert_eq!(output.status.code(), Some(3));
    assert!(!lives(&mark));
}

#[test]
fn nothing_is_left_when_the_runner_is_killed() {
    let workspace = Workspace::new("");
    let mark = format!("LEFT_BY={}-{}", std::process::id(), line!());
    let (name, value) = mark.split_once('=').expect("a variable");
    let mut runner = workspace.runner("setsid sleep 600 & echo begun; sleep 600");
    let runner = runner
        .env(name, value)
        .stdout(Stdio::piped())
        .process_group(0);
    let mut runner = runner.spawn().expect("the runner");
    let mut output = BufReader::new(runner.stdout.take().expect("its output"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    assert!(line == "begun\n" && lives(&mark));
    runner.kill().expect("it lives");
    runner.wait().expect("its end");
    // The output ends with the last process that has it.
    let (sender, ended) = channel();
    thread::spawn(move || sender.send(output.read_to_end(&mut Vec::new()).is_ok()));
    assert_eq!(ended.recv_timeout(PATIENCE), Ok(true), "something lives on");
}

#[test]
fn the_program_decides_what_a_signal_for_its_group_means() {
    let workspace = Workspace::new("");
    let mut runner =
        workspace.runner("trap 'echo ended; exit 5' TERM; echo begun; while :; do read x; done");
    runner
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0);
    let mut runner = runner.spawn().expect("the runner");
    let mut output = BufReader::new(runner.stdout.take().expect("its output")).lines();
    assert_eq!(output.next().expect("a line").expect("text"), "begun");
    let group = nix::unistd::Pid::from_raw(runner.id().try_into().expect("a process ID"));
    nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGTERM).expect("it lives");
    let mut input = runner.stdin.take().expect("its input");
    let _ = input.write_all(b"\n");
    assert_eq!(output.next().expect("a line").expect("text"), "ended");
    assert_eq!(runner.wait().expect("its end").code(), Some(5));
}
