use isolated_test::isolated;

const WIDE: u32 = 8080;

#[isolated(port(number = WIDE), test_attribute = "called by nobody")]
fn too_wide() {}

fn main() {}
