use isolated_test::isolated;

#[isolated(cwd, tmpdir, timeout = "30s")]
#[test]
fn waits(_cwd: &str, _timeout: u64, _serial: &str) {}

fn main() {}
