use isolated_test::isolated;

#[isolated(db = awaited(Db::new(), Db::new()))]
#[tokio::test]
async fn has_a_database() {}

fn main() {}
