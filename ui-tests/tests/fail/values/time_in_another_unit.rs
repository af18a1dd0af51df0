use isolated_test::isolated;

#[isolated(timeout = "2 days", timeout = "2S", timeout = "30s!")]
#[test]
fn adds() {}

fn main() {}
