use isolated_test::isolated;

#[isolated(clock = "2026-02-28T23:59:59Z", test_attribute = "called by main")]
fn ends_a_month() {}

#[isolated(clock(at = std::time::UNIX_EPOCH, frozen), test_attribute = "called by main")]
fn begins_an_era() {}

fn main() {
    ends_a_month();
    begins_an_era();
}
