//! Subprocesses: every form of `env`, `cwd`, `timeout` and `network`.

use std::env::{current_dir, var, var_os};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use isolated_test::{BoxError, Current, Port, Resource, isolated};
use rstest::rstest;
use test_case::test_case;

const LIMIT: Duration = Duration::from_secs(60);

struct Number(u32);

impl Resource for Number {
    type Handle = u32;

    fn provision(&mut self, _: &Current) -> Result<u32, BoxError> {
        Ok(self.0)
    }

    fn transfer() -> isolated_test::Transfer<u32> {
        isolated_test::Transfer::as_text()
    }
}

#[isolated(process)]
#[test]
fn alone_in_a_process() {}

#[isolated(env(
    TEXT = "text",
    STRING = format!("{}-{}", 1, 2),
    NUMBER = 3,
    TRUTH = true,
    ADDRESS = IpAddr::V4(Ipv4Addr::LOCALHOST),
    NOTHING = None::<&str>,
    SOMETHING = Some(Path::new("dir")),
    "odd-name" = 'c',
    r#type = "raw",
    unset(HOME),
    unset(USER, "odd-user"),
))]
#[test]
fn variables() {
    for (name, value) in [
        ("TEXT", "text"),
        ("STRING", "1-2"),
        ("NUMBER", "3"),
        ("TRUTH", "true"),
        ("ADDRESS", "127.0.0.1"),
        ("SOMETHING", "dir"),
        ("odd-name", "c"),
        ("type", "raw"),
    ] {
        assert_eq!(var(name).as_deref(), Ok(value), "{name}");
    }
    for name in ["NOTHING", "HOME", "USER", "odd-user"] {
        assert_eq!(var_os(name), None, "{name}");
    }
}

#[isolated(env(clear, "clear" = "a name as well", "unset" = 1))]
#[test]
fn no_other_variables() {
    assert_eq!(var("clear").as_deref(), Ok("a name as well"));
    assert_eq!(var("unset").as_deref(), Ok("1"));
    assert_eq!(var_os("CARGO_MANIFEST_DIR"), None);
}

#[isolated(
    port,
    several = port(udp, count = 2),
    tmpdir,
    namespace,
    seed,
    env(
        PORT = port,
        ADDRESS = port.addr(),
        SEVERAL = format!("{},{}", several[0], several[1]),
        FORMAT = format!("{port}"),
        DIR = tmpdir,
        FILE = tmpdir.join("file"),
        NAMESPACE = namespace,
        SEED = seed,
    ),
    cwd = tmpdir,
    timeout = LIMIT * 2,
)]
#[test]
fn resources(port: Port, tmpdir: &Path, namespace: &str, seed: u64) {
    assert_eq!(var("PORT"), Ok(port.number().to_string()));
    assert_eq!(var("FORMAT"), Ok(port.to_string()));
    assert_eq!(var("ADDRESS"), Ok(port.addr().to_string()));
    assert!(var("SEVERAL").is_ok_and(|several| several.contains(',')));
    assert_eq!(var_os("DIR"), Some(tmpdir.into()));
    assert_eq!(var_os("FILE"), Some(tmpdir.join("file").into()));
    assert_eq!(var("NAMESPACE").as_deref(), Ok(namespace));
    assert_eq!(var("SEED"), Ok(seed.to_string()));
    assert_eq!(
        current_dir().unwrap(),
        tmpdir.canonicalize().unwrap(),
        "on the way to {}",
        tmpdir.display()
    );
}

#[isolated(cwd, env(DIR = cwd), timeout = "1m 30s")]
#[test]
fn directory_of_its_own(cwd: &Path) {
    assert_eq!(current_dir().unwrap(), cwd.canonicalize().unwrap());
    assert_eq!(var_os("DIR"), Some(cwd.into()));
}

#[isolated(site = tmpdir, other = tmpdir, cwd)]
#[test]
fn first_directory(site: &Path, other: &Path) -> std::io::Result<()> {
    assert_eq!(current_dir()?, site.canonicalize()?);
    assert_ne!(site, other);
    Ok(())
}

