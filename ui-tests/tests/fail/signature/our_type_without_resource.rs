use isolated_test::{TmpDir, isolated};
use rstest::rstest;

#[isolated(seed)]
#[rstest]
#[case(1)]
fn serves(#[case] n: u8, tmp: &TmpDir, port: &isolated_test::Port) {
    let _ = (n, tmp, port);
}

fn main() {}
