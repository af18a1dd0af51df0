//! The suite with `#[isolated]`: the free tests know of the others, no more.

#[macro_use]
mod tests;

macro_rules! shared {
    ($name:ident $module:ident $key:literal) => {
        #[isolated_test::isolated(serial = $key)]
        #[test]
        fn $name() {
            crate::tests::five_milliseconds();
        }
    };
}

macro_rules! free {
    ($name:ident $module:ident $key:literal) => {
        #[isolated_test::isolated]
        #[test]
        fn $name() {
            crate::tests::five_milliseconds();
        }
    };
}

suite!(shared, free);