#[isolated(cwd = "tests", network(or = "skip"))]
#[test]
fn network() {
    assert!(current_dir().unwrap().ends_with("tests"));
}

#[isolated(network, port)]
#[tokio::test]
async fn asynchronous(port: u16) -> std::io::Result<()> {
    let _listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    Ok(())
}

#[isolated(process, number = Number(4), given = Number(5))]
#[test]
#[should_panic(expected = "nine")]
fn panics(number: &u32, given: u32) {
    assert_ne!(*number + given, 9, "nine");
}

/// The variables are set for the body, too.
#[isolated(env(MODE = mode, LENGTH = mode.len(), FIRST = &mode[..1]), cwd = dir)]
#[rstest]
#[case("fast".to_owned(), "tests".into())]
#[case("slow".to_owned(), std::path::PathBuf::from("src"))]
fn parameters_of_others(#[case] mode: String, #[case] dir: std::path::PathBuf) {
    assert_eq!(var("MODE").as_deref(), Ok(&*mode));
    let mode: String = mode;
    assert!(current_dir().unwrap().ends_with(dir));
    drop(mode);
}

#[isolated(env(MODE = called_like_it))]
#[test_case("a".to_owned())]
fn called_like_it(called_like_it: String) {
    assert_eq!(var("MODE"), Ok(called_like_it));
}

/// An attribute that judges the value runs in the subprocess, too.
mod judged {
    use test_case::{test_case, test_matrix};

    use super::*;

    fn mode() -> &'static str {
        "judged"
    }

    #[isolated(
        env(MODE = self::mode(), LIMIT = super::LIMIT.as_secs(), PORT = port),
        tmpdir,
        port,
        lent = super::Number(4),
        given = Number(5),
        unused = self::super::Number(6),
        network(or = "skip"),
    )]
    #[test_case(1 => 10)]
    #[test_case(2 => matches 11; "matches")]
    #[test_case(3 => panics "three")]
    fn value(n: u32, tmpdir: &Path, lent: &u32, given: u32, port: u16) -> u32 {
        assert_ne!(n, 3, "three");
        assert_eq!(var("MODE").as_deref(), Ok("judged"));
        assert_eq!(var("PORT"), Ok(port.to_string()));
        assert!(tmpdir.exists());
        n + lent + given
    }

    #[isolated(process)]
    #[test_case("one" => panics "one")]
    fn panic(text: &str) {
        panic!("{text}");
    }

    #[isolated(timeout = "30s")]
    #[test_matrix([1, 2], [3, 4] => true)]
    fn matrix(a: u32, b: u32) -> bool {
        a < b
    }

    #[isolated(env(MODE = mode))]
    #[test_case("fast".to_owned())]
    fn not_judged(mode: String) -> Result<(), String> {
        if var("MODE").as_deref() == Ok(&mode) {
            Ok(())
        } else {
            Err(mode)
        }
    }
}

#[isolated(
    env(A = "module", B = "module", clear),
    cwd,
    timeout = "1h",
    network(or = "serial")
)]
mod module {
    use test_case::test_case;

    use super::*;

    #[test]
    fn inherits() {
        assert_eq!(var("A").as_deref(), Ok("module"));
    }

    #[isolated(env(A = "test", unset(B)), tmpdir, timeout = "1.5s")]
    #[test]
    fn replaces(tmpdir: &Path) {
        assert_eq!(var("A").as_deref(), Ok("test"));
        assert_eq!(var_os("B"), None);
        assert_eq!(current_dir().unwrap(), tmpdir.canonicalize().unwrap());
    }

    #[isolated(cwd = "tests")]
    #[test_case(1 => "module".to_owned())]
    fn judged(_n: u32) -> String {
        assert!(current_dir().unwrap().ends_with("tests"));
        var("A").unwrap()
    }
}
