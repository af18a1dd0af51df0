//! Conversions of texts, which are compared whole.

mod imports;
mod sealed_test;
mod serial_test;

use std::path::{Path, PathBuf};

use super::{Input, Peer, convert};
use crate::source::file::SourceFile;

/// The converted text, and the notes.
fn converted(peer: Peer, text: &str, is_for_tests: bool) -> (String, Vec<String>) {
    let file = SourceFile::parse(PathBuf::from("api.rs"), text.to_owned()).expect("Rust");
    let input = Input {
        file: &file,
        ours: "isolated_test",
        theirs: peer.packages()[0],
        is_for_tests,
        directory: Path::new(env!("CARGO_MANIFEST_DIR")),
    };
    let converted = convert(peer, &input);
    let notes = converted
        .notes
        .iter()
        .map(|(line, note)| format!("{line}: {note}"));
    (converted.edits.apply(text), notes.collect())
}
