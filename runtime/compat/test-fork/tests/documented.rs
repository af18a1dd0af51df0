//! Each form that the peer documents: both attributes, with and without a runtime above them.

use std::process::ExitCode;

#[test_fork::test]
fn passes() {}

#[test_fork::test]
fn returns_a_code() -> ExitCode {
    ExitCode::SUCCESS
}

/// More than a pipe holds.
#[test_fork::test]
fn prints_much() {
    for line in 0..20_000 {
        println!("order {line}");
    }
}

#[test_fork::test]
#[should_panic(expected = "no lines")]
fn fails_as_expected() {
    unreachable!("the order has no lines");
}

#[test_fork::test]
#[should_panic]
#[expect(clippy::should_panic_without_expect, reason = "the form that is shown")]
fn fails_in_any_way() {
    unreachable!("the order has no lines");
}

#[test_fork::fork]
#[test]
fn stands_above_a_test() {}

#[tokio::test]
#[test_fork::test]
async fn stands_below_a_runtime() {}

#[tokio::test]
#[test_fork::fork]
async fn is_forked_below_a_runtime() {}

#[tokio::test]
#[test_fork::test]
#[should_panic(expected = "no lines")]
async fn fails_below_a_runtime() {
    unreachable!("the order has no lines");
}

mod with_test_imported {
    use test_fork::test;

    #[test]
    fn is_forked() {
        assert!(std::env::var("TEST_FORK_OCCURS").is_ok());
    }

    /// Not forked twice, although `test` means the attribute of the peer.
    #[test_fork::fork]
    #[test]
    fn is_forked_once() {
        assert_eq!(std::env::var("TEST_FORK_OCCURS").unwrap().len(), 17);
    }
}

mod with_fork_imported {
    use test_fork::fork;

    #[fork]
    #[test]
    fn is_forked() {
        assert!(std::env::var("TEST_FORK_OCCURS").is_ok());
    }

    #[tokio::test]
    #[fork]
    async fn is_forked_below_a_runtime() {
        assert!(std::env::var("TEST_FORK_OCCURS").is_ok());
    }
}
