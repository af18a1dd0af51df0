//! A database of one Redis for each test, as the guide shows it. Needs `redis-server` and `redis-cli`.

use isolated_test_tests::State;

use crate::common::Hosts;

mod inner {
    use std::process::Command;

    use isolated_test::{
        BoxError, Current, Once, Ready, Resource, Served, Service, Transfer, isolated,
    };
    use isolated_test_tests::{hold, say};

    fn server() -> Served<String> {
        let redis = Service::new("redis-server").with(|command, host| {
            command.args(["--port", "0", "--unixsocket", "redis.sock", "--save", ""]);
            command.current_dir(host.tmpdir());
        });
        let redis = redis.ready(Ready::prints("ready to accept connections"));
        redis.handle(|host| host.tmpdir().join("redis.sock").display().to_string())
    }

    const SERVER: Once<Served<String>> =
        Once::new("redis", server).fingerprint(|| Ok("16 databases".to_owned()));

    /// Two, so that two tests have one each, and the next one has one that was used.
    const NUMBERS: &[&str] = &["0", "1"];

    fn ask(socket: &str, number: &str, command: &[&str]) -> Result<String, BoxError> {
        let mut redis = Command::new("redis-cli");
        let output = redis.args(["-s", socket, "-n", number]).args(command);
        Ok(String::from_utf8(output.output()?.stdout)?
            .trim()
            .to_owned())
    }

    struct Redis;

    impl Resource for Redis {
        /// The socket and the number.
        type Handle = String;

        fn provision(&mut self, test: &Current) -> Result<String, BoxError> {
            let socket = test.get_named::<String>("server").ok_or("no server")?;
            let number = test.item("number").ok_or("no number")?;
            match &*ask(&socket, number, &["FLUSHDB"])? {
                "OK" => Ok(format!("redis+unix://{socket}?db={number}")),
                other => Err(other.into()),
            }
        }

        fn transfer() -> Transfer<String> {
            Transfer::as_text()
        }
    }

    #[isolated(server = SERVER, number = pool("redis of hosts", NUMBERS), redis = Redis)]
    #[test]
    #[ignore = "started by another test"]
    fn counts(server: &str, number: &str, redis: &str) {
        assert_eq!(redis, format!("redis+unix://{server}?db={number}"));
        assert_eq!(ask(server, number, &["INCR", "visits"]).unwrap(), "1");
        say(&format!("number {number}"));
        hold();
        assert_eq!(ask(server, number, &["GET", "visits"]).unwrap(), "1");
    }
}

#[test]
fn each_test_has_a_database_and_a_killed_one_leaves_nothing_in_it() {
    let state = State::new();
    let start = || state.user("counts").start();
    let (mut one, mut other) = (start(), start());
    let (first, second) = (one.hear("number"), other.hear("number"));
    assert_ne!(first, second);
    one.kill();
    // It gets the database of the killed test, because the other one is in use.
    let mut next = start();
    assert_eq!(next.hear("number"), first);
    other.release();
    next.release();
    state.wait_for_the_end();
    assert_eq!(state.processes(), []);
}
