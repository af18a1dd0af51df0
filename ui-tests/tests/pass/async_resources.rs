//! Asynchronous resources in every signature and below every attribute.

use std::process::{ExitCode, Termination};
use std::rc::Rc;

use isolated_test::{AsyncResource, BoxError, Current, isolated};
use test_context::{AsyncTestContext, test_context};

struct Number(u8);

impl AsyncResource for Number {
    type Handle = Rc<u8>;

    async fn provision(&mut self, _: &Current) -> Result<Rc<u8>, BoxError> {
        tokio::task::yield_now().await;
        Ok(Rc::new(self.0))
    }
}

/// It borrows from another value, and is written without `async`.
struct Text<'a>(&'a str);

impl AsyncResource for Text<'_> {
    type Handle = String;

    fn provision(&mut self, _: &Current) -> impl Future<Output = Result<String, BoxError>> {
        std::future::ready(Ok(self.0.to_owned()))
    }
}

struct Shop(u8);

impl AsyncTestContext for Shop {
    async fn setup() -> Shop {
        Shop(1)
    }
}

#[isolated(two = awaited(Number(2)))]
#[test_context(Shop)]
#[tokio::test]
async fn beside_a_context(shop: &mut Shop, two: &u8) {
    shop.0 += two;
    assert_eq!(shop.0, 3);
}

#[isolated(one = awaited(Number(async { 1 }.await)))]
#[tokio::test]
async fn returns_something(one: Rc<u8>) -> impl Termination {
    tokio::task::yield_now().await;
    ExitCode::from(*one - 1)
}

#[isolated(one = awaited(Number("1".parse()?)))]
#[tokio::test]
async fn returns_a_result(one: &mut Rc<u8>) -> Result<(), Box<dyn std::error::Error>> {
    *Rc::make_mut(one) += 1;
    assert_eq!(**one, 2);
    Ok(())
}

#[isolated(one = awaited(Number(1)), two = awaited(Number(**one + 1)))]
#[tokio::test]
#[should_panic(expected = "number 2")]
async fn never_returns(two: &u8) -> ! {
    panic!("number {two}");
}

#[isolated(owned = value(String::from("text")), text = awaited(Text(owned)), last = value(text.len()))]
#[tokio::test]
async fn borrows<'a>(text: &'a str, owned: &'a str, last: usize) {
    assert_eq!((text, last), (owned, 4));
}

#[isolated(r#type = awaited(Number(1)), r#match = awaited(Number(**r#type + 1)))]
#[tokio::test]
async fn has_raw_names(r#match: Rc<u8>, r#type: Rc<u8>) {
    assert_eq!((*r#type, *r#match), (1, 2));
}

/// The name of the argument is a name like any other.
#[isolated(awaited = awaited(Number(1)), twice = value(**awaited * 2))]
#[tokio::test]
async fn is_called_awaited(awaited: Rc<u8>, twice: u8) {
    assert_eq!(*awaited + 1, twice);
}

#[isolated(one = awaited(Number(1)))]
mod of_a_module {
    #[test]
    fn is_synchronous() {}

    #[tokio::test]
    async fn is_asynchronous(one: &u8) {
        assert_eq!(*one, 1);
    }
}
