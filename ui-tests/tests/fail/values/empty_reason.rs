use isolated_test::isolated;

#[isolated(quarantine = "", quarantine = " ")]
#[test]
fn adds() {}

fn main() {}
