use isolated_test::isolated;

#[isolated(port = 8080, tmpdir = "/tmp", alone = true, seed = 7)]
#[test]
fn adds() {}

fn main() {}
