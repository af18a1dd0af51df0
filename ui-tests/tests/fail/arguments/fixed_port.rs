use isolated_test::isolated;

#[isolated(port = 8080, admin = port(number = 8081), debug = port(8082u16))]
#[test]
fn serves() {}

fn main() {}
