//! Statements and reports, and the archive of closed years.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use ledger::account::Account;
use ledger::{archive, report};
use rstest::{fixture, rstest};

#[fixture]
fn accounts() -> Vec<Account> {
    vec![Account::new("cash", 125_000), Account::new("rent", -90_000)]
}

fn archive_dir() -> PathBuf {
    env::temp_dir().join("ledger-archive")
}

/// Closes a year, and gives the name that it has in the archive until the file is dropped.
fn close_year(text: &str) -> tempfile::NamedTempFile {
    fs::create_dir_all(archive_dir()).unwrap();
    let file = tempfile::Builder::new()
        .suffix(".year")
        .tempfile_in(archive_dir())
        .unwrap();
    fs::write(file.path(), text).unwrap();
    file
}

#[rstest]
fn a_statement_ends_with_the_sum(accounts: Vec<Account>) {
    fs::write("statement.txt", report::statement(&accounts)).unwrap();
    let text = fs::read_to_string("statement.txt").unwrap();
    assert_eq!(text.lines().last(), Some("sum                  350"));
}

#[rstest]
fn an_empty_statement_is_only_a_sum() {
    for _ in 0..20 {
        fs::write("statement.txt", report::statement(&[])).unwrap();
        let text = fs::read_to_string("statement.txt").unwrap();
        assert_eq!(text.lines().count(), 1);
    }
}

#[rstest]
fn reports_begin_in_an_empty_directory(accounts: Vec<Account>) {
    let dir = Path::new("reports");
    if dir.exists() {
        fs::remove_dir_all(dir).unwrap();
    }
    fs::create_dir(dir).unwrap();
    for account in &accounts {
        let path = dir.join(format!("{}.txt", account.name));
        report::export(&path, std::slice::from_ref(account), ',').unwrap();
    }
    assert_eq!(fs::read_dir(dir).unwrap().count(), 2);
    fs::remove_dir_all(dir).unwrap();
}

#[rstest]
fn a_report_is_added(accounts: Vec<Account>) {
    let dir = Path::new("reports");
    fs::create_dir_all(dir).unwrap();
    let file = tempfile::NamedTempFile::new_in(dir).unwrap();
    for _ in 0..50 {
        report::export(file.path(), &accounts, ',').unwrap();
    }
    assert_eq!(fs::read_to_string(file.path()).unwrap().lines().count(), 2);
}

#[test]
fn a_year_is_closed() {
    let year = close_year("2023");
    assert!(archived(&year).is_file());
}

#[rstest]
#[case::with_profit("2021: 350")]
#[case::with_loss("2022: -20")]
fn a_closed_year_keeps_its_result(#[case] text: &str) {
    let year = close_year(text);
    assert_eq!(fs::read_to_string(archived(&year)).unwrap(), text);
}

fn archived(file: &tempfile::NamedTempFile) -> PathBuf {
    archive_dir().join(file.path().file_name().unwrap())
}

#[test]
fn no_year_is_closed_at_first() {
    for _ in 0..50 {
        assert_eq!(
            archive::years(&archive_dir()).unwrap(),
            [""; 0].map(PathBuf::from)
        );
    }
}

#[test]
fn archives_elsewhere_are_found() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("2020.year"), "2020").unwrap();
    fs::write(dir.path().join("notes.txt"), "").unwrap();
    assert_eq!(archive::years(dir.path()).unwrap().len(), 1);
}
