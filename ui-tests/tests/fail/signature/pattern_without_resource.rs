use isolated_test::isolated;

#[isolated(port)]
#[test]
fn serves((_host, _port): (String, u16)) {}

fn main() {}
