use isolated_test::isolated;

#[isolated(timeout = "9000h", timeout = "99999999999999999999s", timeout = "0.1ms")]
#[test]
fn adds() {}

fn main() {}
