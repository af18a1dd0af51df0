//! Reports as files.

use std::fs;
use std::io;
use std::path::Path;

use crate::account::{self, Account};
use crate::format::whole;

/// Writes the accounts as lines of `separator`-separated values.
pub fn export(path: &Path, accounts: &[Account], separator: char) -> io::Result<()> {
    let lines = accounts
        .iter()
        .map(|account| format!("{}{separator}{}\n", account.name, account.cents));
    fs::write(path, lines.collect::<String>())
}

/// One line for each account, and the sum.
pub fn statement(accounts: &[Account]) -> String {
    let mut text = String::new();
    for account in accounts {
        text += &format!("{:<12}{:>12}\n", account.name, whole(account.cents));
    }
    text += &format!("{:<12}{:>12}\n", "sum", whole(account::balance(accounts)));
    text
}
