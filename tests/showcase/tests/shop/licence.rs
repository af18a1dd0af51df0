//! The label renderer, licensed for two seats on the machine.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};

use fs2::FileExt;

use crate::shop::{self, digest};

const SEATS: u32 = 2;

/// A seat, which is released when it is dropped or when the process dies.
#[must_use = "the seat is given back when it is dropped"]
pub(crate) struct Seat(File);

impl Seat {
    /// Takes a free seat.
    pub(crate) fn take() -> io::Result<Self> {
        let folder = shop::data()?.join("licences");
        fs::create_dir_all(&folder)?;
        for number in 1..=SEATS {
            let mut options = OpenOptions::new();
            let path = folder.join(format!("seat-{number}"));
            let seat = options
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)?;
            if FileExt::try_lock_exclusive(&seat).is_ok() {
                return Ok(Self(seat));
            }
        }
        Err(io::Error::other(format!(
            "no licence left: {SEATS} of {SEATS} in use"
        )))
    }

    /// Renders labels into the spool of this seat and returns their bar codes.
    pub(crate) fn render(&self, labels: &[&str]) -> io::Result<Vec<String>> {
        let mut spool = &self.0;
        let mut codes = Vec::new();
        for label in labels {
            let code = digest::of(label);
            for page in 0..20 {
                writeln!(spool, "{page} {label} {code}")?;
            }
            spool.sync_data()?;
            codes.push(code);
        }
        Ok(codes)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // Closing the file is not enough: a child that is just being started may have inherited the
        // descriptor.
        let _ = FileExt::unlock(&self.0);
    }
}
