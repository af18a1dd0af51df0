use isolated_test::isolated;

#[isolated(test_attribute = true)]
fn serves() {}

fn main() {}
