//! The books on the command line.

use std::env;
use std::path::Path;
use std::process::ExitCode;

use ledger::{account, config, format, report};

const USAGE: &str = "\
usage: ledger-cli balance ACCOUNTS
       ledger-cli export ACCOUNTS FILE
       ledger-cli set KEY VALUE";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<String, String> {
    let import = |path| account::import(Path::new(path)).map_err(|error| error.to_string());
    match words {
        ["balance", accounts] => {
            let currency = env::var("LEDGER_CURRENCY").unwrap_or_else(|_| "EUR".into());
            let balance = account::balance(&import(accounts)?);
            Ok(format!("{} {currency}\n", format::whole(balance)))
        }
        ["export", accounts, file] => {
            report::export(Path::new(file), &import(accounts)?, ';')
                .map_err(|error| error.to_string())?;
            Ok(String::new())
        }
        ["set", key, value] => {
            config::save(&[(key.to_string(), value.to_string())].into())
                .map_err(|error| error.to_string())?;
            Ok(String::new())
        }
        _ => Err(USAGE.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explains_itself() {
        assert_eq!(run(&["help"]), Err(USAGE.to_owned()));
    }

    #[test]
    fn names_missing_files() {
        assert!(run(&["balance", "/nowhere/accounts.csv"]).is_err());
    }
}
