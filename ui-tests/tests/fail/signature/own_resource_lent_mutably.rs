use isolated_test::isolated;

struct Db;

#[isolated(db = Db)]
#[test]
fn stores<'a>(_db: &'a mut Db) {}

fn main() {}
