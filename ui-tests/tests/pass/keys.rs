//! Keys that are not literals, and handles that are lent as another type.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use isolated_test::{BoxError, Current, Key, Resource, isolated};

const TCP: Key = Key::new("ui-tests tcp");
const NAME: &str = "ui-tests name";

#[isolated(
    serial = [TCP, NAME, concat!("ui-tests ", "both"), Key::new("ui-tests inline")],
    shared = env!("CARGO_PKG_NAME"),
    limit(module_path!(), 2)
)]
#[test]
fn known_when_it_is_compiled() {}

struct Made<T>(T);

impl<T: Clone + 'static> Resource for Made<T> {
    type Handle = T;

    fn provision(&mut self, _: &Current) -> Result<T, BoxError> {
        Ok(self.0.clone())
    }
}

trait Named {
    fn name(&self) -> &str;
}

impl Named for String {
    fn name(&self) -> &str {
        self
    }
}

#[isolated(
    text = Made(String::from("text")),
    same = Made(String::from("same")),
    named = Made(String::from("named")),
    joined = Made(Arc::new(String::from("shared"))),
    dir = Made(PathBuf::from("dir")),
    list = Made(vec![1, 2]),
    array = Made([1, 2]),
    borrowed = Made("borrowed")
)]
#[test]
#[expect(
    clippy::ptr_arg,
    clippy::too_many_arguments,
    reason = "it is what a test may write"
)]
fn lent<'a>(
    text: &str,
    same: &'a String,
    named: &dyn Named,
    joined: &str,
    dir: &Path,
    list: &[u8],
    array: &[u8],
    borrowed: &str,
) {
    assert_eq!(
        (text, same.as_str(), named.name()),
        ("text", "same", "named")
    );
    assert_eq!(
        (joined, dir, borrowed),
        ("shared", Path::new("dir"), "borrowed")
    );
    assert_eq!(list, array);
}
