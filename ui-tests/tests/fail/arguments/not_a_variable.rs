use isolated_test::isolated;

#[isolated(env(1 = 2, a.b = 1, odd-name = 3, "A" => 4, f::<A>(x), = 5, , ..vars))]
#[test]
fn adds() {}

fn main() {}
