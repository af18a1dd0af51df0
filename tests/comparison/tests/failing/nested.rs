//! Checks whether two tests overlap: in a module inside an annotated module, and in two processes.

use std::fs::{self, OpenOptions};

use crate::observed::{file, sleep};

mod isolated {
    #[isolated_test::isolated(serial = "nested")]
    mod outer {
        mod inner {
            #[test]
            fn one() {
                crate::nested::alone();
            }

            #[test]
            fn two() {
                crate::nested::alone();
            }
        }
    }
}

mod serial_test_peer {
    #[serial_test::serial(nested)]
    mod outer {
        mod inner {
            #[test]
            fn one() {
                crate::nested::alone();
            }

            #[test]
            fn two() {
                crate::nested::alone();
            }
        }
    }
}

mod serial_alone {
    use serial_test::serial;

    #[test]
    #[serial(alone)]
    fn one() {
        super::alone();
    }

    #[test]
    #[serial(alone)]
    fn two() {
        super::alone();
    }
}

mod file_serial_alone {
    use serial_test::file_serial;

    #[test]
    #[file_serial(alone)]
    fn one() {
        super::alone();
    }

    #[test]
    #[file_serial(alone)]
    fn two() {
        super::alone();
    }
}

mod isolated_alone {
    use isolated_test::isolated;

    #[isolated(serial = "alone")]
    #[test]
    fn one() {
        super::alone();
    }

    #[isolated(serial = "alone")]
    #[test]
    fn two() {
        super::alone();
    }
}

/// Fails if another test is inside.
pub(crate) fn alone() {
    let path = file("inside");
    let entered = OpenOptions::new().write(true).create_new(true).open(&path);
    assert!(
        entered.is_ok(),
        "two tests with one key run at the same time"
    );
    sleep(300);
    fs::remove_file(path).expect("nobody else removes it");
}
