use isolated_test::isolated;

#[isolated(quarantine, quarantine("flaky"), quarantine =, quarantine = 3, quarantine = true)]
#[test]
fn adds() {}

fn main() {}
