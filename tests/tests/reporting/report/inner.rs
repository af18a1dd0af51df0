//! Tests that fail in each way, or pass.

use std::net::{TcpListener, UdpSocket};
use std::process::ExitCode;

use isolated_test::{BoxError, Current, Namespace, Outcome, Port, Resource, TmpDir, isolated};
use isolated_test_tests::say;

/// Sends the outer test a value that differs from run to run.
fn value(name: &str, value: impl std::fmt::Display) {
    say(&format!("value {name} {value}"));
}

struct Server(Option<u8>);

impl Resource for Server {
    type Handle = u8;

    fn provision(&mut self, _: &Current) -> Result<u8, BoxError> {
        Ok(*self.0.insert(7))
    }

    fn describe(&self) -> Option<String> {
        Some(format!("server number {}", self.0?))
    }
}

struct Silent;

impl Resource for Silent {
    type Handle = ();

    fn provision(&mut self, _: &Current) -> Result<(), BoxError> {
        Ok(())
    }
}

struct Rude;

impl Resource for Rude {
    type Handle = ();

    fn provision(&mut self, _: &Current) -> Result<(), BoxError> {
        Ok(())
    }

    fn describe(&self) -> Option<String> {
        panic!("it does not describe itself")
    }
}

/// Sends the outer test the outcome that it learns.
struct Told;

impl Resource for Told {
    type Handle = ();

    fn provision(&mut self, _: &Current) -> Result<(), BoxError> {
        Ok(())
    }

    fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
        value("RELEASED", format_args!("{outcome:?}"));
        Ok(())
    }
}

#[isolated]
#[test]
#[ignore = "started by another test"]
fn panics() {
    panic!("on purpose");
}

#[isolated]
#[test]
#[ignore = "started by another test"]
fn returns_an_error() -> Result<(), String> {
    Err("on purpose".to_owned())
}

#[isolated]
#[test]
#[ignore = "started by another test"]
fn returns_a_failure() -> ExitCode {
    ExitCode::FAILURE
}

#[isolated(process)]
#[test]
#[ignore = "started by another test"]
fn returns_a_code() -> ExitCode {
    ExitCode::from(3)
}

#[isolated]
#[test]
#[ignore = "started by another test"]
fn returns_no_code() -> Result<ExitCode, String> {
    Err("on purpose".to_owned())
}

#[isolated]
#[test]
#[should_panic]
#[ignore = "started by another test"]
fn does_not_panic() {}

#[isolated(port, dns = port(udp), both = port(tcp, udp), nodes = port(count = 3))]
#[test]
#[ignore = "started by another test"]
fn has_ports(port: TcpListener, dns: UdpSocket, both: u16, nodes: [u16; 3]) {
    value("PORT", port.local_addr().unwrap().port());
    value("DNS", dns.local_addr().unwrap().port());
    value("BOTH", both);
    value("NODES", nodes.map(|node| node.to_string()).join(", "));
    panic!("on purpose");
}

#[isolated(tmpdir, scratch = tmpdir(keep = "never"), kept = tmpdir(keep = "never"))]
#[test]
#[ignore = "started by another test"]
fn has_directories(tmpdir: &TmpDir, scratch: &TmpDir, kept: &TmpDir) {
    value("TMPDIR", tmpdir.display());
    value("SCRATCH", scratch.display());
    value("KEPT", kept.display());
    kept.keep();
    panic!("on purpose");
}

#[isolated(namespace, topic = namespace, seed, order = seed)]
#[test]
#[ignore = "started by another test"]
fn has_names_and_seeds(namespace: &Namespace, topic: &str, seed: u64, order: u64) {
    value("NAMESPACE", namespace);
    value("TOPIC", topic);
    value("SEED", seed);
    value("ORDER", order);
    panic!("on purpose");
}

#[isolated(server = Server(None), silent = Silent, rude = Rude)]
#[test]
#[ignore = "started by another test"]
fn has_its_own(server: u8) {
    panic!("{server}");
}

#[isolated(port, serial = "report", shared = "reports")]
#[test]
#[ignore = "started by another test"]
fn passes(port: &Port) {
    drop(port.listen());
}

#[isolated(port, tmpdir)]
#[test]
#[should_panic(expected = "on purpose")]
#[ignore = "started by another test"]
fn panics_as_it_should() {
    panic!("on purpose");
}

#[isolated(port, tmpdir)]
#[test]
#[should_panic(expected = "something else")]
#[ignore = "started by another test"]
fn panics_in_another_way(port: u16, tmpdir: &TmpDir) {
    value("PORT", port);
    value("TMPDIR", tmpdir.display());
    panic!("on purpose");
}

#[isolated(port, tmpdir, told = Told, test_attribute = "called by a test")]
async fn never_ends(port: u16, tmpdir: &TmpDir) {
    value("PORT", port);
    value("TMPDIR", tmpdir.display());
    std::future::pending::<()>().await;
}

#[tokio::test]
#[ignore = "started by another test"]
async fn is_given_up() {
    tokio::select! {
        biased;
        () = never_ends() => unreachable!(),
        () = tokio::task::yield_now() => {}
    }
}

#[isolated]
pub(super) mod annotated {
    #[test]
    #[ignore = "started by another test"]
    fn stands_here() {
        panic!("on purpose");
    }

    pub(crate) const LINE: u32 = line!() - 4;

    macro_rules! make {
        ($name:ident) => {
            #[test]
            #[ignore = "started by another test"]
            fn $name() {
                panic!("on purpose");
            }
        };
    }

    make!(is_made_here);

    pub(crate) const MADE: u32 = line!() - 2;
}

#[isolated(tmpdir)]
#[test]
#[ignore = "started by another test"]
fn fails_unheard(tmpdir: &TmpDir) {
    drop(tmpdir.join("evidence"));
    panic!("on purpose");
}
