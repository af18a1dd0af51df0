use isolated_test::isolated;

#[isolated(port(udp, udp, count = 2, count = 3))]
#[test]
fn adds() {}

fn main() {}
