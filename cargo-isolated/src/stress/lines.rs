//! The output of a copy, line by line.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender, TryIter};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use os_pipe::{PipeReader, PipeWriter};

use crate::random::Random;

/// A line with the time of its arrival.
pub(crate) type Line = (Instant, String);

/// The output of a copy: a pipe, whose lines a thread copies to a file and sends with their times.
pub(crate) struct Lines {
    path: PathBuf,
    writer: PipeWriter,
    /// Ends the output. The thread cannot wait for the end of the pipe, because a process that was left
    /// behind may keep it open.
    mark: Vec<u8>,
    received: Receiver<Line>,
    thread: JoinHandle<io::Result<()>>,
}

impl Lines {
    /// Opens a pipe whose lines are copied to the file `path`.
    pub(crate) fn start(path: &Path) -> io::Result<Self> {
        let (reader, writer) = os_pipe::pipe()?;
        let file = File::create(path)?;
        let (sender, received) = mpsc::channel();
        let mark = format!("\0{:016x}\n", Random::new(0).below(u64::MAX)).into_bytes();
        let end = mark.clone();
        Ok(Self {
            path: path.to_owned(),
            writer,
            mark,
            received,
            thread: thread::spawn(move || copy(reader, file, &end, &sender)),
        })
    }

    /// The write end. It can be both streams of a process, which keeps Cargo's announcements in order
    /// with the output of the tests.
    pub(crate) fn writer(&self) -> io::Result<PipeWriter> {
        self.writer.try_clone()
    }

    /// The lines since the last call.
    pub(crate) fn take(&self) -> TryIter<'_, Line> {
        self.received.try_iter()
    }

    /// Everything written so far, and the lines since the last call of [`take`](Self::take).
    pub(crate) fn end(mut self) -> io::Result<(String, Vec<Line>)> {
        let marked = self.writer.write_all(&self.mark);
        // If the thread has failed, that is why the mark cannot be written.
        self.thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        marked?;
        let output = fs::read(&self.path)?;
        let output = String::from_utf8_lossy(&output).into_owned();
        Ok((output, self.received.try_iter().collect()))
    }
}

/// Copies lines until one ends with the mark.
fn copy(reader: PipeReader, mut file: File, mark: &[u8], lines: &Sender<Line>) -> io::Result<()> {
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        let count = reader.read_until(b'\n', &mut line)?;
        let now = Instant::now();
        let last = line.strip_suffix(mark);
        let written = last.unwrap_or(&line);
        file.write_all(written)?;
        let text = String::from_utf8_lossy(written);
        // The receiver is gone if the copy was dropped.
        let _ = lines.send((now, text.trim_end_matches('\n').to_owned()));
        if count == 0 || last.is_some() {
            return Ok(());
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::{Command, Stdio};

    use super::Lines;

    #[test]
    fn all_is_read_although_a_process_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let lines = Lines::start(&folder.path().join("output")).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo ready; printf begun; sleep 1000 & echo $! >&2"]);
        command.stdout(lines.writer().unwrap());
        let output = command.stderr(Stdio::piped());
        // Standard error would stay open too, so only its first line is read.
        let mut child = output.spawn().unwrap();
        let mut id = String::new();
        let errors = child.stderr.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(errors), &mut id).unwrap();
        child.wait().unwrap();
        let (output, lines) = lines.end().unwrap();
        let killed = Command::new("kill").arg(id.trim()).status();
        assert!(killed.unwrap().success());
        assert_eq!(output, "ready\nbegun");
        let texts: Vec<_> = lines.iter().map(|(_, text)| &**text).collect();
        assert_eq!(texts, ["ready", "begun"]);
    }
}
