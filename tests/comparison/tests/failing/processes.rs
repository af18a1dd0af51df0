//! Tests in subprocesses that leave something behind or set variables.

use crate::observed::{say, sleep, start};

mod leaves {
    mod isolated {
        #[isolated_test::isolated(process)]
        #[test]
        fn program() {
            super::super::start("lingers");
        }
    }

    mod rusty {
        use rusty_fork::rusty_fork_test;

        rusty_fork_test! {
            #[test]
            fn program() { super::super::start("lingers"); }
        }
    }

    mod forked {
        #[test_fork::fork]
        #[test]
        fn program() {
            super::super::start("lingers");
        }
    }

    mod sealed {
        use sealed_test::prelude::*;

        #[sealed_test]
        fn program() {
            super::super::start("lingers");
        }
    }
}

/// A hanging test with a server, which runs until it times out.
mod hangs {
    use super::{sleep, start};

    fn server() {
        start("serves");
        sleep(15_000);
    }

    mod isolated {
        #[isolated_test::isolated(timeout = "500ms")]
        #[test]
        fn with_a_server() {
            super::server();
        }
    }

    mod rusty {
        use rusty_fork::rusty_fork_test;

        rusty_fork_test! {
            #![rusty_fork(timeout_ms = 500)]
            #[test]
            fn with_a_server() { super::server(); }
        }
    }
}

/// Two asynchronous tests that set one variable to different values.
mod variables {
    use super::{say, sleep};

    async fn body(wanted: &str, milliseconds: u64) -> bool {
        tokio::time::sleep(std::time::Duration::from_millis(milliseconds)).await;
        std::env::var("COMPARE_WHO").is_ok_and(|who| who == wanted)
    }

    #[tokio::test]
    async fn temp_env_peer() {
        let one = temp_env::async_with_vars([("COMPARE_WHO", Some("one"))], body("one", 20));
        let two = temp_env::async_with_vars([("COMPARE_WHO", Some("two"))], body("two", 60));
        let (one, two) = tokio::join!(one, two);
        say(if one && two {
            "each has its own"
        } else {
            "mixed"
        });
    }

    mod isolated {
        use isolated_test::isolated;

        #[isolated(env(COMPARE_WHO = "one"))]
        #[tokio::test]
        async fn one() {
            assert!(super::body("one", 20).await);
            super::sleep(100);
        }

        #[isolated(env(COMPARE_WHO = "two"))]
        #[tokio::test]
        async fn two() {
            assert!(super::body("two", 60).await);
            super::sleep(100);
        }
    }
}
