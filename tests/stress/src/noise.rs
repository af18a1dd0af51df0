//! A subprocess that makes noise: bursts of CPU work, new processes, and disk writes.
//!
//! Constant load only makes everything slower. Wrong assumptions about time surface under irregular
//! load: a thread that usually runs undisturbed is suddenly not scheduled for a tenth of a second.
//! So each worker follows its own random pattern, and now and then all work at once.
//!
//! The subprocess exits when its standard input closes, which happens however the command ends.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, process, thread};

use crate::random::Random;

/// The first argument of the noise process.
pub(crate) const ARGUMENT: &str = "--make-noise";

/// A running noise process. Dropping it ends the noise.
#[must_use = "the noise ends when this is dropped"]
pub(crate) struct Noise {
    child: Child,
    input: Option<ChildStdin>,
}

impl Noise {
    /// Starts the process, which is silent at first. This must happen before the build, which may
    /// replace the program.
    pub(crate) fn prepare(workers: usize) -> io::Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .args([ARGUMENT, &workers.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        let input = child.stdin.take();
        Ok(Self { child, input })
    }

    /// Starts the noise. Its files go to `folder`.
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

/// The main function of the noise process: makes noise until standard input ends.
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
    // Any further input is ignored; only its end matters.
    let _ = io::copy(&mut io::stdin().lock().take(u64::MAX), &mut io::sink());
}

/// Runs one worker: mostly short bursts, sometimes a long one, with about as much work as rest.
fn work(random: &mut Random) {
    loop {
        let longest = if random.below(10) == 0 { 400 } else { 40 };
        burn(Duration::from_millis(1 + random.below(longest)));
        thread::sleep(Duration::from_micros(random.below(1_000 * longest)));
    }
}

/// Runs bursts that keep everybody else off the processors: three threads for each worker.
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

/// Starts processes, which use up process ids, memory and descriptors.
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

/// Writes to the disk, so that others have to wait for their own writes.
fn write_files(folder: &Path) {
    let mut random = Random::new(u64::MAX - 2);
    let path = folder.join(format!("noise-{}", process::id()));
    let block = vec![0x5a; 1 << 20];
    loop {
        if let Ok(mut file) = File::create(&path) {
            // The file is unlinked at once where the system allows it, so that nothing is left
            // however this process ends.
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
