//! Parameters of a test in a subprocess: every resource in every form.

#![cfg(any(target_os = "linux", windows))]

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};

use isolated_test::{
    BoxError, Current, Namespace, Outcome, Port, Resource, TmpDir, Transfer, current, isolated,
};
use isolated_test_tests::State;

mod inner {
    use isolated_test::isolated;
    use isolated_test_tests::say;

    #[isolated(process, seed, second = seed)]
    #[test]
    #[ignore = "started by another test"]
    fn says_its_seeds(seed: u64, second: u64) {
        say(&format!("seeds {seed} {second}"));
    }

    #[isolated(seed, second = seed)]
    #[test]
    #[ignore = "started by another test"]
    fn says_its_seeds_in_place(seed: u64, second: u64) {
        say(&format!("seeds {seed} {second}"));
    }
}

#[isolated(process, port, b = port, c = port, d = port, e = port)]
#[test]
fn ports(port: Port, b: &Port, c: u16, d: SocketAddr, e: TcpListener) {
    let numbers = [
        port.number(),
        b.number(),
        c,
        d.port(),
        e.local_addr().unwrap().port(),
    ];
    for (index, number) in numbers.iter().enumerate() {
        assert!(*number > 0 && !numbers[..index].contains(number));
    }
    drop(port.listen().unwrap());
    drop(TcpListener::bind((Ipv4Addr::LOCALHOST, b.number())).unwrap());
    TcpStream::connect(d).expect_err("nobody listens");
    let client = TcpStream::connect((Ipv4Addr::LOCALHOST, numbers[4])).unwrap();
    let (_, peer) = e.accept().unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
}

#[isolated(process, port(udp), b = port(udp), both = port(tcp, udp))]
#[test]
fn udp_ports(port: UdpSocket, b: u16, both: &Port) {
    let number = port.local_addr().unwrap().port();
    assert!(number != b && both.number() != number);
    let (tcp, udp) = (both.listen().unwrap(), both.bind_udp().unwrap());
    assert_eq!(
        tcp.local_addr().unwrap().port(),
        udp.local_addr().unwrap().port()
    );
    udp.send_to(b"word", (Ipv4Addr::LOCALHOST, number)).unwrap();
    let mut word = [0; 4];
    port.recv(&mut word).unwrap();
    assert_eq!(&word, b"word");
}

#[isolated(process, nodes = port(count = 3), others = port(count = 2), sockets = port(count = 2))]
#[test]
fn several_ports(nodes: [u16; 3], others: Vec<Port>, sockets: [TcpListener; 2]) {
    let named = current().ports("nodes");
    assert_eq!(named.iter().map(Port::number).collect::<Vec<_>>(), nodes);
    assert_eq!(others.len(), 2);
    for socket in sockets {
        TcpStream::connect((Ipv4Addr::LOCALHOST, socket.local_addr().unwrap().port())).unwrap();
    }
}

#[isolated(process, tmpdir, b = tmpdir, c = tmpdir, d = tmpdir(from = "fixtures/site"))]
#[test]
fn directories(tmpdir: TmpDir, b: &TmpDir, c: &Path, d: PathBuf) {
    let all = [tmpdir.path(), b.path(), c, &d];
    for (index, dir) in all.iter().enumerate() {
        assert!(dir.is_dir() && !all[..index].contains(dir));
        std::fs::write(dir.join("mine"), "text").unwrap();
    }
    assert!(d.read_dir().unwrap().count() > 1, "a copy, and a file");
    assert_eq!(current().tmpdir_named("b").unwrap().path(), b.path());
}

#[isolated(process, namespace, b = namespace, c = namespace, d = namespace)]
#[test]
fn namespaces(namespace: Namespace, b: &Namespace, c: &str, d: String) {
    let all = [namespace.as_str(), b.as_str(), c, &d];
    for (index, name) in all.iter().enumerate() {
        assert!(!name.is_empty() && !all[..index].contains(name));
    }
    assert_eq!(current().namespace().as_str(), namespace.as_str());
}

#[test]
fn seeds_are_those_that_the_test_has_in_place() {
    let state = State::new();
    let seeds = |test| {
        let run = state.inner(test).env("ISOLATED_SEED", "42").run().passed();
        run.said("seeds").unwrap().to_owned()
    };
    let elsewhere = seeds("says_its_seeds");
    assert!(elsewhere.starts_with("42 "), "{elsewhere}");
    assert_eq!(elsewhere, seeds("says_its_seeds_in_place"));
}

/// A resource whose handle is the process in which it is provisioned.
struct Here;

struct Whereabouts(u32);

impl Resource for Here {
    type Handle = Whereabouts;

    fn provision(&mut self, test: &Current) -> Result<Whereabouts, BoxError> {
        assert!(test.tmpdir().is_dir());
        Ok(Whereabouts(std::process::id()))
    }

    fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
        assert_eq!(outcome, Outcome::Passed);
        assert!(current().tmpdir().is_dir());
        Ok(())
    }
}

#[isolated(process, tmpdir, one = Here, other = Here)]
#[test]
fn resources_that_stay_are_provisioned_in_the_process(one: &Whereabouts, other: Whereabouts) {
    assert_eq!((one.0, other.0), (std::process::id(), std::process::id()));
    assert!(current().resource::<Whereabouts>("one").is_some());
    assert!(current().resource::<Whereabouts>("other").is_none());
}

/// The same with a handle that is transferred as text.
struct AsText;

impl Resource for AsText {
    type Handle = u32;

    fn provision(&mut self, _: &Current) -> Result<u32, BoxError> {
        Ok(std::process::id())
    }

    fn release(&mut self, _: Outcome) -> Result<(), BoxError> {
        assert!(std::env::var_os("PARENT").is_none(), "this is the parent");
        Ok(())
    }

    fn transfer() -> Transfer<u32> {
        Transfer::as_text()
    }
}

#[isolated(process, one = AsText, other = AsText, env(PARENT = one))]
#[test]
fn resources_that_travel_are_provisioned_in_the_parent(one: &u32, other: u32) {
    assert_eq!(*one, other);
    assert_ne!(other, std::process::id());
    assert_eq!(std::env::var("PARENT").unwrap(), other.to_string());
    assert_eq!(current().resource::<u32>("one").as_deref(), Some(one));
}

/// A pair without its own text form.
#[derive(Debug, PartialEq)]
struct Pair(u8, String);

impl Resource for Pair {
    type Handle = Pair;

    fn provision(&mut self, _: &Current) -> Result<Pair, BoxError> {
        Ok(Pair(self.0, std::mem::take(&mut self.1)))
    }

    fn transfer() -> Transfer<Pair> {
        Transfer::with(
            |pair| format!("{} {}", pair.0, pair.1),
            |text| {
                let (number, text) = text.split_once(' ').ok_or("no space")?;
                Ok(Pair(number.parse()?, text.to_owned()))
            },
        )
    }
}

#[isolated(process, pair = Pair(7, "größer\0als".to_owned()))]
#[test]
fn resources_travel_as_they_say(pair: Pair) {
    assert_eq!(pair, Pair(7, "größer\0als".to_owned()));
}

#[isolated(process, port, tmpdir, one = Here, pair = Pair(1, String::new()))]
#[tokio::test]
#[should_panic(expected = "ready")]
async fn order_does_not_matter_to_those_who_do_not_see_each_other(pair: &Pair) {
    assert_eq!(pair.0, 1);
    panic!("ready");
}
