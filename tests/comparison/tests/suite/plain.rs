//! The suite without any protection.

#[macro_use]
mod tests;

macro_rules! shared {
    ($name:ident $module:ident $key:literal) => {
        #[test]
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
