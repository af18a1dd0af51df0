//! The suite with `serial_test` and its lock files.

#[macro_use]
mod tests;

macro_rules! shared {
    ($name:ident $module:ident $key:literal) => {
        #[test]
        #[serial_test::file_serial($module)]
        fn $name() {
            crate::tests::five_milliseconds();
        }
    };
}

macro_rules! free {
    ($name:ident $module:ident $key:literal) => {
        #[test]
        fn $name() {
            crate::tests::five_milliseconds();
        }
    };
}

suite!(shared, free);
