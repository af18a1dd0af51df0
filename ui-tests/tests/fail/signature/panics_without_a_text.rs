use isolated_test::isolated;

#[isolated]
#[test_case::test_case(0 => panics; "in any way")]
#[test_case::test_case(1 => panics)]
#[test_case::test_case(2 => panics "attempt to divide by zero")]
fn divides(number: u32) {
    assert_eq!(number / 0, 1);
}

fn main() {}
