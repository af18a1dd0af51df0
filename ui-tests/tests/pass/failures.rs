//! Every form of `retries` and `quarantine`.

use std::path::Path;

use isolated_test::{Port, isolated};
use rstest::rstest;

const RETRIES: u32 = 2;
const LINK: &str = "https://example.org/issues/1234";

const fn retries() -> u32 {
    RETRIES + 1
}

#[isolated(retries = 3)]
#[test]
fn again() {}

#[isolated(retries = 0)]
#[test]
fn never_again() {}

#[isolated(retries = 100, port, timeout = "30s")]
#[test]
fn often(port: Port) {
    assert_ne!(port.number(), 0);
}

#[isolated(retries = RETRIES)]
#[test]
fn constant() {}

#[isolated(retries = retries() * 2, quarantine = LINK, tmpdir, cwd)]
#[test]
fn expressions(tmpdir: &Path) -> std::io::Result<()> {
    assert_eq!(std::env::current_dir()?, tmpdir.canonicalize()?);
    Ok(())
}

#[isolated(quarantine = "waits for a release")]
#[test]
fn quarantined() {}

#[isolated(quarantine = concat!("waits for ", "a release"))]
#[test]
#[should_panic(expected = "released")]
fn quarantined_panic() {
    panic!("released");
}

#[isolated(retries = 1, quarantine = "waits for a release", port)]
#[tokio::test]
async fn asynchronous(port: u16) -> std::io::Result<()> {
    let _listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    Ok(())
}

/// The names are reserved as arguments only.
#[isolated(retries = RETRIES, quarantine = LINK)]
#[rstest]
#[case(3, "text")]
fn parameters_of_others(#[case] retries: u32, #[case] quarantine: &str) {
    assert!(retries == 3 && quarantine == "text");
}

/// An attribute that judges the value or the panic does so in a subprocess, too.
mod judged {
    use test_case::{test_case, test_matrix};

    use super::*;

    #[isolated(retries = super::RETRIES, quarantine = self::LINK)]
    #[test_case(1 => 2)]
    #[test_case(2 => matches 4)]
    #[test_case(3 => panics "three")]
    fn value(n: u32) -> u32 {
        assert_ne!(n, 3, "three");
        n * 2
    }

    #[isolated(retries = retries())]
    #[test_matrix([1, 2], [3, 4] => true)]
    fn matrix(a: u32, b: u32) -> bool {
        a < b
    }
}

#[isolated(retries = 3, quarantine = "the module")]
mod module {
    use isolated_test::isolated;

    #[test]
    fn inherits() {}

    #[isolated(retries = 0, quarantine = super::LINK)]
    #[test]
    fn replaces() {}

    #[isolated(retries = crate::failures::RETRIES)]
    mod inner {
        #[test]
        fn inherits() {}
    }
}
