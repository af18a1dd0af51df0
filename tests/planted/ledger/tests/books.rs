//! Books, journals and exports.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use ledger::account::{self, Account};
use ledger::book::Book;
use ledger::{journal, report};
use rstest::{fixture, rstest};

/// Read once for all tests.
#[fixture]
#[once]
fn chart() -> BTreeMap<String, i64> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/accounts.csv");
    let accounts = account::import(&path).unwrap();
    accounts
        .into_iter()
        .map(|account| (account.name, account.cents))
        .collect()
}

/// Removes a file when dropped, even if the test fails.
struct Removed<'a>(&'a Path);

impl Drop for Removed<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.0);
    }
}

#[fixture]
fn journal_path() -> PathBuf {
    env::temp_dir().join("ledger-journal.txt")
}

#[fixture]
fn accounts() -> Vec<Account> {
    vec![Account::new("cash", 12_500), Account::new("rent", -9_000)]
}

#[rstest]
fn the_chart_has_three_accounts(chart: &BTreeMap<String, i64>) {
    assert_eq!(chart.len(), 3);
}

#[rstest]
fn the_chart_is_sorted(chart: &BTreeMap<String, i64>) {
    assert!(chart.keys().is_sorted());
}

#[rstest]
#[case::cash("cash", 125_000)]
#[case::rent("rent", -90_000)]
fn the_chart_knows(chart: &BTreeMap<String, i64>, #[case] name: &str, #[case] cents: i64) {
    assert_eq!(chart.get(name), Some(&cents));
}

#[test]
fn a_book_is_opened_once() {
    let dir = env::temp_dir();
    Book::recover(&dir);
    let book = Book::open(&dir).unwrap();
    for _ in 0..20 {
        assert!(Book::open(&dir).is_err());
    }
    assert!(Book::is_open(&dir));
    drop(book);
}

#[test]
fn a_closed_book_can_be_opened() {
    let dir = env::temp_dir();
    Book::recover(&dir);
    for _ in 0..20 {
        Book::open(&dir).unwrap();
    }
}

#[test]
fn nobody_has_the_book_open() {
    assert!(!Book::is_open(&env::temp_dir()));
}

#[rstest]
fn a_journal_is_saved(journal_path: PathBuf) {
    let _removed = Removed(&journal_path);
    for _ in 0..20 {
        journal::save(&journal_path, &["opened", "sold a pen"]).unwrap();
        let entries = journal::load(&journal_path).unwrap();
        assert_eq!(entries, ["opened", "sold a pen"]);
    }
}

#[rstest]
fn a_journal_is_replaced(journal_path: PathBuf) {
    let _removed = Removed(&journal_path);
    for year in ["2023", "2024"] {
        journal::save(&journal_path, &[year]).unwrap();
        assert_eq!(journal::load(&journal_path).unwrap(), [year]);
    }
}

#[rstest]
fn a_missing_journal_is_empty(journal_path: PathBuf) {
    assert!(journal::load(&journal_path).unwrap().is_empty());
}

#[rstest]
#[case::comma(',', "cash,12500\nrent,-9000\n")]
#[case::semicolon(';', "cash;12500\nrent;-9000\n")]
#[case::tab('\t', "cash\t12500\nrent\t-9000\n")]
fn exports(accounts: Vec<Account>, #[case] separator: char, #[case] text: &str) {
    let path = env::temp_dir().join("ledger-export.csv");
    for _ in 0..20 {
        report::export(&path, &accounts, separator).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[rstest]
fn exports_to_a_directory_of_its_own(accounts: Vec<Account>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger-export.csv");
    report::export(&path, &accounts, ',').unwrap();
    assert!(fs::read_to_string(path).unwrap().starts_with("cash,"));
}
