//! The trace file of one process.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::process;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;

use super::line::{Field, line};
use crate::error::{Error, ErrorKind};
use crate::mutex::lock;
use crate::os;
use crate::random;
use crate::runner;

/// The version of the format. Changes when a reader of the old format would misunderstand the new
/// one.
const VERSION: u64 = 1;

/// The trace file of this process.
pub(super) struct TraceFile {
    /// `None` if it could not be opened; the error has been reported.
    file: Option<File>,
    process: u32,
    /// The number of tests and guards that have begun.
    pub(super) begun: AtomicU64,
}

impl TraceFile {
    /// Returns the file of this process. A file that cannot be opened is an error once; later tests
    /// run without a trace.
    pub(super) fn of_this_process(dir: &Path) -> Result<Option<Arc<Self>>, Error> {
        static FILE: Mutex<Option<Arc<TraceFile>>> = Mutex::new(None);

        let mut current = lock(&FILE);
        // A forked process gets its own file.
        if let Some(known) = current.as_ref().filter(|known| known.is_ours()) {
            return Ok(known.file.is_some().then(|| known.clone()));
        }
        let mut created = Ok(());
        let file = create(dir).map_err(|error| created = Err(error)).ok();
        let opened = current.insert(Arc::new(TraceFile::new(file)));
        let action = "write the trace that `ISOLATED_TRACE` asks for into";
        created.map_err(|error| Error::path(ErrorKind::Variable, action, dir, error))?;
        Ok(Some(opened.clone()))
    }

    /// Begins a file with a line about its process.
    fn new(file: Option<File>) -> Self {
        let trace = TraceFile {
            file,
            process: process::id(),
            begun: AtomicU64::new(0),
        };
        let program = std::env::current_exe().unwrap_or_default();
        let program = program.to_string_lossy();
        let mut values = vec![
            ("version", Field::Number(VERSION)),
            ("pid", Field::Number(trace.process.into())),
            ("program", Field::Text(&program)),
        ];
        let binary = runner::nextest_binary();
        values.extend(
            binary
                .as_deref()
                .map(|binary| ("binary", Field::Text(binary))),
        );
        trace.write("process", None, &values);
        trace
    }

    fn is_ours(&self) -> bool {
        self.process == process::id()
    }

    pub(super) fn write(&self, event: &str, id: Option<u64>, values: &[(&str, Field<'_>)]) {
        // A forked process does not write into its parent's file: its parent traces the same tests.
        if let Some(mut file) = self.file.as_ref().filter(|_| self.is_ours()) {
            // A full disk is no reason to fail a test.
            let _ = file.write_all(line(now(), event, id, values).as_bytes());
        }
    }
}

/// Creates a file that no other process writes to, and the directory if it is missing.
fn create(dir: &Path) -> io::Result<File> {
    fs::create_dir_all(dir)?;
    let name = format!("{}-{}.jsonl", process::id(), random::word(8));
    OpenOptions::new()
        .append(true)
        .create_new(true)
        .open(dir.join(name))
}

/// The microseconds since 1970, on the clock that all processes of the machine share.
fn now() -> u64 {
    let since = os::real_time().duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{TraceFile, create};

    #[test]
    fn a_file_is_named_by_its_process_which_its_first_line_describes() {
        let dir = tempfile::tempdir().unwrap();
        let made = dir.path().join("is/made");
        let trace = TraceFile::new(Some(create(&made).unwrap()));
        trace.write("body", Some(3), &[]);

        let paths: Vec<_> = fs::read_dir(made).unwrap().collect();
        let [Ok(entry)] = &paths[..] else {
            panic!("{paths:?}");
        };
        let name = entry.file_name().into_string().unwrap();
        let process = std::process::id();
        assert!(name.starts_with(&format!("{process}-")), "{name}");
        assert_eq!(entry.path().extension().unwrap(), "jsonl");

        let text = fs::read_to_string(entry.path()).unwrap();
        // Times differ.
        let lines: Vec<_> = text
            .lines()
            .map(|line| line.split_once(',').unwrap())
            .collect();
        let header = format!("\"e\":\"process\",\"version\":1,\"pid\":{process},\"program\":\"");
        assert!(lines[0].1.starts_with(&header), "{text}");
        assert_eq!(lines[1].1, "\"e\":\"body\",\"id\":3}");
        assert!(
            lines.iter().all(|(time, _)| time.starts_with("{\"t\":1")),
            "{text}"
        );
    }

    #[test]
    fn a_file_that_cannot_be_had_is_silent() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "").unwrap();
        assert!(create(&path).is_err());
        TraceFile::new(None).write("body", Some(3), &[]);
    }
}
