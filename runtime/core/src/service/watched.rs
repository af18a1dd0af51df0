//! The output of a program, and how it ended.

use std::io::{self, Read, Write};
use std::process::ExitStatus;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::mutex::lock;
use crate::os::spawn_thread;
use crate::os::supervised::{Outputs, Watch};
#[cfg(unix)]
use crate::os::terminate::terminate;

/// The amount of a program's output that is kept, in bytes.
const MOST: usize = 64 * 1024;

/// A program that several threads observe: one waits for its end, the others read its output.
#[derive(Default)]
pub(super) struct Watched {
    state: Mutex<State>,
    changed: Condvar,
    /// Whether the program serves many tests. Then its output goes to the log of the host too, and the
    /// host ends when the program ends by itself.
    pub(super) in_host: bool,
}

/// The observations so far.
#[derive(Default)]
pub(super) struct State {
    /// The end of the output.
    pub(super) output: Vec<u8>,
    /// The text to find in the output, until it is found.
    wanted: Option<Vec<u8>>,
    /// Whether the output has contained the wanted text.
    pub(super) has_printed: bool,
    /// The number of outputs that are open.
    open: usize,
    /// How the program ended.
    pub(super) status: Option<ExitStatus>,
    /// Whether the test or its end has asked the program to end.
    pub(super) is_asked: bool,
    /// How the program ended, if it ended by itself.
    pub(super) unasked: Option<ExitStatus>,
    /// Whether no process is left.
    pub(super) is_gone: bool,
}

impl Watched {
    /// Observes a program, and looks for a text in its output.
    pub(super) fn begin(
        watch: Watch,
        outputs: Outputs,
        wanted: Option<&str>,
        in_host: bool,
    ) -> io::Result<Arc<Self>> {
        let watched = Arc::new(Watched {
            in_host,
            ..Watched::default()
        });
        watched.change(|state| {
            state.wanted = wanted.map(|text| text.as_bytes().to_vec());
            state.open = outputs.len();
        });
        for output in outputs {
            let watched = watched.clone();
            spawn(move || watched.read(output))?;
        }
        let watching = watched.clone();
        spawn(move || {
            watch.wait(|status| {
                watching.change(|state| {
                    if !state.is_asked && state.status.is_none() {
                        state.unasked = Some(status);
                        #[cfg(unix)]
                        if watching.in_host {
                            let _ = terminate(std::process::id());
                        }
                    }
                    state.status = Some(status);
                });
            });
            watching.change(|state| state.is_gone = true);
        })?;
        Ok(watched)
    }

    /// The observations so far.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_all();
    }

    /// Waits until a condition holds. Returns false if it does not hold by the deadline.
    pub(super) fn wait(
        &self,
        deadline: Option<Instant>,
        condition: impl Fn(&State) -> bool,
    ) -> bool {
        let state = self.state();
        let is_pending = |state: &mut State| !condition(state);
        let Some(deadline) = deadline else {
            drop(self.changed.wait_while(state, is_pending));
            return true;
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let waited = self.changed.wait_timeout_while(state, left, is_pending);
        let (_state, end) = waited.unwrap_or_else(PoisonError::into_inner);
        !end.timed_out()
    }

    /// Waits until the outputs are closed. They stay open only if another process has them.
    pub(super) fn wait_for_output(&self) {
        /// How long the outputs of a program that has ended may stay open.
        const DRAIN: Duration = Duration::from_secs(1);

        self.wait(Some(Instant::now() + DRAIN), |state| state.open == 0);
    }

    fn read(&self, mut output: impl Read) {
        let mut buffer = vec![0; 8 * 1024];
        loop {
            match output.read(&mut buffer) {
                Ok(read @ 1..) => self.change(|state| {
                    state.add(&buffer[..read]);
                    if self.in_host {
                        let _ = io::stderr().write_all(&buffer[..read]);
                    }
                }),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => break,
            }
        }
        self.change(|state| state.open -= 1);
    }
}

impl State {
    /// Whether the program has ended, as far as that can be known.
    pub(super) fn has_ended(&self) -> bool {
        self.status.is_some() || self.is_gone
    }

    fn add(&mut self, bytes: &[u8]) {
        let before = self.output.len();
        self.output.extend_from_slice(bytes);
        if let Some(wanted) = &self.wanted {
            // The text may have begun in earlier bytes.
            let from = before.saturating_sub(wanted.len().saturating_sub(1));
            let mut places = self.output[from..].windows(wanted.len().max(1));
            if wanted.is_empty() || places.any(|place| place == wanted) {
                self.has_printed = true;
                self.wanted = None;
            }
        }
        let excess = self.output.len().saturating_sub(MOST);
        self.output.drain(..excess);
    }
}

fn spawn(task: impl FnOnce() + Send + 'static) -> io::Result<()> {
    spawn_thread("isolated-test-service", task)
}

#[cfg(test)]
mod tests {
    use super::{MOST, State};

    fn looking_for(text: &str) -> State {
        State {
            wanted: Some(text.into()),
            ..State::default()
        }
    }

    #[test]
    fn a_text_is_found_across_reads() {
        let mut state = looking_for("ready");
        for (part, is_found) in [("rea", false), ("d", false), ("y\n", true)] {
            state.add(part.as_bytes());
            assert_eq!(state.has_printed, is_found, "{part}");
        }
    }

    #[test]
    fn a_text_is_found_in_a_flood_of_which_the_end_is_kept() {
        let mut state = looking_for("ready");
        state.add(&[b"ready", &*vec![b'x'; MOST], b"end"].concat());
        assert!(state.has_printed);
        assert_eq!(state.output.len(), MOST);
        assert!(state.output.ends_with(b"xend"));
    }
}
