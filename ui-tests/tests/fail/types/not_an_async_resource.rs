use isolated_test::{BoxError, Current, Resource, isolated};

struct Db;

impl Resource for Db {
    type Handle = u8;

    fn provision(&mut self, _: &Current) -> Result<u8, BoxError> {
        Ok(1)
    }
}

// Not `#[tokio::test]`, which removes the function from a build without tests.
#[isolated(db = awaited(Db), test_attribute = "called by nobody")]
async fn has_a_database(_db: u8) {}

fn main() {}
