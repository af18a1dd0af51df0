//! Checks whether two tests overlap: in a module inside an annotated module, and in two processes.

use crate::observed::tell;

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

/// Tells the command that a test is inside, and stays until the command has seen whether another
/// one comes in.
pub(crate) fn alone() {
    tell("inside");
}
