use isolated_test::isolated;

#[isolated(limit = 4)]
#[test]
fn connects() {}

#[isolated(limit = "sockets")]
#[test]
fn listens() {}

fn main() {}
