use isolated_test::isolated;

#[isolated(env(PORT = port, DATA = &tmpdir.join("data")), cwd = tmpdir.join("site"))]
#[test]
fn reads_settings() {}

fn main() {}
