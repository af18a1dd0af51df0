use isolated_test::isolated;

#[isolated(db = awaited(Db::connect()).await?)]
#[tokio::test]
async fn has_a_database() {}

fn main() {}
