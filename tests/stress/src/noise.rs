//! A process that disturbs: bursts of work on the processor, new processes, writes to the disk.
//!
//! Constant load only makes everything slower. What finds wrong assumptions about time is work that
//! comes and goes: a thread that runs alone meets one that is not run for a tenth of a second. So each
//! worker has its own random pattern, and now and then all work at once.
//!
//! The process ends when its standard input does, and that ends with the command, however it ends.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, process, thread};

use crate::random::Random;

/// The first argument of the process that makes the noise.
pub(crate) const ARGUMENT: &str = "--make-noise";

/// A running process that makes noise, which ends when this is dropped.
#[must_use = "the noise ends when this is dropped"]
pub(crate) struct Noise {
    child: Child,
    input: Option<ChildStdin>,
}

impl Noise {
    /// Starts the process; it is silent at first. Later, the program may have been built anew.
    pub(crate) fn prepare(workers: usize) -> io::Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .args([ARGUMENT, &workers.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        let input = child.stdin.take();
        Ok(Self { child, input })
    }

    /// Starts the noise, with files in this folder.
    pub(crate) fn begin(&mut self, folder: &Path) -> io::Result<()> {
        let input = self.input.as_mut().expect("it is taken at the end only");
        writeln!(input, "{}", folder.display())
    }
}

impl Drop for Noise {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// Makes noise until standard input ends; the life of the process.
pub(crate) fn make() {
    let mut words = env::args().skip(2);
    if words.next().as_deref() == Some("nothing") {
        return;
    }
    let workers = env::args().nth(2).and_then(|word| word.parse().ok());
    let mut folder = String::new();
    if io::stdin().read_line(&mut folder).unwrap_or(0) == 0 {
        return;
    }
    let folder = PathBuf::from(folder.trim_end());
    for worker in 0..workers.unwrap_or(0_u64) {
        thread::spawn(move || work(&mut Random::new(worker)));
    }
    if workers != Some(0) {
        thread::spawn(move || all_at_once(workers.unwrap_or(1)));
        thread::spawn(start_processes);
        thread::spawn(move || write_files(&folder));
    }
    // Whatever is still sent says nothing; the end does.
    let _ = io::copy(&mut io::stdin().lock().take(u64::MAX), &mut io::sink());
}

/// One worker: mostly short bursts, now and then a long one, about as much work as rest.
fn work(random: &mut Random) {
    loop {
        let longest = if random.below(10) == 0 { 400 } else { 40 };
        burn(Duration::from_millis(1 + random.below(longest)));
        thread::sleep(Duration::from_micros(random.below(1_000 * longest)));
    }
}

/// Bursts in which nobody else is run for long: three threads for each worker.
fn all_at_once(workers: u64) {
    let mut random = Random::new(u64::MAX);
    loop {
        thread::sleep(Duration::from_millis(random.below(4_000)));
        let time = Duration::from_millis(50 + random.below(300));
        thread::scope(|scope| {
            for _ in 0..3 * workers {
                scope.spawn(move || burn(time));
            }
        });
    }
}

/// New processes, which take numbers, memory and descriptors.
fn start_processes() {
    let (mut random, Ok(program)) = (Random::new(u64::MAX - 1), env::current_exe()) else {
        return;
    };
    loop {
        for _ in 0..random.below(10) {
            let mut command = Command::new(&program);
            command.args([ARGUMENT, "nothing"]).stdin(Stdio::null());
            let _ = command.status();
        }
        thread::sleep(Duration::from_millis(random.below(500)));
    }
}

/// Writes to the disk, so that others have to wait for theirs.
fn write_files(folder: &Path) {
    let mut random = Random::new(u64::MAX - 2);
    let path = folder.join(format!("noise-{}", process::id()));
    let block = vec![0x5a; 1 << 20];
    loop {
        if let Ok(mut file) = File::create(&path) {
            // Nothing is left of it, however this process ends, where the system allows that.
            let removed = fs::remove_file(&path);
            for _ in 0..=random.below(8) {
                let _ = file.write_all(&block);
            }
            let _ = file.sync_all();
            drop(file);
            if removed.is_err() {
                let _ = fs::remove_file(&path);
            }
        }
        thread::sleep(Duration::from_millis(random.below(1_000)));
    }
}

fn burn(time: Duration) {
    let start = Instant::now();
    let mut random = Random::new(0);
    while start.elapsed() < time {
        for _ in 0..1_000 {
            black_box(random.below(u64::MAX));
        }
    }
}
