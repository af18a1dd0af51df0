use isolated_test::isolated;

struct Rows(u32);

impl isolated_test::Resource for Rows {
    type Handle = u32;

    fn provision(&mut self, _: &isolated_test::Current) -> Result<u32, isolated_test::BoxError> {
        Ok(self.0)
    }
}

#[isolated(rows = Rows(number))]
#[test_case::test_case(0 => panics; "in any way")]
#[test_case::test_case(1 => panics)]
#[test_case::test_case(2 => panics "attempt to divide by zero")]
fn divides(number: u32, rows: u32) {
    assert_eq!(rows / number, 1);
}

fn main() {}
