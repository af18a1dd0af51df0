use isolated_test::isolated;

struct Count;

#[isolated(test_attribute = "called by nobody")]
fn counts() -> Count {
    Count
}

fn main() {}
