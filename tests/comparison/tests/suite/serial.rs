//! The suite with `serial_test`, which protects only within one process.

#[macro_use]
mod tests;

macro_rules! shared {
    ($name:ident $module:ident $key:literal) => {
        #[test]
        #[serial_test::serial($module)]
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
