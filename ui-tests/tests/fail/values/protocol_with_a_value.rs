use isolated_test::isolated;

#[isolated(port(udp = true))]
#[test]
fn adds() {}

fn main() {}
