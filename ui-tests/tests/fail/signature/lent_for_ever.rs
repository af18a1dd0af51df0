use isolated_test::{TmpDir, isolated};

#[isolated(tmpdir)]
#[test]
fn serves(tmpdir: &'static TmpDir) {
    let _ = tmpdir;
}

fn main() {}
