//! Receipts: each line is printed immediately, with the currency and tax configured at that moment.

use std::time::Duration;
use std::{io, thread};

use crate::shop::{audit, config};

/// Time the printer takes for one line.
const LINE: Duration = Duration::from_millis(2);

/// Sells the articles and returns the printed lines.
pub(crate) fn sell(articles: &[&str]) -> io::Result<Vec<String>> {
    let sell = |article: &&str| {
        let currency = config::setting("currency")?.unwrap_or_else(|| "EUR".to_owned());
        let tax = config::setting("tax")?.unwrap_or_else(|| "19".to_owned());
        thread::sleep(LINE);
        audit::note(&format!("sold {article}"));
        Ok(format!("{article} {currency} {tax}%"))
    };
    articles.iter().map(sell).collect()
}
