use isolated_test::isolated;

#[isolated]
#[cold]
fn adds() {}

fn main() {}
