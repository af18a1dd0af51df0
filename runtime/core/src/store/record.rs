//! The record of a process: a locked file that says that it lives, and what it is doing.
//!
//! Who can lock the file knows that its owner is dead. The kernel keeps that promise whatever
//! happens to the owner; neither process identifiers nor ages are ever asked.
//!
//! The file is a row of blocks of [`BLOCK`] bytes. The first describes the process; each other
//! one belongs to one running test or guard while its first byte is `+`. Blocks are overwritten in
//! place, because truncating a file costs up to a hundred times as much.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::block::{BLOCK, Block, Digits};
use super::{Store, store, sweep};
use crate::error::{Error, ErrorKind};
use crate::lock::{Want, file};
use crate::random;
use crate::sys;
use crate::sys::process::Kept;

/// The ending of the names of records.
pub(crate) const ENDING: &str = "lock";

/// The record of a living process.
pub(crate) struct Record {
    file: File,
    path: PathBuf,
    /// Where the temporary directories of the process stand; made when first needed.
    dir: PathBuf,
    has_dir: AtomicBool,
    /// Which blocks are taken; block 0 describes the process.
    taken: Mutex<Vec<bool>>,
    process: u32,
}

static RECORD: Mutex<Option<Arc<Record>>> = Mutex::new(None);

/// Returns the record of this process; at the first call, sweeps what dead processes left.
pub(crate) fn record() -> Result<Arc<Record>, Error> {
    static SWEPT: AtomicBool = AtomicBool::new(false);

    let mut current = lock(&RECORD);
    if let Some(record) = current
        .as_ref()
        .filter(|record| record.process == std::process::id())
    {
        return Ok(record.clone());
    }
    let store = store()?;
    let record = Arc::new(Record::create(store)?);
    *current = Some(record.clone());
    drop(current);
    if !SWEPT.swap(true, Ordering::Relaxed) {
        sys::at_exit(forget_at_exit);
        sweep::sweep(store, &record.path);
    }
    Ok(record)
}

/// Replaces a record whose directory somebody has removed under this process.
pub(crate) fn renew(lost: &Record) -> Result<Arc<Record>, Error> {
    let mut current = lock(&RECORD);
    if current
        .as_ref()
        .is_some_and(|record| record.path == lost.path)
    {
        *current = None;
    }
    drop(current);
    record()
}

/// Removes the record and its directory when the process ends normally.
extern "C" fn forget_at_exit() {
    // A forked child has the handler too, and must leave its parent's record alone. A thread that
    // still holds the mutex will never be done: the next run sweeps then.
    let Ok(mut current) = RECORD.try_lock() else {
        return;
    };
    if let Some(record) = current
        .take()
        .filter(|record| record.process == std::process::id())
    {
        let dir = record.has_dir.load(Ordering::Relaxed);
        sweep::forget(&record.path, dir.then_some(&*record.dir));
    }
}

impl Record {
    /// Makes and locks the record of this process.
    fn create(store: &Store) -> Result<Self, Error> {
        loop {
            let name = random::word(6);
            let path = store.runs().join(format!("{name}.{ENDING}"));
            let fail = |error| {
                Error::path(
                    ErrorKind::State,
                    "make the record of this process",
                    &path,
                    error,
                )
            };
            let file = match store.create(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                result => result.map_err(fail)?,
            };
            // A sweeper may have been faster, and takes a record that is not locked for a dead one.
            if !file::try_lock(&file, file::Strength::Exclusive).map_err(fail)?
                || !sys::is_at(&file, &path).map_err(fail)?
            {
                continue;
            }
            let record = Record {
                file,
                dir: store.runs().join(name),
                has_dir: AtomicBool::new(false),
                taken: Mutex::new(vec![true]),
                process: std::process::id(),
                path: path.clone(),
            };
            let mut header = Block::new();
            header.add_line(&["process ", &record.process.to_string()]);
            if let Some(program) = std::env::args_os().next() {
                header.add_line(&["program ", &program.to_string_lossy()]);
            }
            let _ = record.write(0, &header);
            return Ok(record);
        }
    }

