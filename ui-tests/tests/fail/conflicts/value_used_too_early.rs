use isolated_test::isolated;

#[isolated(pool = value(1), env(POOL = pool))]
#[test]
fn in_a_variable() {}

#[isolated(pool = value(1), db = pool.db())]
#[test]
fn in_a_resource() {}

#[isolated(size = value(pool.size()), pool = value(1))]
#[test]
fn in_an_earlier_value() {}

#[isolated(pool = value(&pool))]
#[test]
fn in_itself() {}

fn main() {}
