use isolated_test::isolated;

#[isolated(port = 8080, admin = port(8081), debug = port(8082u16))]
#[test]
fn a_number_without_its_name() {}

#[isolated(port(number = 0), admin = port(number = 70000), debug = port(number = "8080"))]
#[test]
fn not_a_number() {}

#[isolated(port(number = 8080, count = 2))]
#[test]
fn a_number_and_a_count() {}

fn main() {}
