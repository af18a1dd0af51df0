use isolated_test::{Port, TmpDir, isolated};
use rstest::rstest;

#[isolated(seed)]
#[rstest]
#[case(1)]
fn serves(#[case] n: u8, tmp: &TmpDir, port: &Port) {
    let _ = (n, tmp, port);
}

fn main() {}
