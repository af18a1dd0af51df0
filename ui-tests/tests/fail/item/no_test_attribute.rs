use isolated_test::isolated;

#[isolated]
#[ignore]
fn adds() {}

fn main() {}
