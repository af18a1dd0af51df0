//! Reads the trace files in a directory.

use std::fs;
use std::io;
use std::path::Path;

use crate::trace::error::Error;
use crate::trace::event::{Event, Line};

/// The supported version of the format.
pub(super) const VERSION: u64 = 1;

/// The trace of one process.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) program: String,
    /// The binary as nextest calls it, if nextest ran it.
    pub(crate) binary: Option<String>,
    pub(crate) lines: Vec<Line>,
}

/// The traces of all processes.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) processes: Vec<Process>,
    /// The number of unreadable lines, such as the last one of a process whose disk was full.
    pub(crate) broken: usize,
}

/// Reads a directory.
pub(crate) fn read(dir: &Path) -> Result<Files, Error> {
    let entries = fs::read_dir(dir).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::new(format!(
            "no directory `{}`; run the tests with `ISOLATED_TRACE` set to its absolute path",
            dir.display()
        )),
        _ => Error::path("read the directory", dir, &error),
    })?;
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| Error::path("read the directory", dir, &error))?;
        paths.push(entry.path());
    }
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "jsonl"));
    paths.sort();
    let mut files = Files::default();
    for path in &paths {
        let bytes = fs::read(path).map_err(|error| Error::path("read", path, &error))?;
        files.add(path, &bytes)?;
    }
    if files.processes.is_empty() {
        return Err(Error::new(format!(
            "no traces in `{}`; run isolated tests with `ISOLATED_TRACE` set to its absolute path",
            dir.display()
        )));
    }
    Ok(files)
}

impl Files {
    /// Adds one file.
    fn add(&mut self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let mut process: Option<Process> = None;
        for bytes in bytes.split_inclusive(|byte| *byte == b'\n') {
            // Without its newline, a line may be cut off within a number and still look valid.
            let whole = bytes.strip_suffix(b"\n");
            let Some(line) = whole.and_then(|line| serde_json::from_slice::<Line>(line).ok())
            else {
                self.broken += 1;
                continue;
            };
            match (line.event, &mut process) {
                (Event::Process { version, .. }, _) if version != VERSION => {
                    return Err(Error::new(format!(
                        "`{}` is a trace of version {version}, expected {VERSION}; install the \
                         cargo-isolated that belongs to the isolated-test of the tests",
                        path.display()
                    )));
                }
                (
                    Event::Process {
                        pid,
                        program,
                        binary,
                        ..
                    },
                    None,
                ) => {
                    process = Some(Process {
                        pid,
                        program,
                        binary,
                        lines: Vec::new(),
                    });
                }
                (event, Some(process)) => process.lines.push(Line { event, ..line }),
                // The process of the line is unknown.
                (_, None) => self.broken += 1,
            }
        }
        self.processes.extend(process);
        Ok(())
    }
}
