use isolated_test::isolated;

struct Db;

#[isolated(port = Db, tmpdir = "fixtures/site", namespace = Db::new(), seed = 42)]
#[test]
fn stores() {}

fn main() {}
