//! The suite with `#[isolated]`. The free tests carry the bare attribute, which keeps them apart
//! only from tests that run alone.

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
