use isolated_test::isolated;

#[isolated(pool = value())]
#[test]
fn with_empty_parentheses(_pool: u8) {}

#[isolated(pool = value)]
#[test]
fn without_parentheses(_pool: u8) {}

fn main() {}
