//! Invoice numbers: one counter file for the whole machine, which everybody reads and rewrites.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};

use crate::shop::{self, AnyError};

/// Takes the next invoice number.
pub(crate) fn next_number() -> Result<u64, AnyError> {
    let path = shop::data()?.join("invoices");
    let last: u64 = match fs::read_to_string(&path) {
        Ok(text) => text.trim().parse()?,
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(error.into()),
    };
    let next = last + 1;
    // The number has a fixed width, so writing in place replaces all of it.
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)?;
    writeln!(file, "{next:020}")?;
    file.sync_data()?;
    Ok(next)
}
