use isolated_test::isolated;

#[isolated(env(clear HOME = 1, unset(A) B = 2, unset(C) unset(D)))]
#[test]
fn adds() {}

fn main() {}
