//! Kinds of accounts.

use std::collections::HashMap;
use std::sync::LazyLock;

static KINDS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    HashMap::from([
        ("bank", "asset"),
        ("cash", "asset"),
        ("loan", "liability"),
        ("rent", "expense"),
        ("sales", "income"),
    ])
});

pub fn of(account: &str) -> Option<&'static str> {
    KINDS.get(account).copied()
}

#[cfg(test)]
mod tests {
    use super::of;
    use rstest::rstest;
    use std::sync::{Mutex, PoisonError};

    /// Keeps the lines of a table together.
    static OUTPUT: Mutex<()> = Mutex::new(());

    fn print(accounts: &[&str]) {
        let _guard = OUTPUT.lock().unwrap_or_else(PoisonError::into_inner);
        for account in accounts {
            println!("{account:>10} | {}", of(account).unwrap_or("?"));
        }
    }

    #[rstest]
    #[case("cash", "asset")]
    #[case("loan", "liability")]
    #[case("sales", "income")]
    fn is_known(#[case] account: &str, #[case] kind: &str) {
        print(&[account]);
        assert_eq!(of(account), Some(kind));
    }

    #[test]
    fn is_unknown() {
        print(&["cash", "shoes"]);
        assert_eq!(of("shoes"), None);
    }
}
