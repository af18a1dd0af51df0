use isolated_test::isolated;

#[isolated(env("" = 1, "A=B" = 2, "A\0" = 3, unset("", "=")))]
#[test]
fn adds() {}

fn main() {}
