use isolated_test::isolated;

#[isolated(process = true, process(fresh), process = port)]
#[test]
fn adds() {}

fn main() {}
