use isolated_test::isolated;

#[isolated(prot, tmpdri, sreial = "tcp", retires = 3, quarentine = "flaky")]
#[test]
fn adds() {}

fn main() {}
