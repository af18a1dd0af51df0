//! Functions as users write them.

#![expect(
    clippy::should_panic_without_expect,
    clippy::toplevel_ref_arg,
    reason = "people write it"
)]

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Termination};

use isolated_test::{BoxError, Current, Key, Namespace, Port, Resource, TmpDir, isolated};

const TCP: Key = Key::new("ui-tests tcp");

/// A custom resource: a number that is handed out doubled.
struct Doubled(u32);

impl Resource for Doubled {
    type Handle = u32;

    fn provision(&mut self, _: &Current) -> Result<u32, BoxError> {
        Ok(self.0 * 2)
    }
}

fn doubled<A: Into<B>, B: Into<u32>>(number: A) -> Doubled {
    Doubled(number.into().into())
}

#[isolated]
#[test]
fn nothing() {}

#[isolated()]
#[test]
fn empty_list() {}

#[isolated(port, a = port, b = port, c = port, d = port)]
#[test]
fn forms_of_a_port(port: Port, a: &Port, b: u16, c: SocketAddr, d: TcpListener) {
    let numbers = [
        port.number(),
        a.number(),
        b,
        c.port(),
        d.local_addr().unwrap().port(),
    ];
    assert!((1..5).all(|index| !numbers[index..].contains(&numbers[index - 1])));
}

#[isolated(udp = port(udp), both = port(tcp, udp), tcp = port(tcp))]
#[test]
fn protocols(udp: UdpSocket, both: UdpSocket, tcp: u16) {
    assert_ne!(udp.local_addr().unwrap(), both.local_addr().unwrap());
    assert_ne!(tcp, 0);
}

#[isolated(port = port(count = 3), numbers = port(count = 2), listeners = port(count = 1))]
#[test]
fn several_ports(port: &[Port], numbers: [u16; 2], listeners: Vec<TcpListener>) {
    assert_eq!((port.len(), numbers.len(), listeners.len()), (3, 2, 1));
}

#[isolated(tmpdir, a = tmpdir, b = tmpdir(keep = "never"), c = tmpdir(from = "tests/pass"))]
#[test]
fn forms_of_a_tmpdir(tmpdir: TmpDir, a: &TmpDir, b: &Path, c: PathBuf) {
    assert!(tmpdir.path() != a.path() && b.is_dir() && c.join("signatures.rs").is_file());
}

#[isolated(namespace, a = namespace, b = namespace, c = namespace, seed)]
#[test]
fn identifiers(namespace: Namespace, a: &Namespace, b: &str, c: String, seed: u64) {
    assert!(namespace.to_string() != a.to_string() && b != c);
    assert!(seed.checked_add(0).is_some());
}

#[isolated(lent = Doubled(1), given = doubled::<u8, u16>(2), unused = { Doubled(3) })]
#[test]
fn own_resources(given: u32, lent: &u32) {
    assert_eq!((*lent, given), (2, 4));
}

#[isolated(serial = TCP, shared = ["ui-tests a", Key::new("ui-tests b")], limit("ui-tests c", 2), limit(Key::new("ui-tests d"), 1 + 1))]
#[test]
fn locks() {}

#[isolated(serial, alone)]
#[test]
fn locks_without_a_key() {}

#[isolated(port)]
#[test]
fn underscore(_port: u16) {}

#[isolated(port, seed)]
#[test]
fn mutable(mut port: u16, ref seed: u64) {
    port = port.wrapping_add(1);
    assert!(u64::from(port) != *seed || port == 0);
}

#[isolated(r#type = seed, r#match = port)]
#[test]
fn r#fn(r#type: u64, r#match: u16) {
    assert!(r#type > 0 || r#match > 0);
}

#[isolated(tmpdir)]
#[test]
fn lifetimes<'a>(tmpdir: &'a Path) {
    let dir: &'a Path = tmpdir;
    assert!(dir.exists());
}

#[isolated(tmpdir)]
#[test]
fn question_mark(tmpdir: &Path) -> std::io::Result<()> {
    std::fs::write(tmpdir.join("a"), "a")?;
    Ok(())
}

#[isolated]
#[test]
fn exit_code() -> ExitCode {
    ExitCode::SUCCESS
}

#[isolated]
#[test]
fn termination() -> impl Termination {}

#[isolated]
#[test]
#[should_panic(expected = "never")]
fn never_returns() -> ! {
    panic!("never")
}

#[isolated(port)]
#[test]
#[should_panic]
fn panics(port: Port) {
    assert_eq!(port.number(), 0);
}

#[isolated]
#[should_panic = "for this reason"]
#[test]
fn panics_for_a_reason() {
    panic!("for this reason")
}

#[isolated]
#[cfg_attr(all(), should_panic)]
#[test]
fn panics_on_a_condition() {
    panic!("on a condition")
}

#[isolated]
#[test]
#[ignore = "started by another test"]
fn ignored() {}

#[test]
fn an_ignored_test_runs_when_asked() {
    let run = |extra: &[&str]| {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["signatures::ignored", "--exact"])
            .args(extra)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let (unasked, asked) = (run(&[]), run(&["--ignored"]));
    assert!(
        unasked.contains("0 passed; 0 failed; 1 ignored"),
        "{unasked}"
    );
    assert!(asked.contains("1 passed"), "{asked}");
}

#[isolated]
#[test]
extern "C" fn foreign_abi() {}

#[isolated(port)]
#[test]
fn parameters_on_a_condition(
    #[cfg(panic = "unwind")] port: u16,
    #[cfg(panic = "abort")] port: String,
) {
    assert_ne!(port, 0);
}

/// In the body, the name refers to the function as written.
#[isolated]
#[test]
fn recursive() {
    let function: fn() = recursive;
    assert_eq!(size_of_val(&function), size_of::<usize>());
}
