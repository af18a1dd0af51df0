use isolated_test::isolated;

struct Db;

// Not `#[test]`, which removes the function from a build without tests.
#[isolated(db = Db, test_attribute = "called by nobody")]
fn serves(_db: &Db) {}

fn main() {
    serves();
}
