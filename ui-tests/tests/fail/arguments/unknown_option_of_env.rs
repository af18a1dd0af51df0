use isolated_test::isolated;

#[isolated(env(remove(HOME), claer, unsett(HOME)))]
#[test]
fn adds() {}

fn main() {}
