//! Services: when a program is ready, what its test sees of it, and what fails the test.

use isolated_test_tests::{Finished, State};

mod inner {
    use std::fs;
    use std::io::{self, BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::path::Path;
    use std::process::Command;
    use std::time::Duration;

    use isolated_test::{Current, Port, Ready, Running, Service, isolated};
    use isolated_test_tests::programs::program;
    use isolated_test_tests::say;

    /// A service that runs an inner test of this file.
    fn service(test: &'static str) -> Service {
        Service::new(std::env::current_exe().unwrap())
            .with(move |command, test_of_it| set_up(command, test, test_of_it))
    }

    fn set_up(command: &mut Command, test: &'static str, of: &Current) {
        command.args(program(test).get_args());
        for port in of.ports("port") {
            command.env("PORT", port.to_string());
        }
        if let Some(dir) = of.tmpdir_named("tmpdir") {
            command.current_dir(dir);
        }
    }

    /// Waits until this process is ended.
    fn stay() -> ! {
        loop {
            std::thread::park();
        }
    }

    #[test]
    #[ignore = "a program that another test starts"]
    fn program_prints() {
        println!("begins");
        eprintln!("is quite ready now");
        stay();
    }

    #[isolated(server = service("program_prints").ready(Ready::prints("ready")))]
    #[test]
    #[ignore = "started by another test"]
    fn prints(server: &Running) {
        assert!(server.output().contains("\nis quite ready now\n"));
        assert_ne!(server.id(), std::process::id());
    }

    #[isolated(process, server = service("program_prints").ready(Ready::prints("ready")))]
    #[test]
    #[ignore = "started by another test"]
    fn prints_in_a_subprocess(server: Running) {
        assert!(server.output().contains("\nis quite ready now\n"));
    }

    #[isolated(server = service("program_prints").ready(Ready::prints("ready")))]
    #[test]
    #[ignore = "started by another test"]
    fn fails() {
        panic!("on purpose");
    }

    #[test]
    #[ignore = "a program that another test starts"]
    fn program_creates() {
        fs::write("socket", "").unwrap();
        stay();
    }

    #[isolated(tmpdir, server = service("program_creates").ready(Ready::creates("socket")))]
    #[test]
    #[ignore = "started by another test"]
    fn creates(tmpdir: &Path) {
        assert!(tmpdir.join("socket").exists());
    }

    /// Answers each request with the next status, and the last one from then on.
    #[test]
    #[ignore = "a program that another test starts"]
    fn program_answers() {
        let port: u16 = std::env::var("PORT").unwrap().parse().unwrap();
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let mut statuses = vec![404, 500, 503];
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut request = String::new();
            stream.read_line(&mut request).unwrap();
            let status = statuses.pop().unwrap_or(404);
            println!("{status} for {}", request.trim());
            let answer = format!("HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\n\r\n");
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
            if request.starts_with("POST") {
                std::process::exit(7);
            }
        }
    }

    fn answering() -> Service {
        service("program_answers").ready(Ready::answers("/health?deep=1"))
    }

    #[isolated(port, server = answering())]
    #[test]
    #[ignore = "started by another test"]
    fn answers(server: &Running) {
        server.stop().unwrap();
        let output = server.output();
        let answered: Vec<_> = output
            .lines()
            .filter_map(|line| line.split_once(" for GET /health?deep=1 HTTP/1.1"))
            .map(|(status, _)| status)
            .collect();
        assert_eq!(answered, ["503", "500", "404"]);
    }

    /// Makes a server end with status 7.
    fn break_down(port: &Port) {
        let mut stream = TcpStream::connect(port.addr()).unwrap();
        stream.write_all(b"POST / HTTP/1.1\r\n\r\n").unwrap();
        io::copy(&mut stream, &mut io::sink()).unwrap();
    }

    #[isolated(port, server = answering())]
    #[test]
    #[ignore = "started by another test"]
    fn breaks_it_down(port: Port, server: &Running) {
        break_down(&port);
        while !server.to_string().contains("ended") {
            std::thread::yield_now();
        }
    }

    #[isolated(port, server = answering())]
    #[test]
    #[ignore = "started by another test"]
    fn judges_how_it_ends(port: Port, server: &Running) {
        break_down(&port);
        assert_eq!(server.wait().unwrap().code(), Some(7));
    }

    #[isolated(port, server = answering())]
    #[test]
    #[ignore = "started by another test"]
    fn kills_it(port: Port, server: &Running) {
        assert!(!server.kill().unwrap().success());
        assert!(TcpStream::connect(port.addr()).is_err());
    }

    #[test]
    #[ignore = "a program that another test starts"]
    fn program_gives_up() {
        println!("the vault is closed");
        std::process::exit(3);
    }

    #[isolated(server = service("program_gives_up").ready(Ready::prints("ready")))]
    #[test]
    #[ignore = "started by another test"]
    fn gives_up() {
        say("began");
    }

