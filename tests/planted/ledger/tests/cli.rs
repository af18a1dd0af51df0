//! `ledger-cli`, and the programs around it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ledger::config;
use rstest::rstest;

const ACCOUNTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/accounts.csv");

fn cli(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ledger-cli"))
        .args(words)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn sh(script: &str) {
    let status = Command::new("sh").args(["-c", script]).status().unwrap();
    assert!(status.success(), "{script}");
}

/// In its own directory, whose name has the process and the test.
fn workplace(test: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("workplaces");
    let dir = dir.join(format!("{test}-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    dir
}

#[test]
fn prints_the_balance() {
    assert_eq!(cli(&["balance", ACCOUNTS]), "42,350 EUR\n");
}

#[rstest]
#[case::one_account("name,cents\ncash,123456\n", "1,234 EUR\n")]
#[case::no_account("name,cents\n", "0 EUR\n")]
fn prints_the_balance_of(#[case] accounts: &str, #[case] printed: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), accounts).unwrap();
    let path = file.path().to_str().unwrap();
    assert_eq!(cli(&["balance", path]), printed);
}

#[test]
fn prints_in_another_currency() {
    env::set_var("LEDGER_CURRENCY", "CHF");
    assert_eq!(cli(&["balance", ACCOUNTS]), "42,350 CHF\n");
}

#[test]
fn a_setting_can_be_changed() {
    cli(&["set", "currency", "PLN"]);
    assert_eq!(config::load().unwrap()["currency"], "PLN");
}

#[test]
fn a_summary_is_exported() {
    let path = env::temp_dir().join("ledger-summary.csv");
    cli(&["export", ACCOUNTS, path.to_str().unwrap()]);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, "cash;125000\nbank;4200050\nrent;-90000\n");
}

#[test]
fn a_summary_is_overwritten() {
    let path = env::temp_dir().join("ledger-summary.csv");
    fs::write(&path, "old\n".repeat(100)).unwrap();
    let empty = tempfile::NamedTempFile::new().unwrap();
    cli(&[
        "export",
        empty.path().to_str().unwrap(),
        path.to_str().unwrap(),
    ]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "");
}

#[test]
fn a_receipt_is_printed() {
    let path = env::temp_dir().join("ledger-receipt.txt");
    sh(&format!("echo 'pen 1.20' > {}", path.display()));
    assert_eq!(fs::read_to_string(path).unwrap(), "pen 1.20\n");
}

#[test]
fn a_receipt_has_a_footer() {
    let path = env::temp_dir().join("ledger-receipt.txt");
    sh(&format!(
        "f={}; printf 'ink 3.00\\n' | cat > $f && echo 'thank you' >> $f",
        path.display()
    ));
    assert_eq!(fs::read_to_string(path).unwrap(), "ink 3.00\nthank you\n");
}

/// Runs the tool that is linked statically, if it could be built.
fn stamp(path: &Path, text: &str) -> bool {
    let Some(program) = option_env!("LEDGER_STAMP") else {
        eprintln!("skipped: `stamp` was not built");
        return false;
    };
    let status = Command::new(program).arg(path).arg(text).status().unwrap();
    assert!(status.success());
    true
}

#[test]
fn a_document_is_stamped_as_paid() {
    let path = env::temp_dir().join("ledger-stamp.txt");
    if stamp(&path, "paid") {
        assert_eq!(fs::read_to_string(path).unwrap(), "paid\n");
    }
}

#[test]
fn a_document_is_stamped_as_open() {
    let path = env::temp_dir().join("ledger-stamp.txt");
    if stamp(&path, "open") {
        assert_eq!(fs::read_to_string(path).unwrap(), "open\n");
    }
}

#[test]
fn a_handover_is_written() {
    let path = env::temp_dir().join("courier-handover.txt");
    fs::write(&path, "to: bank\n").unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), "to: bank\n");
}

#[rstest]
#[case::comma(',')]
#[case::semicolon(';')]
fn a_workplace_is_used(#[case] separator: char) {
    let dir = workplace(&format!("used-{}", u32::from(separator)));
    let path = dir.join("accounts.csv");
    let accounts = ledger::account::import(Path::new(ACCOUNTS)).unwrap();
    ledger::report::export(&path, &accounts, separator).unwrap();
    assert!(fs::read_to_string(path).unwrap().contains(separator));
    fs::remove_dir_all(dir).unwrap();
}
