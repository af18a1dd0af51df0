use isolated_test::isolated;

#[isolated]
#[test_log::test]
async fn waits() {}

fn main() {}
