use isolated_test::isolated;

#[isolated(awaited(Db::new()))]
#[tokio::test]
async fn has_a_database() {}

fn main() {}
