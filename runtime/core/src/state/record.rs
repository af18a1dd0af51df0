//! The record of a process: a locked file that shows that the process is alive, and what it is
//! doing.
//!
//! If the file can be locked, its process is dead. The kernel guarantees this, whatever happens to
//! the process. Process identifiers and ages are never consulted.
//!
//! The file is a sequence of blocks of [`BLOCK`] bytes. The first block begins with the
//! [`proof`](super::proof) that the file is ours, and describes the process. Each other block
//! belongs to one running test or guard while its first byte is `+`. Blocks are overwritten in
//! place, because truncating a file costs up to a hundred times as much.

use std::fs::File;
use std::io;
use std::io::ErrorKind::{AlreadyExists, NotFound};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;

use super::block::{BLOCK, fitted};
use super::proof::RECORD as PROOF;
use super::reclaim::{self, Reclaim};
use super::{StateDir, state_dir, sweep, within};
use crate::error::{Error, ErrorKind};
use crate::mutex::lock;
use crate::os;
use crate::os::flock;
use crate::random;
use crate::runner;

mod blocks;

pub(crate) use self::blocks::Block;
use self::blocks::Blocks;

/// The extension of records, which nobody else gives to a file.
pub(crate) const ENDING: &str = "isolated-test";

/// The line of the header that states that the process of the record created the directory beside
/// it.
pub(super) const OWNS_DIR: &str = "directory\n";

/// The beginning of the line that names the directory of the package.
pub(crate) const IN: &str = "in ";

/// The length of the random names of records and of the directories beside them.
const NAME: usize = 6;

/// Whether this is the name of a record, or of a directory beside one.
pub(super) fn is_ours_by_name(name: &str) -> bool {
    let (stem, ending) = name.split_once('.').unwrap_or((name, ENDING));
    if ![ENDING, within::ENDING].contains(&ending) {
        return false;
    }
    let is_digit = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    stem.len() == NAME && stem.bytes().all(is_digit)
}

/// The record of a living process.
pub(crate) struct Record {
    file: File,
    path: PathBuf,
    /// The name of the file, without its extension.
    name: Arc<str>,
    /// The directory of the temporary directories of the process, created when first needed.
    dir: PathBuf,
    /// Whether this process has made that directory. Locked while it does.
    has_dir: Mutex<bool>,
    /// Whether the header was written. A record without it proves nothing.
    is_proven: AtomicBool,
    blocks: Mutex<Blocks>,
    /// Whether the exiting process has removed the record. Then nobody would find a new reclaim line.
    is_removed: Mutex<bool>,
    process: u32,
}

static RECORD: Mutex<Option<Arc<Record>>> = Mutex::new(None);

/// Returns the record of this process. The first call also sweeps what dead processes left.
pub(crate) fn record() -> Result<Arc<Record>, Error> {
    static SWEPT: AtomicBool = AtomicBool::new(false);

    let mut current = lock(&RECORD);
    if let Some(record) = current.as_ref().filter(|record| record.is_ours()) {
        return Ok(record.clone());
    }
    let state_dir = state_dir()?;
    let record = Arc::new(Record::create(state_dir)?);
    *current = Some(record.clone());
    drop(current);
    if !SWEPT.swap(true, Ordering::Relaxed) {
        os::at_exit(forget_at_exit);
        sweep::sweep(state_dir, &record.path);
    }
    Ok(record)
}

/// Adds a kind of thing that this process can remove for dead processes. A new one is looked for at
/// once, because the sweep of this process may have left such things.
pub(crate) fn register(kind: &'static str, reclaim: Reclaim) -> Result<(), Error> {
    if reclaim::register(kind, reclaim) {
        sweep::sweep(state_dir()?, &record()?.path);
    }
    Ok(())
}

/// Replaces a record whose directory somebody has removed while this process was running.
pub(crate) fn renew(lost: &Record) -> Result<Arc<Record>, Error> {
    lock(&RECORD).take_if(|record| record.path == lost.path);
    record()
}

