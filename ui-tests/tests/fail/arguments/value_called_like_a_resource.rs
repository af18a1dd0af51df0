use isolated_test::isolated;

#[isolated(port = value(8080))]
#[test]
fn has_a_number(_port: u16) {}

fn main() {}
