//! The price list: a file with many readers, which the head office rewrites now and then.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::shop::{self, AnyError};

const ARTICLES: u64 = 400;

/// Prices in cents by article.
pub(crate) type Prices = BTreeMap<String, u64>;

/// Reads the price list, and publishes the first edition if there is none.
pub(crate) fn read() -> Result<Prices, AnyError> {
    let path = shop::data()?.join("prices");
    if !path.exists() {
        publish_first(&path)?;
    }
    let text = fs::read_to_string(path)?;
    let mut prices = Prices::new();
    let mut lines = text.lines();
    for line in lines.by_ref().take_while(|line| *line != "end") {
        let (article, cents) = line.split_once('=').ok_or("incomplete price list")?;
        prices.insert(article.to_owned(), cents.parse()?);
    }
    let complete = text.ends_with("end\n") && lines.next().is_none();
    if complete {
        Ok(prices)
    } else {
        Err("incomplete price list".into())
    }
}

/// Raises all prices by one cent, in place, and syncs the file to disk shelf by shelf.
pub(crate) fn raise() -> Result<(), AnyError> {
    let mut prices = read()?;
    for cents in prices.values_mut() {
        *cents += 1;
    }
    write(&shop::data()?.join("prices"), &prices)
}

/// Publishes the first edition atomically, unless somebody else already has.
fn publish_first(path: &Path) -> Result<(), AnyError> {
    let prices = (1..=ARTICLES)
        .map(|n| (format!("article {n:03}"), 100))
        .collect();
    let draft = tempfile::NamedTempFile::new_in(shop::data()?)?;
    write(draft.path(), &prices)?;
    match draft.persist_noclobber(path) {
        Err(failed) if failed.error.kind() != ErrorKind::AlreadyExists => Err(failed.error.into()),
        _ => Ok(()),
    }
}

fn write(path: &Path, prices: &Prices) -> Result<(), AnyError> {
    let mut file = File::create(path)?;
    for (number, (article, cents)) in prices.iter().enumerate() {
        writeln!(file, "{article}={cents}")?;
        if number % 100 == 0 {
            file.sync_data()?;
        }
    }
    file.write_all(b"end\n")?;
    Ok(file.sync_all()?)
}
