use isolated_test::isolated;

#[isolated(value(1))]
#[test]
fn without_a_name() {}

#[isolated(value)]
#[test]
fn without_anything() {}

#[isolated(value = 1)]
#[test]
fn without_the_parentheses() {}

fn main() {}
