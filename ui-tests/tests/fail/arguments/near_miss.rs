use isolated_test::isolated;

#[isolated(prot, tmpdri, sreial = "tcp")]
#[test]
fn adds() {}

fn main() {}
