use isolated_test::isolated;

#[isolated(env(HOME, "odd-name", PATH =, r#type))]
#[test]
fn adds() {}

fn main() {}
