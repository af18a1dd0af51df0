use isolated_test::isolated;

#[isolated(env(unset, unset(), unset(1, a.b, C = 3), clear(HOME)))]
#[test]
fn adds() {}

fn main() {}
