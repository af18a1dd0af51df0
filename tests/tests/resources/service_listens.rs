//! Services that listen: whose listener counts, and a socket that a service inherits.

#![cfg(target_os = "linux")]

use isolated_test_tests::State;

mod inner {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    use isolated_test::{BoxError, Current, Port, Ready, Resource, Service, isolated};
    use isolated_test_tests::programs::program;
    use isolated_test_tests::{gate, plain, say};

    /// A service that runs an inner test of this file, below a shell.
    fn service(test: &'static str) -> Service {
        let command = program(test);
        Service::new("sh").with(move |sh, test| {
            sh.args(["-c", "\"$@\" & wait", "sh"])
                .arg(command.get_program())
                .args(command.get_args());
            for (name, port) in [("PORT", "port"), ("ADMIN", "admin")] {
                sh.envs(
                    test.ports(port)
                        .first()
                        .map(|port| (name, port.to_string())),
                );
            }
        })
    }

    fn port(name: &str) -> Option<u16> {
        std::env::var(name).ok()?.parse().ok()
    }

    /// Listens on the first port, and then on the other one if there is one.
    #[test]
    #[ignore = "a program that another test starts"]
    fn program_listens() {
        let first = TcpListener::bind(("::1", port("PORT").unwrap()))
            .or_else(|_| TcpListener::bind(("127.0.0.1", port("PORT").unwrap())))
            .unwrap();
        let _second = port("ADMIN").map(|port| TcpListener::bind(("0.0.0.0", port)).unwrap());
        for stream in first.incoming() {
            drop(stream);
        }
    }

    #[isolated(port, server = service("program_listens"))]
    #[test]
    #[ignore = "started by another test"]
    fn listens(port: Port) {
        let connect = |host| TcpStream::connect((host, port.number()));
        connect("::1").or_else(|_| connect("127.0.0.1")).unwrap();
    }

    #[isolated(process, port, admin = port, server = service("program_listens").ready(Ready::listens().on("admin")))]
    #[test]
    #[ignore = "started by another test"]
    fn listens_on_another_port(admin: Port) {
        TcpStream::connect(admin.addr()).unwrap();
    }

    /// Listens on the port of the test, in the process of the test.
    struct Other;

    impl Resource for Other {
        type Handle = TcpListener;

        fn provision(&mut self, test: &Current) -> Result<TcpListener, BoxError> {
            Ok(test.port().listen()?)
        }
    }

    #[isolated(
        port,
        other = Other,
        server = Service::new("sleep")
            .with(|sleep, _| { sleep.arg("1000"); })
            .ready_within(Duration::from_millis(300))
    )]
    #[test]
    #[ignore = "started by another test"]
    fn another_listens() {
        say("began");
    }

    /// Answers the first client on a socket that it has inherited.
    #[test]
    #[ignore = "a program that another test starts"]
    fn program_inherits() {
        gate::pass("accept");
        assert_eq!(std::env::var("LISTEN_FDS").unwrap(), "1");
        assert_eq!(
            std::env::var("LISTEN_PID").unwrap(),
            std::process::id().to_string()
        );
        #[expect(unsafe_code, reason = "descriptors are inherited by number")]
        // SAFETY: this program has been given descriptor 3 for this purpose.
        let listener = unsafe { plain::inherited_listener() };
        let (stream, _) = listener.accept().unwrap();
        let mut line = String::new();
        let mut stream = BufReader::new(stream);
        stream.read_line(&mut line).unwrap();
        let mut input = Vec::new();
        std::io::stdin().read_to_end(&mut input).unwrap();
        write!(stream.get_mut(), "{} {}", line.trim(), input.len()).unwrap();
    }

    fn inheriting() -> Service {
        let command = program("program_inherits");
        Service::new(command.get_program())
            .with(move |service, _| {
                service.args(command.get_args());
            })
            .ready(Ready::inherits())
    }

    #[isolated(port, server = inheriting())]
    #[test]
    #[ignore = "started by another test"]
    fn inherits(port: Port) {
        let mut stream = TcpStream::connect(port.addr()).unwrap();
        writeln!(stream, "hello").unwrap();
        say("connected");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "hello 0");
    }

    #[isolated(port, server = inheriting())]
    #[test]
    #[ignore = "started by another test"]
    fn kills_what_inherits(port: Port, server: &isolated_test::Running) {
        server.kill().unwrap();
        assert!(TcpStream::connect(port.addr()).is_err());
    }
}

#[test]
fn a_listener_shows_that_it_is_ready() {
    let state = State::new();
    for test in ["listens", "listens_on_another_port"] {
        state.inner(test).run().passed();
    }
}

#[test]
fn a_listener_of_another_process_does_not_count() {
    let state = State::new();
    let run = state.inner("another_listens").run().failed();
    assert_eq!(run.said("began"), None);
    let said = run.reported("resources/service_listens");
    assert!(said.contains("`sleep` did not listen on port "), "{said}");
    let way_out = "; write `ready(Ready::answers(...))` if that serves the test\n";
    assert!(said.contains(" within 300ms, but resources"), "{said}");
    assert!(said.contains(&format!(" (pid N) does{way_out}")), "{said}");
    assert!(said.contains("`sleep` has printed nothing\n"), "{said}");
}

#[test]
fn clients_of_an_inherited_socket_wait_in_the_kernel() {
    let state = State::new();
    let mut gate = state.gate("accept");
    let mut running = state.inner("inherits").start();
    running.hear("connected");
    gate.open();
    let _ = running.finish().passed();
}

#[test]
fn an_inherited_socket_is_closed_when_the_service_has_ended() {
    let state = State::new();
    let _gate = state.gate("accept");
    state.inner("kills_what_inherits").run().passed();
}
