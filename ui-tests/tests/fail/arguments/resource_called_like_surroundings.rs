use isolated_test::isolated;

#[isolated(a = env, b = process, c = timeout("3s"), d = network(or = "skip"), e = cwd)]
#[test]
fn adds() {}

fn main() {}
