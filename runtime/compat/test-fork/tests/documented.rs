//! What the peer documents, and what its own tests show, word for word where it matters.

#![expect(
    clippy::should_panic_without_expect,
    reason = "as the peer documents it"
)]

#[test_fork::test]
fn trivial() {}

#[test_fork::test]
#[expect(clippy::unnecessary_wraps, reason = "a value is what is tested")]
fn trivial_with_ok() -> Result<(), &'static str> {
    Ok(())
}

#[test_fork::test]
fn output_spam() {
    for _ in 0..100_000 {
        println!("test");
    }
}

#[test_fork::test]
#[should_panic]
fn panicking_child() {
    panic!("just testing a panic, nothing to see here")
}

#[test_fork::test]
#[should_panic(expected = "expected message")]
fn panicking_child_with_message() {
    panic!("this is the expected message, in full")
}

#[test_fork::fork]
#[test]
fn fork_attr() {}

#[tokio::test]
#[test_fork::test]
async fn async_test() {}

#[tokio::test]
#[test_fork::fork]
async fn async_test_fork_attr() {}

#[tokio::test]
#[test_fork::test]
#[should_panic]
async fn async_test_panicking() {
    panic!("panic makes the world go 'round")
}

mod imported {
    use test_fork::test;

    #[test]
    fn test1() {
        assert_eq!(2 + 2, 4);
        assert!(std::env::var("TEST_FORK_OCCURS").is_ok());
    }

    // Such a test would otherwise be forked twice.
    #[test_fork::fork]
    #[test]
    fn test2() {
        assert_eq!(2 + 3, 5);
        assert_eq!(std::env::var("TEST_FORK_OCCURS").unwrap().len(), 17);
    }
}

mod imported_too {
    use test_fork::fork;

    #[fork]
    #[test]
    fn test2() {
        assert_eq!(2 + 3, 5);
    }

    #[tokio::test]
    #[fork]
    async fn test3() {
        assert_eq!(2 + 4, 6);
    }
}
