use isolated_test::isolated;

#[isolated(port(tpc, conut = 3), tmpdir(form = "site", path = "x"))]
#[test]
fn adds() {}

#[isolated(cwd(form = "site"))]
#[test]
fn subtracts() {}

fn main() {}
