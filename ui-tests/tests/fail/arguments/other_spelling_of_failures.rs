use isolated_test::isolated;

#[isolated(retry = 3, flaky(3), known_failure, xfail = "later")]
#[test]
fn adds() {}

fn main() {}
