//! Tests that hold a lock until they are killed, and tests that want the lock.

use crate::observed::{say, stay};

pub(crate) mod isolated {
    use isolated_test::isolated;

    #[isolated(serial = "held")]
    #[test]
    fn holds() {
        super::stay();
    }

    #[isolated(shared = "held")]
    #[test]
    fn holds_shared() {
        super::stay();
    }

    #[isolated(serial = "held")]
    #[test]
    fn wants() {
        super::say("got it");
    }

    /// Leaves behind a fork of itself that inherits all its descriptors.
    #[isolated(serial = "held", process)]
    #[test]
    fn forks() {
        super::fork();
    }
}

pub(crate) mod serial_test_peer {
    use serial_test::{file_parallel, file_serial};

    #[test]
    #[file_serial(held)]
    fn holds() {
        super::stay();
    }

    #[test]
    #[file_parallel(held)]
    fn holds_shared() {
        super::stay();
    }

    #[test]
    #[file_serial(held)]
    fn wants() {
        super::say("got it");
    }

    #[test]
    #[file_serial(held)]
    fn forks() {
        super::fork();
    }
}

fn fork() {
    let child = isolated_test_tests::plain::fork_and_stay().expect("a process can be started");
    crate::observed::tell(&format!("ready {child}"));
}
