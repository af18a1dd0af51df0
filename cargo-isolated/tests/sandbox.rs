//! Small scripts in a sandbox, which show what any test program would see.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
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
fn files_are_private_to_a_program() {
    let name = format!("cargo-isolated-{}", std::process::id());
    as_root_and_user(|user| {
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
fn variables_that_name_replaced_directories_are_unset() {
    if is_refused(None) {
        return;
    }
    let variables = [
        "TMPDIR",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_RUNTIME_DIR",
        "XDG_STATE_HOME",
    ];
    let set = |keep: &str| {
        let workspace = Workspace::new(&format!("keep = {keep}"));
        let mut runner = workspace.runner("env");
        for name in variables {
            runner.env(name, "/var/tmp");
        }
        let text = printed(&runner.output().expect("the runner"));
        let is_set = |name: &&str| text.contains(&format!("{name}=/var/tmp"));
        variables.into_iter().filter(is_set).collect::<Vec<_>>()
    };
    assert_eq!(set("[]"), Vec::<&str>::new());
    assert_eq!(set("['tmp']"), ["TMPDIR"]);
    assert_eq!(set("['home']"), variables[1..]);
}

#[test]
fn the_target_directory_stays_shared() {
    as_root_and_user(|user| {
        let workspace = Workspace::of(user, "");
        printed(&workspace.run("echo built > target/artifact"));
        assert!(workspace.path("target/artifact").is_file());
    });
}

/// Wherever the state directory is, and even if no isolated test has run yet.
#[test]
fn the_state_directory_stays_shared() {
    as_root_and_user(|user| {
        let workspace = Workspace::of(user, "");
        let above = |dir| {
            let above = tempfile::tempdir_in(dir).expect("a directory");
            chown(above.path(), user, user).expect("the owner");
            above
        };
        let (tmp, shm) = (above("/tmp"), above("/dev/shm"));
        for state_dir in [
            tmp.path().join("state"),
            shm.path().join("state"),
            workspace.path("state"),
            workspace.path("target/state"),
            workspace.path("home/cache/state"),
        ] {
            let mut runner = workspace.runner("echo held > $ISOLATED_DIR/lock");
            runner.env("ISOLATED_DIR", &state_dir);
            printed(&runner.output().expect("the runner"));
            let lock = fs::read_to_string(state_dir.join("lock"));
            assert_eq!(lock.expect("the file"), "held\n", "{}", state_dir.display());
            let mode = fs::metadata(&state_dir)
                .expect("the directory")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o700);
        }
    });
}

#[test]
fn a_workspace_path_may_contain_the_separators_of_mount_options() {
    if is_refused(None) {
        return;
    }
    let dir = tempfile::Builder::new()
        .prefix("a\\b:c,d")
        .tempdir_in("/var/tmp");
    let workspace = Workspace::at(dir.expect("a directory"), None, "");
    printed(&workspace.run("test -f Cargo.toml && echo x > note"));
    assert!(!workspace.path("note").exists());
}

#[test]
fn a_workspace_may_be_below_a_replaced_directory() {
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
    assert_eq!(text, format!("{path}\nCargo.toml\nhome\nstate\n1\n"));
    assert!(!tmp.path().join("note").exists());
}

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
fn a_missing_home_directory_is_not_created() {
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
        "the override keeps the checkout"
    );
}

#[test]
fn the_runner_exits_like_the_program() {
    let workspace = Workspace::new("");
    assert_eq!(workspace.run("exit 7").status.code(), Some(7));
    // 34 is the first real-time signal, which has no name.
    for signal in [6, 9, 15, 34] {
        let status = workspace.run(&format!("kill -{signal} $$")).status;
        assert_eq!(status.signal(), Some(signal));
    }
    let output = workspace.run("echo out; echo err >&2");
    assert!(output.stdout == b"out\n" && output.stderr.ends_with(b"err\n"));
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
    let workspace = Workspace::new("");
    let mut runner = workspace.runner("env");
    runner
        .env("CARGO_ISOLATED_PARTS", "")
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

/// Whether a process with this environment variable is running.
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
fn leftover_processes_are_killed() {
    let workspace = Workspace::new("");
    let mark = format!("LEFT_BY={}-{}", std::process::id(), line!());
    let (name, value) = mark.split_once('=').expect("a variable");
    // The shell reports that it ignores `SIGTERM`.
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
fn leftover_processes_get_sigterm_first() {
    let workspace = Workspace::new("");
    // The inner shell is orphaned only when the outer one ends, after the first round of signals.
    let script = "mkfifo target/ready
                  setsid sh -c 'setsid sh -c \"trap \\\"echo x > target/got; exit\\\" TERM
                  echo > target/ready; sleep 600 & wait\" & sleep 600' >&- 2>&- &
                  read ready < target/ready; exit 3";
    assert_eq!(workspace.run(script).status.code(), Some(3));
    assert!(workspace.path("target/got").is_file());
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
    // The output is closed when the last process that holds it ends.
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
