use isolated_test::isolated;

#[isolated(retries = 3, retries = 0, quarantine = "a", quarantine = LINK)]
#[test]
fn adds() {}

fn main() {}
