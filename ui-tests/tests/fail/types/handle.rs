use isolated_test::{BoxError, Current, Resource, isolated};

struct Db;

impl Resource for Db {
    type Handle = String;

    fn provision(&mut self, _: &Current) -> Result<String, BoxError> {
        Ok(String::new())
    }
}

#[isolated(db = Db, test_attribute = "called by nobody")]
fn stores(db: &Db) {
    let _ = db;
}

fn main() {}
