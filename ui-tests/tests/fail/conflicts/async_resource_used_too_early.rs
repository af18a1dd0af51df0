use isolated_test::isolated;

#[isolated(size = value(db.len()), db = awaited(Db::new()))]
#[tokio::test]
async fn has_a_size() {}

#[isolated(db = awaited(Db::new()), env(DATABASE = db))]
#[tokio::test]
async fn has_a_variable() {}

fn main() {}
