use isolated_test::isolated;

#[isolated]
#[test]
fn adds<T: Default, const N: usize>() {}

fn main() {}
