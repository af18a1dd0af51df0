use isolated_test::isolated;

#[isolated(Postgres::new(), Db, Server(8080), &DB)]
#[test]
fn adds() {}

fn main() {}
