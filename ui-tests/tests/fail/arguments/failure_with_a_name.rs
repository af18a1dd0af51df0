use isolated_test::isolated;

#[isolated(again = retries, link = quarantine("why"))]
#[test]
fn adds() {}

fn main() {}
