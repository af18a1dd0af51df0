use super::whole;
use rstest::rstest;

#[rstest]
#[case::thousands(125_000, "1,250")]
#[case::millions(123_456_700, "1,234,567")]
#[case::negative(-9_000_000, "-90,000")]
fn groups(#[case] cents: i64, #[case] text: &str) {
    assert_eq!(whole(cents), text);
}

#[test]
fn uses_the_locale() {
    std::env::set_var("LEDGER_LOCALE", "de");
    assert_eq!(whole(125_000), "1.250");
}

#[test]
fn small_amounts_have_no_groups() {
    assert_eq!(whole(99_999), "999");
}
