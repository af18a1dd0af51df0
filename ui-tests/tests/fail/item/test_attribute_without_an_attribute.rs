use isolated_test::isolated;

/// Never runs.
#[isolated(tmpdir, test_attribute)]
#[cold]
fn serves(tmpdir: &std::path::Path) {
    let _ = tmpdir;
}

fn main() {}
