//! A book may be open in one program only.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const LOCK: &str = "ledger-books.lock";

/// An open book. Closes when dropped.
#[derive(Debug)]
pub struct Book {
    lock: PathBuf,
}

impl Book {
    /// Opens the book in a directory.
    pub fn open(dir: &Path) -> io::Result<Book> {
        let lock = dir.join(LOCK);
        writeln!(File::create_new(&lock)?, "{}", std::process::id())?;
        Ok(Book { lock })
    }

    pub fn is_open(dir: &Path) -> bool {
        dir.join(LOCK).exists()
    }

    /// Removes the lock of a program that crashed.
    pub fn recover(dir: &Path) {
        let _ = fs::remove_file(dir.join(LOCK));
    }
}

impl Drop for Book {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.lock);
    }
}
