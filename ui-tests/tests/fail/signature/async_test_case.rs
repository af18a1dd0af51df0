use isolated_test::isolated;

#[isolated]
#[test_case(1)]
async fn waits(_n: u32) {}

fn main() {}
