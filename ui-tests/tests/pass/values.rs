//! Values in every signature and below every attribute.

use std::fmt::Display;
use std::process::{ExitCode, Termination};

use isolated_test::{TmpDir, isolated};
use quickcheck_macros::quickcheck;
use test_context::{TestContext, test_context};

struct Shop(u32);

impl TestContext for Shop {
    fn setup() -> Shop {
        Shop(1)
    }
}

#[isolated(two = value(2_u32))]
#[test_context(Shop)]
#[test]
fn beside_a_context(shop: &mut Shop, two: u32) {
    shop.0 += two;
    assert_eq!(shop.0, 3);
}

#[isolated(most = value(u8::MAX))]
#[quickcheck]
fn for_every_call(number: u8, most: u8) -> bool {
    number <= most
}

#[isolated(one = value(1))]
#[test]
fn returns_something(one: u8) -> impl Termination {
    ExitCode::from(one - 1)
}

#[isolated(one = value(async { 1 }.await))]
#[tokio::test]
async fn returns_something_later(one: u8) -> impl Termination {
    tokio::task::yield_now().await;
    ExitCode::from(one - 1)
}

#[isolated(one = value(1))]
#[test]
#[should_panic(expected = "number 1")]
fn never_returns(one: u8) -> ! {
    panic!("number {one}");
}

#[isolated(tmpdir, text = value(String::from("text")), file = value(tmpdir.join("file")))]
#[test]
fn borrows<'a>(text: &'a str, file: &'a std::path::Path, tmpdir: &'a TmpDir) {
    assert!(text == "text" && file.parent() == Some(tmpdir.path()));
}

#[isolated(closure = value(|number: u8| number + 1), boxed = value(Box::new(1) as Box<dyn Display>))]
#[test]
fn has_unsized_types(closure: &dyn Fn(u8) -> u8, boxed: &dyn Display) {
    assert_eq!((closure(1), &*boxed.to_string()), (2, "1"));
}

#[isolated(r#type = value(1), r#match = value(*r#type + 1))]
#[test]
fn has_raw_names(r#match: u8, r#type: u8) {
    assert_eq!((r#type, r#match), (1, 2));
}

#[isolated(r#ref = value(1))]
#[test]
fn has_a_pattern(mut r#ref: u8) {
    r#ref += 1;
    assert_eq!(r#ref, 2);
}

#[isolated(sum = value(shop.0 + 1))]
#[test_context(Shop)]
#[test]
fn shop(shop: &mut Shop, sum: u32) {
    assert_eq!((shop.0, sum), (1, 2));
}

/// The name of the argument is a name like any other.
#[isolated(value = value(1), twice = value(*value * 2))]
#[test]
fn is_called_value(value: u8, twice: u8) {
    assert_eq!(value + 1, twice);
}
