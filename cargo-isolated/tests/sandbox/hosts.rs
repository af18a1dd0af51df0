//! Hosts of resources in sandboxes: each sandbox has its own, which ends with it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, Stdio};

use isolated_test_tests::State;

use super::Workspace;

mod inner {
    use std::fs::File;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use isolated_test::{BoxError, Current, Once, Outcome, Resource, Transfer, isolated};
    use isolated_test_tests::hold;

    /// A server that answers with its process ID. It logs its begin and end, and has a child that would not
    /// end by itself.
    struct Server;

    fn log(word: &str) -> std::io::Result<()> {
        let path = std::env::var("LOG").expect("a variable");
        let mut log = File::options().append(true).create(true).open(path)?;
        log.write_all(format!("{word}\n").as_bytes())
    }

    impl Resource for Server {
        type Handle = String;

        fn provision(&mut self, host: &Current) -> Result<String, BoxError> {
            log("begin")?;
            std::process::Command::new("sleep").arg("1000").spawn()?;
            let listener: TcpListener = host.port().listen()?;
            let address = listener.local_addr()?.to_string();
            thread::spawn(move || {
                for mut stream in listener.incoming().flatten() {
                    let _ = stream.write_all(std::process::id().to_string().as_bytes());
                }
            });
            Ok(address)
        }

        fn release(&mut self, _: Outcome) -> Result<(), BoxError> {
            log("end")?;
            Ok(())
        }

        fn transfer() -> Transfer<String> {
            Transfer::as_text()
        }
    }

    const SERVER: Once<Server> = Once::new("server", || Server);

    fn ask(server: &str) -> u32 {
        let mut answer = String::new();
        let mut stream = TcpStream::connect(server).expect("the server is in this network");
        stream.read_to_string(&mut answer).expect("an answer");
        answer.parse().expect("a process ID")
    }

    #[isolated(server = SERVER)]
    #[test]
    #[ignore = "started by another test"]
    fn holds(server: &str) {
        let first = ask(server);
        hold();
        assert_eq!(ask(server), first, "it outlives the hosts of other tests");
    }

    #[isolated(server = SERVER)]
    #[test]
    #[ignore = "started by another test"]
    fn asks(server: &str) {
        ask(server);
    }
}

/// A runner for inner tests. Their hosts would stay for an hour.
fn runner(workspace: &Workspace, state: &State, tests: &[&str]) -> Command {
    // The same settings, with another program.
    let shell = workspace.runner("");
    let program = std::env::current_exe().expect("this program");
    let mut runner = Command::new(shell.get_program());
    runner.args(["isolated", "runner"]).arg(program);
    runner.args(tests.iter().map(|test| format!("hosts::inner::{test}")));
    runner.args(["--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    runner.current_dir(workspace.dir.path());
    for (name, value) in shell.get_envs() {
        match value {
            Some(value) => runner.env(name, value),
            None => runner.env_remove(name),
        };
    }
    // Every sandbox shares the state directory.
    runner
        .env("ISOLATED_DIR", state.path())
        .env("ISOLATED_LINGER", "1h")
        .env("LOG", state.scratch().join("log"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0);
    runner
}

fn happened(state: &State) -> String {
    let log = fs::read_to_string(state.scratch().join("log"));
    log.unwrap_or_default().replace('\n', " ")
}

/// Starts the runner of a test that holds until it is told to go on.
fn holding(workspace: &Workspace, state: &State) -> (Child, BufReader<ChildStdout>) {
    let mut runner = runner(workspace, state, &["holds"])
        .spawn()
        .expect("the runner");
    let mut output = BufReader::new(runner.stdout.take().expect("its output"));
    let mut line = String::new();
    while line != "@held\n" {
        line.clear();
        assert!(output.read_line(&mut line).expect("a line") > 0, "it holds");
    }
    (runner, output)
}

#[test]
fn each_sandbox_has_its_own_host_which_ends_with_it() {
    // Whatever is shared, the sandbox ends the processes of the test.
    for settings in ["", "keep = ['network', 'ipc', 'checkout', 'tmp', 'home']"] {
        let workspace = Workspace::new(settings);
        let state = State::new();
        let (mut holder, _output) = holding(&workspace, &state);
        let output = runner(&workspace, &state, &["asks"]).output();
        let output = output.expect("the runner");
        assert!(output.status.success(), "{output:?}");
        assert_eq!(happened(&state), "begin begin end ");
        let mut input = holder.stdin.take().expect("its input");
        input.write_all(b"release\n").expect("it reads");
        assert!(holder.wait().expect("its end").success());
        assert_eq!(happened(&state), "begin begin end end ");
        assert_eq!(state.processes(), []);
    }
}

#[test]
fn tests_in_one_sandbox_share_a_host() {
    let workspace = Workspace::new("");
    let state = State::new();
    let mut runner = runner(&workspace, &state, &["asks", "holds"]);
    let mut runner = runner.spawn().expect("the runner");
    let mut input = runner.stdin.take().expect("its input");
    input.write_all(b"release\n").expect("it reads");
    let output = runner.wait_with_output().expect("its end");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("2 passed; 0 failed"), "{text}");
    assert_eq!(happened(&state), "begin end ");
    assert_eq!(state.processes(), []);
}

#[test]
fn no_host_is_left_when_the_runner_is_killed() {
    let workspace = Workspace::new("");
    let state = State::new();
    let (mut holder, _output) = holding(&workspace, &state);
    holder.kill().expect("it lives");
    holder.wait().expect("its end");
    while !state.processes().is_empty() {
        std::thread::yield_now();
    }
}
