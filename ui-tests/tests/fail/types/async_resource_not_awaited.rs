use isolated_test::{AsyncResource, BoxError, Current, isolated};

struct Db;

impl AsyncResource for Db {
    type Handle = u8;

    async fn provision(&mut self, _: &Current) -> Result<u8, BoxError> {
        Ok(1)
    }
}

#[isolated(db = Db, test_attribute = "called by nobody")]
async fn has_a_database() {}

fn main() {}
