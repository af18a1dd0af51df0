use isolated_test::isolated;

#[isolated]
#[test]
unsafe fn adds() {}

fn main() {}
