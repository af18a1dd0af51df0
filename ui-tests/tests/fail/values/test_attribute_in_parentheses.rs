use isolated_test::isolated;

#[isolated(test_attribute("called by main"))]
fn serves() {}

fn main() {}
