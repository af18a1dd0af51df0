//! The forms of a `pool` in the attribute: lists, keys, and types of parameters.

use isolated_test::forms::FromItem;
use isolated_test::{Key, current, isolated};

const ITEMS: &[&str] = &["left", "right"];
const RIGHT: &str = "right";
const KEY: Key = Key::new("pool forms").scoped("isolated-test-tests");

#[isolated(text = pool("pool forms 1", ["left", "right"]), owned = pool(KEY, ITEMS), _unused = pool("pool forms 2", ["left", RIGHT]))]
#[test]
fn lists_and_keys(text: &'static str, owned: String) {
    assert!(ITEMS.contains(&text) && ITEMS.contains(&&*owned));
    assert!(current().item("_unused").is_some());
    assert_eq!(current().item("text"), Some(text));
    assert_eq!(current().item("other"), None);
}

#[derive(Debug, PartialEq)]
enum Side {
    Left,
    Right,
}

impl FromItem for Side {
    fn from_item(item: &'static str) -> Self {
        match item {
            "left" => Side::Left,
            _ => Side::Right,
        }
    }
}

#[isolated(side = pool("pool forms 3", ["left"]))]
#[test]
fn a_type_of_the_users(side: Side) {
    assert_ne!(side, Side::Right);
}

#[isolated(side = pool("pool forms 4", ITEMS))]
#[tokio::test]
async fn an_asynchronous_test(side: &str) {
    tokio::task::yield_now().await;
    assert!(ITEMS.contains(&side));
}

/// The constants beside the module are meant, although it has its own.
#[isolated(side = pool(KEY, [RIGHT, "left"]), other = pool("pool forms 5", self::ITEMS))]
mod inherited {
    use isolated_test::{Key, isolated};

    const RIGHT: u8 = 0;
    const KEY: Key = Key::new("pool forms 6");

    #[test]
    fn has_both(side: &str, other: &str) {
        assert!(super::ITEMS.contains(&side) && super::ITEMS.contains(&other));
        assert_eq!((RIGHT, KEY.name()), (0, "pool forms 6"));
    }

    /// Its own list replaces the inherited one.
    #[isolated(other = pool(KEY, ["up"]))]
    #[test]
    fn has_its_own(other: &str) {
        assert_eq!(other, "up");
    }
}

/// A resource of the user's may have the name of the argument.
mod named_like_the_argument {
    use isolated_test::{BoxError, Current, Resource, isolated};

    struct Connections;

    impl Resource for Connections {
        type Handle = u32;

        fn provision(&mut self, _: &Current) -> Result<u32, BoxError> {
            Ok(4)
        }
    }

    #[isolated(pool = Connections, process, env(CONNECTIONS = 4))]
    #[test]
    fn a_pool_of_connections(pool: &u32) {
        assert_eq!(*pool, 4);
    }

    #[isolated(pool = pool("pool forms 7", ["a"]))]
    #[test]
    fn a_pool_called_pool(pool: &str) {
        assert_eq!(pool, "a");
    }
}

#[isolated(url = value(url_of(side)), side = pool("pool forms 8", ["left"]))]
#[test]
fn a_value_made_of_an_item(url: String) {
    assert_eq!(url, "http://left.example.com");
}

fn url_of(item: &'static str) -> String {
    format!("http://{item}.example.com")
}
