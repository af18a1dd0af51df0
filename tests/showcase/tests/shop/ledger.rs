//! The ledger: exports sales to a CSV file and imports them again.

use std::fs::File;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::shop::AnyError;

/// One sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sale {
    pub(crate) article: String,
    pub(crate) pieces: u32,
    pub(crate) cents: u64,
}

/// Invents `count` sales of `article`.
pub(crate) fn sales(article: &str, count: u32) -> Vec<Sale> {
    let sale = |n| Sale {
        article: format!("{article} {n}"),
        pieces: n % 7,
        cents: 199 * u64::from(n),
    };
    (1..=count).map(sale).collect()
}

/// Exports `sales` to `path`, with columns separated by `separator`.
pub(crate) fn export(path: &Path, separator: u8, sales: &[Sale]) -> Result<(), AnyError> {
    let file = File::create(path)?;
    let mut writer = csv::WriterBuilder::new()
        .delimiter(separator)
        .from_writer(&file);
    sales.iter().try_for_each(|sale| writer.serialize(sale))?;
    writer.flush()?;
    drop(writer);
    Ok(file.sync_all()?)
}

/// Imports the sales at `path`.
pub(crate) fn import(path: &Path, separator: u8) -> Result<Vec<Sale>, AnyError> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .from_path(path)?;
    Ok(reader.deserialize().collect::<Result<_, _>>()?)
}
