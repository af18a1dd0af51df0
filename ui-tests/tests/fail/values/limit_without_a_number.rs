use isolated_test::isolated;

#[isolated(limit, limit("a"), limit(4), limit("a", "b"), limit("a", -1), limit("a", 5_000_000_000), limit = 3)]
#[test]
fn adds() {}

fn main() {}