    #[isolated(
        server = service("program_prints")
            .ready(Ready::prints("something else"))
            .ready_within(Duration::from_millis(100))
    )]
    #[test]
    #[ignore = "started by another test"]
    fn takes_too_long() {
        say("began");
    }

    #[isolated(server = Service::new("/nowhere/no-such-program").ready(Ready::prints("ready")))]
    #[test]
    #[ignore = "started by another test"]
    fn is_missing() {
        say("began");
    }

    #[isolated(port, server = service("program_prints").ready(Ready::listens().on("admin")))]
    #[test]
    #[ignore = "started by another test"]
    fn means_another_port() {
        say("began");
    }
}

/// The messages of the runtime about a failed test, without its report, which ends them.
fn complaints(run: &Finished) -> String {
    let reported = run.reported("resources/service");
    let end = reported.find(" failed\n").expect("a report");
    let begin = reported[..end].rfind('\n').map_or(0, |at| at + 1);
    reported[..begin].replace(&program(), "PROGRAM")
}

fn program() -> String {
    let path = std::env::current_exe().unwrap();
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Runs a test that fails before its body begins.
#[track_caller]
fn not_begun(state: &State, test: &str) -> String {
    let run = state.inner(test).run().failed();
    assert_eq!(run.said("began"), None);
    complaints(&run)
}

#[test]
fn a_line_shows_that_it_is_ready_and_stays_out_of_the_output_of_the_test() {
    let state = State::new();
    for test in ["prints", "prints_in_a_subprocess"] {
        let run = state.inner(test).run().passed();
        let all = run.output + &run.errors;
        assert!(!all.contains("begins"), "{all}");
    }
}

#[test]
fn a_file_shows_that_it_is_ready() {
    State::new().inner("creates").run().passed();
}

#[test]
fn an_answer_below_500_shows_that_it_is_ready() {
    State::new().inner("answers").run().passed();
}

#[test]
fn its_output_is_shown_if_the_test_fails() {
    let state = State::new();
    let run = state.inner("fails").run().failed();
    let all = run
        .reported("resources/service")
        .replace(&program(), "PROGRAM");
    assert!(
        all.contains("    resource   server = PROGRAM (pid N)\n"),
        "{all}"
    );
    let shown = "isolated-test: resources::service::inner::fails: `PROGRAM` has printed:\n";
    let (_, shown) = all.split_once(shown).unwrap_or_else(|| panic!("{all}"));
    assert!(shown.contains("    | is quite ready now\n"), "{all}");
}

#[test]
fn a_program_that_ends_instead_fails_the_test_at_once() {
    let said = not_begun(&State::new(), "gives_up");
    assert!(said.contains("    | the vault is closed\n"), "{said}");
    let error = "isolated-test: resources::service::inner::gives_up: failed to provision the resource \
        `server`: `PROGRAM` ended with exit status: 3 and did not print `ready`\n";
    let error = error.replace(
        "exit status",
        if cfg!(windows) {
            "exit code"
        } else {
            "exit status"
        },
    );
    assert!(said.ends_with(&error), "{said}");
}

#[test]
fn a_program_that_takes_too_long_fails_the_test() {
    let said = not_begun(&State::new(), "takes_too_long");
    let error = "isolated-test: resources::service::inner::takes_too_long: failed to provision the \
        resource `server`: `PROGRAM` did not print `something else` within 100ms\n";
    assert!(said.ends_with(error), "{said}");
}

#[test]
fn a_program_that_does_not_exist_fails_the_test() {
    let said = not_begun(&State::new(), "is_missing");
    let error = "isolated-test: resources::service::inner::is_missing: failed to provision the \
        resource `server`: failed to start `no-such-program`: ";
    assert!(said.starts_with(error), "{said}");
}

#[test]
fn a_port_that_the_test_does_not_have_fails_the_test() {
    let said = not_begun(&State::new(), "means_another_port");
    let error = "isolated-test: resources::service::inner::means_another_port: failed to provision \
        the resource `server`: no port `admin` precedes it in the attribute\n";
    assert_eq!(said, error);
}

#[test]
fn a_program_that_fails_during_the_test_fails_it() {
    let state = State::new();
    let run = state.inner("breaks_it_down").run().failed();
    let said = run
        .reported("resources/service")
        .replace(&program(), "PROGRAM");
    assert!(said.contains("    | 404 for POST / HTTP/1.1\n"), "{said}");
    assert!(said.contains("`PROGRAM` ended with exit "), "{said}");
    assert!(said.contains(": 7 during the test\n"), "{said}");
}

#[test]
fn a_program_may_fail_in_a_test_that_asks_how() {
    State::new().inner("judges_how_it_ends").run().passed();
}

#[test]
fn a_killed_program_is_gone_and_fails_no_test() {
    State::new().inner("kills_it").run().passed();
}
