//! Accounts, and the files that they are imported from.

use std::fs;
use std::io;
use std::path::Path;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub cents: i64,
}

impl Account {
    pub fn new(name: &str, cents: i64) -> Account {
        Account {
            name: name.to_owned(),
            cents,
        }
    }
}

/// Parses lines such as `cash,125000`. The first line is a header.
pub fn parse(text: &str) -> Result<Vec<Account>, String> {
    text.lines()
        .skip(1)
        .map(|line| {
            let (name, cents) = line
                .split_once(',')
                .ok_or_else(|| format!("no comma in `{line}`"))?;
            let cents = cents
                .parse()
                .map_err(|_| format!("not a number: `{cents}`"))?;
            Ok(Account::new(name, cents))
        })
        .collect()
}

pub fn import(path: &Path) -> io::Result<Vec<Account>> {
    parse(&fs::read_to_string(path)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

pub fn balance(accounts: &[Account]) -> i64 {
    accounts.iter().map(|account| account.cents).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::path::PathBuf;

    fn fixture() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/accounts.csv")
    }

    #[test]
    fn imports_all_lines() {
        let accounts = import(&fixture()).unwrap();
        assert_eq!(accounts.len(), 3);
        assert_eq!(accounts[2], Account::new("rent", -90_000));
    }

    #[test]
    fn sums_up() {
        assert_eq!(balance(&import(&fixture()).unwrap()), 4_235_050);
    }

    #[rstest]
    #[case::no_comma("name,cents\ncash", "no comma in `cash`")]
    #[case::no_number("name,cents\ncash,much", "not a number: `much`")]
    fn refuses(#[case] text: &str, #[case] error: &str) {
        println!("parsing {text:?}");
        assert_eq!(parse(text), Err(error.to_owned()));
    }
}
