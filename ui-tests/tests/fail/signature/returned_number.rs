use isolated_test::isolated;

#[isolated]
#[test]
fn counts() -> u32 {
    3
}

fn main() {}
