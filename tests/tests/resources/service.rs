//! Services: when a program is ready, its output and its handle, and failures of its test.

use isolated_test_tests::State;

pub(crate) mod inner {
    use std::fs;
    use std::io::{self, BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::path::Path;
    use std::process::{Command, Stdio};

    use isolated_test::{
        BoxError, Current, Port, Ready, Resource, Running, Service, current, isolated,
    };
    use isolated_test_tests::programs::program;

    /// A service that runs an inner test of this file.
    pub(crate) fn service(test: &'static str) -> Service {
        Service::new(std::env::current_exe().unwrap())
            .with(move |command, test_of_it| set_up(command, test, test_of_it))
    }

    fn set_up(command: &mut Command, test: &'static str, of: &Current) {
        command.args(program(test).get_args());
        // These have no effect.
        let input = fs::File::open(std::env::current_exe().unwrap()).unwrap();
        command.stdin(input);
        command.stdout(Stdio::null()).stderr(Stdio::null());
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
        let mut input = Vec::new();
        io::stdin().read_to_end(&mut input).unwrap();
        assert_eq!(input, b"");
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

    #[cfg(unix)]
    #[test]
    #[ignore = "a program that another test starts"]
    fn program_locks() {
        let guard = isolated_test::Key::new("kept").try_lock().unwrap();
        assert!(guard.is_some(), "it acts for the test");
        println!("is quite ready now");
        stay();
    }

    #[cfg(unix)]
    #[isolated(serial = "kept", server = service("program_locks").ready(Ready::prints("ready")))]
    #[test]
    #[ignore = "started by another test"]
    fn shares_its_locks() {}

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn drops_a_service() {
        let mut service = service("program_prints").ready(Ready::prints("ready"));
        let running = service.provision(&current()).unwrap();
        drop(service);
        assert!(running.to_string().contains(" ended with "), "{running}");
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

    /// A service that creates a file whose absolute path it knows.
    struct Elsewhere(Option<Service>);

    impl Resource for Elsewhere {
        type Handle = Running;

        fn provision(&mut self, test: &Current) -> Result<Running, BoxError> {
            let path = test.tmpdir().join("socket");
            let service = service("program_creates").ready(Ready::creates(path));
            self.0.insert(service).provision(test)
        }
    }

    #[isolated(tmpdir, server = Elsewhere(None))]
    #[test]
    #[ignore = "started by another test"]
    fn creates_an_absolute_path(tmpdir: &Path) {
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
        // `wait` would let this test decide whether that is a failure.
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
        for number in 0..60 {
            println!("line {number}");
        }
        println!("the vault is closed");
        std::process::exit(3);
    }
}

pub(crate) fn program() -> String {
    let path = std::env::current_exe().unwrap();
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Runs an inner test of a file that fails, and returns its report with the messages before it.
#[track_caller]
pub(crate) fn failed(state: &State, file: &str, test: &str) -> String {
    let run = state.inner(test).run().failed();
    assert_eq!(run.said("began"), None);
    let said = run.reported(&format!("resources/{file}"));
    let said = said.replace(&program(), "PROGRAM");
    said.replace("exit code", "exit status")
}

/// The error with which a service ends the messages about its test.
#[track_caller]
pub(crate) fn error(state: &State, file: &str, test: &str) -> String {
    let said = failed(state, file, test);
    let start = format!("isolated-test: resources::{file}::inner::{test}: failed to ");
    let (_, error) = said.rsplit_once(&start).unwrap_or_else(|| panic!("{said}"));
    let (line, _) = error.split_once('\n').expect("a whole line");
    line.to_owned()
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

// On Windows, programs act for no test.
#[cfg(unix)]
#[test]
fn it_has_the_locks_of_the_test() {
    State::new().inner("shares_its_locks").run().passed();
}

#[test]
fn a_file_or_an_answer_below_500_shows_that_it_is_ready() {
    let state = State::new();
    for test in ["creates", "creates_an_absolute_path", "answers"] {
        state.inner(test).run().passed();
    }
}

#[test]
fn its_output_is_shown_if_the_test_fails() {
    let all = failed(&State::new(), "service", "fails");
    let resource = "    resource   server = PROGRAM (pid N)\n";
    assert!(all.contains(resource), "{all}");
    let shown = "isolated-test: resources::service::inner::fails: `PROGRAM` has printed:\n";
    let (_, shown) = all.split_once(shown).unwrap_or_else(|| panic!("{all}"));
    assert!(shown.contains("    | is quite ready now\n"), "{all}");
}

#[test]
fn a_program_that_fails_during_the_test_fails_it() {
    let state = State::new();
    let said = failed(&state, "service", "breaks_it_down");
    assert!(said.contains("    | 404 for POST / HTTP/1.1\n"), "{said}");
    assert_eq!(
        error(&state, "service", "breaks_it_down"),
        "release the resource `server`: `PROGRAM` ended with exit status: 7 during the test; call \
         `wait()` in the test if it should"
    );
}

#[test]
fn the_end_of_a_program_that_the_test_caused_or_awaited_fails_no_test() {
    let state = State::new();
    for test in ["judges_how_it_ends", "kills_it", "drops_a_service"] {
        state.inner(test).run().passed();
    }
}
