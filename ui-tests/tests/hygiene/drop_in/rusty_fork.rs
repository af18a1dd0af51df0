//! `rusty_fork_test!` beside other items with the names that its expansion uses.

use ::core::option::Option::{self, Some};
use ::core::result::Result::{self, Ok};
use ::core::{assert, unreachable};

use ::rusty_fork::rusty_fork_test;

mod core {}
mod std {}
mod isolated_test {}
mod peer {}
struct None;
struct Err;
struct String;
const fn body() {}
const fn begun() {}
const fn marks() {}
const fn process() {}

rusty_fork_test! {
    #![rusty_fork(timeout_ms = 60_000)]

    #[test]
    fn minimal() {}

    /// Documented, as a public function has to be.
    #[test]
    pub fn with_a_value() -> Result<(), u8> {
        body();
        Ok(())
    }

    #[test]
    fn r#match() -> Option<u8> {
        #![expect(unused_variables, reason = "shows that inner attributes apply")]
        let unused = 1;
        Some(1)
    }

    #[test]
    #[should_panic(expected = "on purpose")]
    fn expected() {
        begun();
        marks();
        unreachable!("on purpose");
    }

    #[test]
    #[should_panic(expected = "number 7")]
    fn expected_value() -> Result<(), u8> {
        process();
        assert!(1 > 2, "number 7");
        Ok(())
    }
}
