use isolated_test::isolated;

#[isolated(env, env(), env = "HOME", env = port)]
#[test]
fn adds() {}

fn main() {}
