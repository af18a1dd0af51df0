//! Receipts: each line goes to the printer at once, in the currency and with the tax that are
//! configured at that moment.

use std::time::Duration;
use std::{io, thread};

use crate::shop::{audit, config};

/// How long the printer takes for a line.
const LINE: Duration = Duration::from_millis(2);

/// Sells the articles; returns the lines that were printed.
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
