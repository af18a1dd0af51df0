use isolated_test::isolated;

#[isolated(serial = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk")]
#[test]
fn adds() {}

fn main() {}
