use isolated_test::isolated;

#[isolated(env(A = 1, A = 2, "A" = 3, unset(A), clear, clear, unset(B, "B")))]
#[test]
fn adds() {}

fn main() {}
