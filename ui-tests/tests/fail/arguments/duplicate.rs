use isolated_test::isolated;

#[isolated(port, port(udp), serial = "a", serial = "b", seed, seed, alone, alone)]
#[test]
fn adds() {}

fn main() {}
