use isolated_test::isolated;

#[isolated(env(unset = "HOME", clear = true))]
#[test]
fn reads_settings() {}

fn main() {}
