//! Leftovers of tests that panic, are killed, or return an error.

use std::fs;
use std::panic::catch_unwind;
use std::sync::Mutex;

use crate::observed::{file, say, stay};

/// A failed test, then another test with the same lock. The second prints `got it`.
mod panics {
    use super::{Mutex, catch_unwind, say};

    static MUTEX: Mutex<()> = Mutex::new(());

    #[test]
    fn mutex() {
        let failed = catch_unwind(|| {
            let _guard = MUTEX.lock().unwrap();
            panic!("as a test that fails");
        });
        assert!(failed.is_err());
        let _guard = MUTEX.lock().unwrap();
        say("got it");
    }

    macro_rules! after_a_panic {
        ($name:ident, ($($first:meta)?), ($($second:meta)?)) => {
            mod $name {
                $(#[$first])?
                #[test]
                $(#[$second])?
                fn fails() {
                    panic!("as a test that fails");
                }

                $(#[$first])?
                #[test]
                $(#[$second])?
                fn wants() {
                    crate::observed::say("got it");
                }

                #[test]
                fn both() {
                    assert!(std::panic::catch_unwind(fails).is_err());
                    wants();
                }
            }
        };
    }

    after_a_panic!(isolated, (isolated_test::isolated(serial = "panics")), ());
    after_a_panic!(serial, (), (serial_test::serial(panics)));
    after_a_panic!(file_serial, (), (serial_test::file_serial(panics)));
}

/// Cleanup of a test that panics.
mod teardown {
    use super::{file, fs};

    fn clean_up() {
        fs::write(file("cleaned"), "").expect("it can be written");
    }

    mod sealed {
        use sealed_test::prelude::*;

        #[sealed_test(after = super::clean_up())]
        fn fails() {
            assert!(
                std::env::temp_dir().as_os_str().is_empty(),
                "as a test that fails"
            );
        }
    }

    mod context {
        use test_context::{TestContext, test_context};

        struct Context;

        impl TestContext for Context {
            fn setup() -> Self {
                Context
            }

            fn teardown(self) {
                super::clean_up();
            }
        }

        #[test_context(Context)]
        #[test]
        fn fails(context: &mut Context) {
            let Context = context;
            panic!("as a test that fails");
        }
    }

    mod isolated {
        use isolated_test::{BoxError, Current, Outcome, Resource, isolated};

        struct Cleaned;

        impl Resource for Cleaned {
            type Handle = ();

            fn provision(&mut self, _test: &Current) -> Result<(), BoxError> {
                Ok(())
            }

            fn release(&mut self, _outcome: Outcome) -> Result<(), BoxError> {
                super::clean_up();
                Ok(())
            }
        }

        #[isolated(cleaned = Cleaned)]
        #[test]
        fn fails() {
            panic!("as a test that fails");
        }
    }
}

/// A retried test that always returns an error.
#[expect(
    unused_must_use,
    reason = "it is what `flaky_test` does with the value"
)]
mod retried {
    #[flaky_test::flaky_test]
    fn flaky() -> Result<(), String> {
        Err("it always fails".to_owned())
    }

    #[isolated_test::isolated(retries = 2)]
    #[test]
    fn isolated() -> Result<(), String> {
        Err("it always fails".to_owned())
    }
}

/// Tests that are killed while they have a directory, and the test that runs next.
mod directories {
    use super::stay;

    mod isolated {
        use isolated_test::{TmpDir, isolated};

        #[isolated(tmpdir)]
        #[test]
        fn killed(_tmpdir: &TmpDir) {
            super::stay();
        }

        #[isolated(tmpdir)]
        #[test]
        fn next(_tmpdir: &TmpDir) {}
    }

    mod tempfile_peer {
        #[test]
        fn killed() {
            let _directory = tempfile::tempdir().expect("it can be made");
            super::stay();
        }

        #[test]
        fn next() {
            let _directory = tempfile::tempdir().expect("it can be made");
        }
    }

    mod sealed {
        use sealed_test::prelude::*;

        #[sealed_test]
        fn killed() {
            super::stay();
        }

        #[sealed_test]
        fn next() {}
    }
}
