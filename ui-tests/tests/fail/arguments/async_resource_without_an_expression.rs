use isolated_test::isolated;

#[isolated(db = awaited)]
#[tokio::test]
async fn has_a_database() {}

fn main() {}
