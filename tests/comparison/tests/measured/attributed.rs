//! The same small tests, written idiomatically for each of the peers.

use std::fs::File;
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

/// With `#[isolated]`.
pub(crate) mod isolated {
    use isolated_test::{Port, TmpDir, isolated};

    #[isolated]
    #[test]
    pub(crate) fn nothing() {}

    #[isolated(tmpdir)]
    #[test]
    pub(crate) fn tmpdir(_tmpdir: &TmpDir) {}

    #[isolated(port)]
    #[test]
    pub(crate) fn port(_port: Port) {}

    #[isolated(serial = "measured")]
    #[test]
    pub(crate) fn serial() {}

    #[isolated(shared = "measured")]
    #[test]
    pub(crate) fn shared() {}

    #[isolated(port, tmpdir, serial = "measured")]
    #[test]
    pub(crate) fn all(_port: Port, _tmpdir: &TmpDir) {}
}

/// With `serial_test`.
pub(crate) mod serial_test_peer {
    use serial_test::{file_parallel, file_serial, parallel, serial};

    #[test]
    #[serial(measured)]
    pub(crate) fn serial() {}

    #[test]
    #[parallel(measured)]
    pub(crate) fn parallel() {}

    #[test]
    #[file_serial(measured)]
    pub(crate) fn file_serial() {}

    #[test]
    #[file_parallel(measured)]
    pub(crate) fn file_parallel() {}

    /// The combination people use today to get all three.
    #[test]
    #[file_serial(measured)]
    pub(crate) fn all() {
        super::tempfile_peer();
        super::bind_and_drop();
    }
}

/// With `test-context`, whose context is a directory.
pub(crate) mod context {
    use test_context::{TestContext, test_context};

    pub(crate) struct Directory {
        directory: tempfile::TempDir,
    }

    impl TestContext for Directory {
        fn setup() -> Self {
            let directory = tempfile::tempdir().expect("the temporary directory can be written");
            Directory { directory }
        }

        fn teardown(self) {
            self.directory
                .close()
                .expect("the directory is still there");
        }
    }

    #[test_context(Directory)]
    #[test]
    pub(crate) fn tmpdir(context: &mut Directory) {
        assert!(!context.directory.path().as_os_str().is_empty());
    }
}

/// Without any crate.
pub(crate) fn nothing() {}

/// With `tempfile` alone.
pub(crate) fn tempfile_peer() {
    drop(tempfile::tempdir().expect("the temporary directory can be written"));
}

/// With a listener that is dropped before its number is used.
pub(crate) fn bind_and_drop() {
    assert!(picked_by_binding() > 0);
}

/// The port of such a listener. Even this bind fails now and then: the kernel may give the same
/// port to two sockets that set `SO_REUSEADDR`, as listeners do, and only the first of them can
/// listen.
pub(crate) fn picked_by_binding() -> u16 {
    loop {
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", 0)) {
            return listener.local_addr().expect("it is bound").port();
        }
    }
}

/// With `portpicker`.
pub(crate) fn portpicker_peer() {
    assert!(portpicker::pick_unused_port().is_some());
}

/// With a static mutex of the standard library.
pub(crate) fn mutex() {
    static MUTEX: Mutex<()> = Mutex::new(());
    drop(MUTEX.lock().unwrap_or_else(PoisonError::into_inner));
}

/// With a file lock of the standard library.
pub(crate) fn std_file() {
    let file = File::open(crate::place::lock()).expect("the file is there");
    file.lock().expect("locks are supported");
}