/// Removes the record and its directory when the process exits normally.
extern "C" fn forget_at_exit() {
    // A forked child has this handler too, and must leave its parent's record alone. A thread that
    // still holds the mutex may never release it; then the next run sweeps.
    let Ok(mut current) = RECORD.try_lock() else {
        return;
    };
    if let Some(record) = current.take().filter(|record| record.is_ours()) {
        let Ok(has_dir) = record.has_dir.try_lock() else {
            return;
        };
        // Another thread may be adding a line. Then the next run sweeps.
        let Ok(mut is_removed) = record.is_removed.try_lock() else {
            return;
        };
        // Tests that have ended have left nothing to reclaim, but one that ends the process has.
        if !reclaim::is_empty(&record.file).unwrap_or(false) {
            return;
        }
        // Somebody may have emptied the state directory, and another file may be at the path now.
        if os::is_at(&record.file, &record.path).is_ok_and(|is_there| is_there) {
            *is_removed = true;
            sweep::forget(&record.path, *has_dir, true);
        }
    }
}

impl Record {
    /// Whether it is that of this process, which may be a copy.
    fn is_ours(&self) -> bool {
        self.process == std::process::id()
    }

    /// Creates and locks the record of this process.
    pub(super) fn create(state_dir: &StateDir) -> Result<Self, Error> {
        loop {
            let name = random::word(NAME);
            let dir = state_dir.runs().join(&name);
            if dir.symlink_metadata().is_ok() {
                // The directory is somebody else's, and would be swept as if it were ours.
                continue;
            }
            let path = state_dir.record_path(&name);
            let action = "make the record of this process";
            let fail = |error| Error::path(ErrorKind::State, action, &path, error);
            let file = os::unless(AlreadyExists, state_dir.create(&path)).map_err(fail)?;
            let Some(file) = file else { continue };
            // A sweeper may have been faster: it takes an unlocked record for that of a dead
            // process.
            if !flock::try_lock(&file, flock::Strength::Exclusive).map_err(fail)?
                || !os::is_at(&file, &path).map_err(fail)?
            {
                continue;
            }
            let record = Record {
                file,
                dir,
                name: name.into(),
                has_dir: Mutex::new(false),
                is_proven: AtomicBool::new(false),
                blocks: Mutex::new(Blocks {
                    taken: vec![true],
                    since: 0,
                }),
                is_removed: Mutex::new(false),
                process: std::process::id(),
                path: path.clone(),
            };
            let _ = record.write_header(false);
            return Ok(record);
        }
    }

    /// Creates a temporary directory, whose name must be new.
    ///
    /// The directory around it is created when it turns out to be missing. Mostly it exists, and
    /// one system call is enough.
    pub(crate) fn create_dir(&self, state_dir: &StateDir, name: &str) -> io::Result<PathBuf> {
        let path = self.dir.join(name);
        if os::unless(NotFound, state_dir.create_dir(&path, 0o700))?.is_none() {
            self.make_dir(state_dir)?;
            state_dir.create_dir(&path, 0o700)?;
        }
        Ok(path)
    }

    /// Creates the directory for temporary directories, then states in the record that it is ours.
    /// Nothing is created in it before that. A sweep removes its contents only if the record has
    /// that line.
    ///
    /// A record that is no longer in place must not own a directory, or nobody would sweep the
    /// directory. A directory that this process has not created is not ours. In both cases the
    /// error is `NotFound`, and the record has to be [renewed](renew).
    fn make_dir(&self, state_dir: &StateDir) -> io::Result<()> {
        let mut has_dir = lock(&self.has_dir);
        if os::unless(AlreadyExists, state_dir.create_dir(&self.dir, 0o700))?.is_some() {
            if !os::is_at(&self.file, &self.path)? {
                std::fs::remove_dir(&self.dir)?;
                return Err(NotFound.into());
            }
            *has_dir = true;
            let _ = self.write_header(true);
        }
        // Otherwise another thread or somebody else was faster.
        if *has_dir {
            Ok(())
        } else {
            Err(NotFound.into())
        }
    }

