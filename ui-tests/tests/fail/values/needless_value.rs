use isolated_test::isolated;

#[isolated(port = 8080, tmpdir = "/tmp", alone = true, seed = 42u64)]
#[test]
fn adds() {}

fn main() {}
