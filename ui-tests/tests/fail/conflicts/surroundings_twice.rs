use isolated_test::isolated;

#[isolated(process, process, env(A = 1), env(B = 2), cwd, cwd = "src", timeout = "3s", timeout = LIMIT, network, network(or = "skip"))]
#[test]
fn adds() {}

fn main() {}
