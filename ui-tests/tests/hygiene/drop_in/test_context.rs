//! `#[test_context]` beside other items with the names that its expansion uses.

use ::core::result::Result::{self, Ok};
use ::core::{assert, assert_eq};

use ::test_context::{AsyncTestContext, TestContext, test_context};
use ::tokio;

mod core {}
mod std {}
mod isolated_test {}
struct None;
struct Err;
struct String;
const fn body() {}
const fn context() {}
const fn ended() {}
const fn with() {}

#[derive(Debug, Clone, Copy)]
struct Number(u8);

impl TestContext for Number {
    fn setup() -> Self {
        Self(1)
    }
}

#[derive(Debug, Clone, Copy)]
struct Later(u8);

impl AsyncTestContext for Later {
    async fn setup() -> Self {
        Self(1)
    }
}

#[test_context(Number)]
#[test]
fn minimal(number: &mut Number) {
    number.0 += 1;
    assert_eq!(number.0, 2);
}

/// Documented, as a public function has to be.
#[test_context(Number)]
#[test]
pub fn with_a_value(r#type: &Number) -> Result<(), u8> {
    #![expect(unused_variables, reason = "shows that inner attributes apply")]
    let unused = 1;
    body();
    assert!(r#type.0 > 0);
    Ok(())
}

#[test_context(Number, skip_teardown)]
#[test]
fn owned(number: Number) {
    context();
    assert_eq!(number.0, 1);
}

#[test_context(Later)]
#[::tokio::test]
async fn asynchronous(later: &mut Later) {
    ended();
    later.0 += 1;
    assert_eq!(later.0, 2);
}

#[test_context(Later, skip_teardown)]
#[::tokio::test]
async fn asynchronous_with_skip(_later: &Later) {
    with();
}
