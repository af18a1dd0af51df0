//! A subprocess that makes noise: bursts of CPU work, new processes, open ports, and disk writes.
//!
//! Constant load only makes everything slower. Wrong assumptions about time surface under irregular
//! load: a thread that usually runs undisturbed is suddenly not scheduled for a tenth of a second.
//! So each worker follows its own random pattern of work and rest, and now and then all work at once.
//!
//! The subprocess exits when its standard input closes, which happens however the command ends.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};
use std::{process, thread};

use anyhow::{Context, Result};

use super::processor::bind_to;
use crate::program;
use crate::random::Random;

/// Makes noise until standard input ends.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Threads that use the processor in bursts.
    #[arg(long, default_value_t = 0)]
    workers: u64,
    /// The directory for files.
    #[arg(long)]
    files: Option<PathBuf>,
    /// Use only this processor, and nothing else.
    #[arg(long)]
    processor: Option<usize>,
    /// Rest now and then.
    #[arg(long)]
    bursts: bool,
    /// Do nothing.
    #[arg(long)]
    nothing: bool,
}

/// A running noise process. Dropping it ends the noise.
#[derive(Debug)]
#[must_use = "the noise ends when this is dropped"]
pub(crate) struct Noise {
    child: Child,
    input: Option<ChildStdin>,
}

impl Noise {
    /// Starts all kinds of noise, with files in `dir`.
    pub(crate) fn all(workers: usize, dir: &Path) -> Result<Self> {
        let mut command = Self::command()?;
        command
            .args(["--workers", &workers.to_string(), "--files"])
            .arg(dir);
        Self::start(command)
    }

    /// Uses one processor, all the time or in bursts.
    pub(crate) fn on(processor: usize, in_bursts: bool) -> Result<Self> {
        let mut command = Self::command()?;
        command.args(["--processor", &processor.to_string()]);
        if in_bursts {
            command.arg("--bursts");
        }
        Self::start(command)
    }

    fn command() -> Result<Command> {
        let mut command = Command::new(program::path()?);
        command.arg("noise");
        Ok(command)
    }

    fn start(mut command: Command) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().context("failed to start noise")?;
        let input = child.stdin.take();
        Ok(Self { child, input })
    }
}

impl Drop for Noise {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// The main function of the noise process.
pub(crate) fn make(arguments: Arguments) -> Result<()> {
    let Arguments {
        workers,
        files,
        processor,
        bursts,
        nothing,
    } = arguments;
    if nothing {
        return Ok(());
    }
    if let Some(processor) = processor {
        bind_to(processor)?;
        thread::spawn(move || use_processor(bursts));
    }
    for worker in 0..workers {
        thread::spawn(move || work(&mut Random::new(worker)));
    }
    if workers > 0 {
        thread::spawn(move || all_at_once(workers));
        thread::spawn(start_processes);
        thread::spawn(open_ports);
        if let Some(dir) = files {
            thread::spawn(move || write_files(&dir));
        }
    }
    // Any input is ignored; only its end matters.
    let _ = io::copy(&mut io::stdin().lock().take(u64::MAX), &mut io::sink());
    Ok(())
}

/// Uses a processor all the time, or about half of it in bursts of up to a second.
fn use_processor(in_bursts: bool) {
    let mut random = Random::new(u64::MAX - 4);
    loop {
        burn(Duration::from_millis(1 + random.below(1_000)));
        if in_bursts {
            rest(&mut random, Duration::from_secs(1));
        }
    }
}

/// Runs one worker: mostly short bursts, sometimes a long one, with about as much work as rest.
fn work(random: &mut Random) {
    loop {
        let longest = if random.below(10) == 0 { 400 } else { 40 };
        burn(Duration::from_millis(1 + random.below(longest)));
        rest(random, Duration::from_millis(longest));
    }
}

/// Runs bursts on three threads for each worker, which keeps all others off the processors.
fn all_at_once(workers: u64) {
    let mut random = Random::new(u64::MAX);
    loop {
        rest(&mut random, Duration::from_secs(4));
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
    let (mut random, Ok(program)) = (Random::new(u64::MAX - 1), program::path()) else {
        return;
    };
    loop {
        for _ in 0..random.below(10) {
            let mut command = Command::new(program);
            command.args(["noise", "--nothing"]).stdin(Stdio::null());
            let _ = command.status();
        }
        rest(&mut random, Duration::from_millis(500));
    }
}

/// Opens ports and connections, so that the system assigns other numbers to the tests.
fn open_ports() {
    let mut random = Random::new(u64::MAX - 3);
    loop {
        let ports: Vec<_> = (0..random.below(32))
            .filter_map(|_| TcpListener::bind(("127.0.0.1", 0)).ok())
            .filter_map(|port| Some((TcpStream::connect(port.local_addr().ok()?), port)))
            .collect();
        rest(&mut random, Duration::from_millis(100));
        drop(ports);
        rest(&mut random, Duration::from_millis(400));
    }
}

/// Writes to the disk, so that others have to wait for their own writes.
fn write_files(dir: &Path) {
    let mut random = Random::new(u64::MAX - 2);
    let path = dir.join(format!("noise-{}", process::id()));
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
        rest(&mut random, Duration::from_secs(1));
    }
}

/// Rests for a random time. The rest is the idle half of the load, not a wait: no event could end it, and
/// nothing depends on its length. Irregular load shows wrong assumptions about time that constant load
/// hides.
fn rest(random: &mut Random, longest: Duration) {
    let longest = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX);
    thread::sleep(Duration::from_micros(random.below(longest)));
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
