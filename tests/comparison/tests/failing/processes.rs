//! Tests in subprocesses that leave something behind or set variables.

use crate::observed::{say, start, tell};

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
    use super::start;

    fn server() {
        start("serves");
        loop {
            std::thread::park();
        }
    }

    mod isolated {
        #[isolated_test::isolated(timeout = "2s")]
        #[test]
        fn with_a_server() {
            super::server();
        }
    }

    mod rusty {
        use rusty_fork::rusty_fork_test;

        rusty_fork_test! {
            #![rusty_fork(timeout_ms = 2000)]
            #[test]
            fn with_a_server() { super::server(); }
        }
    }
}

/// Two asynchronous tests that set one variable to different values.
mod variables {
    use super::{say, tell};

    /// Whether the variable has this value after some steps, in which the other test sets it.
    async fn body(wanted: &str, steps: u32) -> bool {
        for _ in 0..steps {
            tokio::task::yield_now().await;
        }
        std::env::var("COMPARE_WHO").is_ok_and(|who| who == wanted)
    }

    #[tokio::test]
    async fn temp_env_peer() {
        let one = temp_env::async_with_vars([("COMPARE_WHO", Some("one"))], body("one", 1));
        let two = temp_env::async_with_vars([("COMPARE_WHO", Some("two"))], body("two", 2));
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
            super::tell("inside");
            assert!(super::body("one", 1).await);
        }

        #[isolated(env(COMPARE_WHO = "two"))]
        #[tokio::test]
        async fn two() {
            super::tell("inside");
            assert!(super::body("two", 2).await);
        }
    }
}