    /// Makes a temporary directory, whose name must be new.
    ///
    /// Theirs is made when it turns out not to be there; mostly it is, and one call is enough.
    pub(crate) fn create_dir(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.dir.join(name);
        match sys::create_dir(&path, 0o700) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.make_dir()?;
                sys::create_dir(&path, 0o700)?;
            }
            result => result?,
        }
        Ok(path)
    }

    /// Makes the directory for temporary directories.
    ///
    /// Only a record that is still in its place may own one, or nobody would sweep it.
    fn make_dir(&self) -> io::Result<()> {
        self.has_dir.store(true, Ordering::Relaxed);
        match sys::create_dir(&self.dir, 0o700) {
            Ok(()) if sys::is_at(&self.file, &self.path)? => Ok(()),
            Ok(()) => {
                std::fs::remove_dir(&self.dir)?;
                Err(io::ErrorKind::NotFound.into())
            }
            // Another thread was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Writes one block.
    fn write(&self, number: usize, block: &Block) -> io::Result<()> {
        sys::write_at(&self.file, block.written(), offset(number))
    }
}

/// Says in the record that a test runs, and which keys it holds, until it is dropped.
///
/// It is read by people who wait, and by those who find that the file of a lock is new although the
/// lock may be held. That it cannot be written, because the disk is full say, is no reason to fail.
#[must_use = "what a test is doing is said only while this lives"]
pub(crate) struct Activity {
    record: Arc<Record>,
    block: usize,
    name: String,
    since: u64,
    /// Each with the time from which on it is held, if that is not the same.
    held: Mutex<Vec<(Want, Option<u64>)>>,
    /// Whether the block says something.
    is_said: AtomicBool,
}

impl Activity {
    /// Takes a block of the record of this process, and says nothing yet.
    pub(crate) fn begin(name: String) -> Result<Self, Error> {
        let record = record()?;
        let block = {
            let mut taken = lock(&record.taken);
            let free = taken.iter().position(|taken| !taken).unwrap_or(taken.len());
            if free == taken.len() {
                taken.push(true);
            } else {
                taken[free] = true;
            }
            free
        };
        Ok(Activity {
            record,
            block,
            name,
            since: now(),
            held: Mutex::default(),
            is_said: AtomicBool::new(false),
        })
    }

    /// Says that locks are held from the beginning on, in one word.
    ///
    /// It must be said before the last look at the lock files: see
    /// [`entry`](crate::lock::entry).
    pub(crate) fn add(&self, wants: &[Want]) {
        let mut held = lock(&self.held);
        for want in wants {
            held.push((*want, None));
        }
        self.say(&held);
    }

    /// Says that a lock is held from now on.
    pub(crate) fn add_now(&self, want: Want) {
        let mut held = lock(&self.held);
        held.push((want, Some(now())));
        self.say(&held);
    }

    /// Takes back that locks are held.
    pub(crate) fn take_back(&self, wants: &[Want]) {
        let mut held = lock(&self.held);
        for want in wants {
            if let Some(at) = held.iter().rposition(|(other, _)| other == want) {
                held.remove(at);
            }
        }
        self.say(&held);
    }

    /// Writes what is known into the record, as far as there is room.
    fn say(&self, held: &[(Want, Option<u64>)]) {
        let mut block = Block::new();
        block.add_line(&["+", Digits::of(self.since).as_str(), " ", &self.name]);
        for (want, since) in held {
            let (word, key) = want.code();
            let fits = match since {
                None => block.add_line(&[word, key]),
                Some(since) => block.add_line(&[Digits::of(*since).as_str(), " ", word, key]),
            };
            if !fits {
                break;
            }
        }
        self.is_said.store(true, Ordering::Relaxed);
        let _ = self.record.write(self.block, &block);
    }

    /// Takes back what was said.
    pub(crate) fn hush(&self) {
        if self.is_said.swap(false, Ordering::Relaxed) {
            let _ = sys::write_at(&self.record.file, b"-", offset(self.block));
        }
    }

    /// Returns the name of what is running.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns what must stay open while a process of the test lives: this process counts as alive
    /// until then.
    pub(crate) fn kept(&self) -> Vec<Kept> {
        sys::process::kept(&self.record.file).into_iter().collect()
    }

    /// Returns where it is written, as the record and the block.
    pub(crate) fn place(&self) -> (&Path, usize) {
        (&self.record.path, self.block)
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        self.hush();
        lock(&self.record.taken)[self.block] = false;
    }
}

fn offset(block: usize) -> u64 {
    (block * BLOCK) as u64
}

/// Returns the milliseconds since 1970, for people; no decision depends on it.
pub(crate) fn now() -> u64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(time.unwrap_or_default().as_millis()).unwrap_or_default()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{BLOCK, Block, Record};
    use crate::store::{Store, Trust};

    #[test]
    fn nothing_of_a_longer_text_is_left() {
        let base = tempfile::tempdir().unwrap();
        let store = Store::open(base.path(), Trust::Anybody).unwrap();
        let record = Record::create(&store).unwrap();
        let read = |block: usize| {
            let bytes = fs::read(&record.path).unwrap();
            let block = bytes.chunks(BLOCK).nth(block).unwrap();
            let end = block.iter().position(|byte| *byte == 0);
            String::from_utf8(block[..end.unwrap_or(BLOCK)].to_vec()).unwrap()
        };
        let write = |number, line: &str| {
            let mut block = Block::new();
            block.add_line(&[line]);
            record.write(number, &block).unwrap();
        };
        write(1, &"long ".repeat(100));
        write(1, "short");
        assert_eq!(read(1), "short\n");

        // The next block is not touched by one that is full.
        write(2, "next");
        for length in [BLOCK - 2, BLOCK - 1, BLOCK, BLOCK + 1] {
            write(1, &"x".repeat(length));
            assert_eq!(read(1).trim_end().len(), length.min(BLOCK));
            assert_eq!(read(2), "next\n");
        }
    }
}
