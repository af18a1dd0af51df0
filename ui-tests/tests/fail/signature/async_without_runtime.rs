use isolated_test::isolated;

#[isolated]
#[test]
async fn waits() {}

fn main() {}
