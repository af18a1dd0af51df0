//! Plans the conversion of the attributes of other crates.
//!
//! Attributes with an equivalent are converted. Everything else stays as it is, with a note.

mod hints;
mod imports;
mod sealed_test;
mod serial_test;
#[cfg(test)]
mod tests;
mod workspace;

use crate::source::edits::Edits;
use crate::source::file::SourceFile;

use super::annotate::Place;

pub(super) use self::workspace::plan;

/// A crate whose attributes can be converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Peer {
    #[value(name = "serial_test")]
    SerialTest,
    #[value(name = "sealed_test")]
    SealedTest,
    TempEnv,
    Tempfile,
}

impl Peer {
    /// The packages that provide its items: the crate and its drop-in replacement.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Peer::SerialTest => &["serial_test", "isolated-serial-test"],
            Peer::SealedTest => &["sealed_test", "isolated-sealed-test"],
            Peer::TempEnv => &["temp-env"],
            Peer::Tempfile => &["tempfile"],
        }
    }

    /// The imported items that a conversion may leave unused.
    fn items(self) -> &'static [&'static str] {
        match self {
            Peer::SerialTest => &serial_test::NAMES,
            Peer::SealedTest => &["sealed_test", "rusty_fork_test", "TempDir"],
            Peer::TempEnv | Peer::Tempfile => &[],
        }
    }
}

/// A file to convert.
struct Input<'a> {
    file: &'a SourceFile,
    /// The name of isolated-test in its package.
    ours: &'a str,
    /// The name of the other crate in its package.
    theirs: &'a str,
    /// Whether it is only compiled for tests.
    is_for_tests: bool,
    /// The directory of the package.
    directory: &'a std::path::Path,
}

/// The conversion of a file.
#[derive(Default)]
struct Converted {
    edits: Edits,
    /// Manual steps, each with its line.
    notes: Vec<(usize, String)>,
    tests: Vec<Place>,
}

fn convert(peer: Peer, input: &Input<'_>) -> Converted {
    match peer {
        Peer::SerialTest => serial_test::convert(input),
        Peer::SealedTest => sealed_test::convert(input),
        Peer::TempEnv => hints::of_temp_env(input),
        Peer::Tempfile => hints::of_tempfile(input),
    }
}