    /// Writes the first block.
    fn write_header(&self, has_dir: bool) -> io::Result<()> {
        let owns_dir = if has_dir { OWNS_DIR } else { "" };
        let program = std::env::args_os().next();
        let program = program.map(|program| format!("program {}\n", program.to_string_lossy()));
        let header = format!(
            "{PROOF}{owns_dir}process {}\n{}{}",
            self.process,
            place().unwrap_or_default(),
            program.unwrap_or_default()
        );
        os::write_at(&self.file, fitted(header).as_bytes(), 0)?;
        self.is_proven.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Writes into one block, once the header is written: a record must not begin with anything
    /// else.
    pub(super) fn write(&self, number: usize, text: &str) -> io::Result<()> {
        if !self.is_proven.load(Ordering::Relaxed) {
            self.write_header(*lock(&self.has_dir))?;
        }
        os::write_at(&self.file, text.as_bytes(), offset(number))
    }
}

/// The line that states in which directory the process was started.
pub(super) fn place() -> Option<String> {
    let dir = runner::directory()?;
    let dir = dir.to_str().filter(|dir| !dir.contains('\n'))?;
    Some(format!("{IN}{dir}\n"))
}

fn offset(block: usize) -> u64 {
    (block * BLOCK) as u64
}

/// The current time, in milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let time = os::real_time().duration_since(UNIX_EPOCH);
    u64::try_from(time.unwrap_or_default().as_millis()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Blocks, Record, fitted};
    use crate::state::{StateDir, Trust, sweep};
    use std::fs;
    use std::io;
    use std::path::Path;

    #[test]
    fn nothing_of_a_longer_text_is_left() {
        let base = tempfile::tempdir().unwrap();
        let state_dir = StateDir::open(base.path(), Trust::Anybody).unwrap();
        let record = Record::create(&state_dir).unwrap();
        let read = |block: usize| {
            let bytes = fs::read(&record.path).unwrap();
            let block = bytes.chunks(BLOCK).nth(block).unwrap();
            let end = block.iter().position(|byte| *byte == 0);
            String::from_utf8(block[..end.unwrap_or(BLOCK)].to_vec()).unwrap()
        };
        let write = |number, line: &str| {
            record.write(number, &fitted(format!("{line}\n"))).unwrap();
        };
        write(1, &"long ".repeat(100));
        write(1, "short");
        assert_eq!(read(1), "short\n");

        // A full block does not touch the next one.
        write(2, "next");
        for length in [BLOCK - 2, BLOCK - 1, BLOCK, BLOCK + 1] {
            write(1, &"x".repeat(length));
            assert_eq!(read(1).trim_end().len(), length.min(BLOCK));
            assert_eq!(read(2), "next\n");
        }
    }

    #[test]
    fn two_tests_in_one_block_differ_by_their_time() {
        let mut blocks = Blocks {
            taken: vec![true],
            since: 0,
        };
        let first = blocks.take();
        blocks.taken[first.0] = false;
        let second = blocks.take();
        assert_eq!((first.0, second.0), (1, 1));
        assert!(second.1 > first.1);
    }

    #[test]
    fn a_directory_that_the_process_has_not_made_is_not_its_own() {
        let base = tempfile::tempdir().unwrap();
        let state_dir = StateDir::open(base.path(), Trust::Anybody).unwrap();
        let record = Record::create(&state_dir).unwrap();
        fs::create_dir(&record.dir).unwrap();
        fs::write(record.dir.join("data"), "precious").unwrap();
        let error = record.make_dir(&state_dir).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(!*record.has_dir.lock().unwrap());

        // Neither the end of this process nor a sweep touches it.
        let (path, dir) = (record.path.clone(), record.dir.clone());
        drop(record);
        sweep::sweep(&state_dir, Path::new(""));
        assert!(!path.exists());
        assert_eq!(fs::read(dir.join("data")).unwrap(), b"precious");
    }

    #[test]
    fn a_record_says_that_it_is_ours_and_whose_directory_stands_beside_it() {
        let base = tempfile::tempdir().unwrap();
        let state_dir = StateDir::open(base.path(), Trust::Anybody).unwrap();
        let record = Record::create(&state_dir).unwrap();
        let read = || fs::read_to_string(&record.path).unwrap();
        let text = read();
        assert!(
            text.starts_with("isolated-test record 1\nprocess "),
            "{text}"
        );
        record.create_dir(&state_dir, "pays").unwrap();
        let text = read();
        assert!(
            text.starts_with("isolated-test record 1\ndirectory\nprocess "),
            "{text}"
        );
    }
}
