//! A call that waits for the observer, with its caller and its arguments.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::calls::{At, Flags};
use super::files::absolute;
use super::listener::Report;
use super::process::{self, Process};
use crate::observe::memory;

/// The number of words of a command line that are read at most.
const MOST_WORDS: usize = 100;

/// A call and its caller.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) report: &'a Report,
    pub(super) process: Process,
    /// Whether the caller is the process of the test and not a child.
    pub(super) is_test: bool,
}

impl Moment<'_> {
    /// An argument that is a 32-bit number.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the kernel ignores the upper half of the register"
    )]
    pub(super) fn number(self, argument: usize) -> i32 {
        self.report.arguments[argument] as i32
    }

    pub(super) fn text(self, argument: usize) -> Option<Vec<u8>> {
        memory::text(self.report.thread, self.report.arguments[argument])
    }

    /// Texts joined by spaces, from an array of addresses that ends with null.
    pub(super) fn words(self, argument: usize) -> String {
        let thread = self.report.thread;
        let address = |index: usize| {
            let at = self.report.arguments[argument].checked_add(8 * index as u64)?;
            let bytes = memory::bytes(thread, at, 8)?;
            Some(u64::from_ne_bytes(bytes.try_into().ok()?))
        };
        let addresses = (0..MOST_WORDS).map_while(address);
        let words = addresses.map_while(|address| memory::text(thread, address));
        let words: Vec<_> = words
            .map(|word| String::from_utf8_lossy(&word).into_owned())
            .collect();
        words.join(" ")
    }

    /// The flags of `open`.
    pub(super) fn flags(self, flags: Flags) -> i32 {
        match flags {
            Flags::At(argument) => self.number(argument),
            Flags::Of(flags) => flags,
            Flags::Behind(argument) => self.behind(argument),
        }
    }

    /// The first number of the structure that an argument points to.
    pub(super) fn behind(self, argument: usize) -> i32 {
        let bytes = memory::bytes(self.report.thread, self.report.arguments[argument], 4);
        bytes
            .and_then(|bytes| Some(i32::from_ne_bytes(bytes.try_into().ok()?)))
            .unwrap_or(0)
    }

    /// A path, and whether it is relative to the working directory.
    pub(super) fn path(self, at: At) -> Option<(PathBuf, bool)> {
        let text = self.text(at.path)?;
        let path = Path::new(OsStr::from_bytes(&text));
        if path.is_absolute() {
            return Some((absolute(path), false));
        }
        let dir = at
            .dir
            .map(|dir| self.number(dir))
            .filter(|dir| *dir != libc::AT_FDCWD);
        if let Some(dir) = dir {
            // An empty path refers to the descriptor itself, as in `fstat`.
            if text.is_empty() {
                return None;
            }
            let dir = process::descriptor(self.report.thread, dir)?;
            return dir
                .is_absolute()
                .then(|| (absolute(&dir.join(path)), false));
        }
        (!text.is_empty()).then(|| (self.in_working_directory(path), true))
    }

    pub(super) fn in_working_directory(self, path: impl AsRef<Path>) -> PathBuf {
        let dir = process::working_directory(self.report.thread).unwrap_or_default();
        absolute(&dir.join(path))
    }
}
