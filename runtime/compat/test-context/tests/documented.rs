//! Every form that the documentation of `test-context` shows.

use std::fmt::Display;
use std::marker::PhantomData;

use rstest::rstest;
use test_context::{AsyncTestContext, TestContext, test_context};

struct Basket {
    items: Vec<&'static str>,
}

impl TestContext for Basket {
    fn setup() -> Basket {
        Basket { items: vec!["pen"] }
    }

    fn teardown(self) {
        assert!(self.items.len() < 3, "too much in the basket");
    }
}

#[test_context(Basket)]
#[test]
fn lends_it(basket: &Basket) {
    assert_eq!(basket.items, ["pen"]);
}

#[test_context(Basket)]
#[test]
fn lends_it_to_change(basket: &mut Basket) {
    basket.items.push("book");
    assert_eq!(basket.items.len(), 2);
}

#[test_context(Basket)]
#[test]
fn takes_it_apart(Basket { items }: &mut Basket) {
    assert_eq!(items.len(), 1);
}

#[test_context(Basket)]
#[test]
#[should_panic(expected = "too much")]
fn fails_in_the_teardown(basket: &mut Basket) {
    basket.items.extend(["book", "lamp"]);
}

#[test_context(Basket)]
#[test]
#[should_panic(expected = "too much")]
fn fails_in_the_body_and_in_the_teardown(basket: &mut Basket) {
    basket.items.extend(["book", "lamp"]);
    panic!("before the teardown");
}

#[test_context(Basket)]
#[test]
fn returns_a_value(basket: &mut Basket) -> Result<(), String> {
    let first = basket.items.first().ok_or("it is empty")?;
    assert_eq!(*first, "pen");
    Ok(())
}

#[test_context(Basket)]
fn number_of_items(basket: &Basket) -> usize {
    basket.items.len()
}

#[test]
fn a_function_that_is_no_test_has_one() {
    assert_eq!(number_of_items(), 1);
}

/// Compiles only if the body is checked against the declared type, which is not the one it infers.
#[test_context(Basket)]
fn first_item<T>(basket: &Basket) -> Option<Box<dyn Display>>
where
    T: From<&'static str> + Display + 'static,
{
    let first = basket.items.first()?;
    let item = Box::new(T::from(first));
    Some(item)
}

#[test]
fn a_function_with_a_where_clause_has_one() {
    let item = first_item::<String>().map(|item| item.to_string());
    assert_eq!(item.as_deref(), Some("pen"));
}

/// The context does not live as long as the named lifetime says, here or with the original.
#[test_context(Basket)]
#[test]
fn borrows_it_for_a_named_lifetime(basket: &'static mut Basket) {
    basket.items.push("cup");
}

#[test_context(Basket, skip_teardown)]
#[test]
fn keeps_it(basket: Basket) {
    drop(basket);
}

#[test_context(skip_teardown, Basket)]
#[test]
fn keeps_it_to_change(mut basket: Basket) {
    basket.items.extend(["book", "lamp"]);
}

#[test_context(Basket, skip_teardown)]
#[test]
fn borrows_what_nobody_takes_apart(basket: &mut Basket) {
    basket.items.extend(["book", "lamp"]);
}

/// One generic type, two contexts.
struct Shelf<T> {
    size: u32,
    content: PhantomData<T>,
}

impl TestContext for Shelf<u8> {
    fn setup() -> Self {
        let content = PhantomData;
        Shelf { size: 8, content }
    }
}

impl TestContext for Shelf<(u16, String)> {
    fn setup() -> Self {
        let content = PhantomData;
        Shelf { size: 16, content }
    }
}

#[test_context(Shelf<u8>)]
#[test]
fn has_a_type_with_arguments(shelf: &Shelf<u8>) {
    assert_eq!(shelf.size, 8);
}

#[test_context(Shelf<(u16, String)>)]
#[test]
fn has_another_type_by_the_same_name(shelf: &mut Shelf<(u16, String)>) {
    assert_eq!(shelf.size, 16);
}

mod stock {
    pub(super) struct Stock(pub(super) u32);

    impl super::TestContext for Stock {
        fn setup() -> Self {
            Stock(7)
        }
    }
}

#[test_context(stock::Stock)]
#[test]
fn has_a_type_behind_a_path(stock: &self::stock::Stock) {
    assert_eq!(stock.0, 7);
}

struct Connection {
    queries: u32,
}

impl AsyncTestContext for Connection {
    async fn setup() -> Connection {
        tokio::task::yield_now().await;
        Connection { queries: 0 }
    }

    async fn teardown(self) {
        tokio::task::yield_now().await;
        assert!(self.queries < 2, "too many queries");
    }
}

#[test_context(Connection)]
#[tokio::test]
async fn waits(connection: &mut Connection) {
    tokio::task::yield_now().await;
    connection.queries += 1;
}

#[test_context(Connection)]
#[tokio::test]
async fn waits_and_returns_a_value(connection: &Connection) -> Result<(), String> {
    u8::try_from(connection.queries).map_err(|error| error.to_string())?;
    Ok(())
}

#[test_context(Connection)]
#[tokio::test]
#[should_panic(expected = "too many queries")]
async fn fails_in_an_asynchronous_teardown(connection: &mut Connection) {
    connection.queries = 2;
}

#[test_context(Connection)]
#[tokio::test]
#[should_panic(expected = "too many queries")]
async fn fails_in_an_asynchronous_body_and_in_the_teardown(connection: &mut Connection) {
    connection.queries = 2;
    tokio::task::yield_now().await;
    panic!("before the teardown");
}

#[test_context(Connection, skip_teardown)]
#[tokio::test]
async fn keeps_an_asynchronous_one(mut connection: Connection) {
    connection.queries += 2;
    assert_eq!(connection.queries, 2);
}

#[test_context(Connection, skip_teardown)]
#[tokio::test]
async fn borrows_an_asynchronous_one(connection: &mut Connection) {
    connection.queries = 2;
    tokio::task::yield_now().await;
}

#[test_context(Connection)]
#[test]
fn is_synchronous_with_an_asynchronous_context(connection: &mut Connection) {
    connection.queries += 1;
}

#[test_context(Connection)]
async fn number_of_queries(connection: &mut Connection) -> u32 {
    connection.queries
}

#[tokio::test]
async fn an_asynchronous_function_that_is_no_test_has_one() {
    assert_eq!(number_of_queries().await, 0);
}

#[test_context(Basket)]
#[rstest]
#[case(1, "pen")]
#[case::again(1, "pen")]
fn has_the_values_of_a_case(#[case] length: usize, basket: &mut Basket, #[case] first: &str) {
    assert_eq!((basket.items.len(), basket.items[0]), (length, first));
}

#[test_context(Connection)]
#[rstest]
#[case("ping")]
#[tokio::test]
async fn waits_with_the_values_of_a_case(#[case] query: String, connection: &mut Connection) {
    connection.queries += u32::from(query == "ping");
    assert_eq!(connection.queries, 1);
}
