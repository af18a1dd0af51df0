//! Throttled processors: tests that get only a small share of one.
//!
//! The tests are bound to one processor with a low priority, next to a busy process of normal
//! priority. This needs no rights and no control group, children inherit it, and it
//! interrupts no system call, as stopping and continuing them would.

use anyhow::Result;

use super::noise::Noise;
use super::processor;

/// A throttled processor. Dropping it frees the processor.
#[derive(Debug)]
#[must_use = "the processor is free again when this is dropped"]
pub(crate) struct Throttle {
    processor: usize,
    niceness: i32,
    _user: Noise,
}

/// The times at which the processor is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Always,
    /// Half of the time, in bursts of up to a second.
    InBursts,
}

impl Throttle {
    /// Leaves the share `part` of a processor to the tests. Each turn uses another processor.
    pub(crate) fn start(part: f64, how: Use, turn: usize) -> Result<Self> {
        let processors = processor::allowed()?;
        let processor = processors[turn % processors.len()];
        Ok(Self {
            processor,
            niceness: niceness(part),
            _user: Noise::on(processor, how == Use::InBursts)?,
        })
    }

    /// Calls a function on a throttled thread. The processes that it starts are throttled too.
    pub(crate) fn within<T: Send>(&self, function: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        throttled(self.processor, self.niceness, function)
    }
}

/// Calls a function on a thread that is bound to a processor, with a lower priority.
fn throttled<T: Send>(
    processor: usize,
    niceness: i32,
    function: impl FnOnce() -> Result<T> + Send,
) -> Result<T> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(move || {
            processor::bind_to(processor)?;
            processor::lower_priority(niceness)?;
            function()
        });
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// The niceness that gives a process a share of a processor next to a process of niceness 0. Each step
/// divides the weight by 1.25.
#[expect(clippy::cast_possible_truncation, reason = "it is between 0 and 19")]
fn niceness(part: f64) -> i32 {
    let weight = part / (1.0 - part);
    (-weight.ln() / 1.25_f64.ln()).round().clamp(0.0, 19.0) as i32
}

#[cfg(test)]
mod tests {
    use super::niceness;

    #[test]
    fn the_niceness_follows_from_the_part() {
        assert_eq!(niceness(0.5), 0);
        assert_eq!(niceness(0.1), 10);
        assert_eq!(niceness(0.05), 13);
        assert_eq!(niceness(0.02), 17);
        assert_eq!(niceness(0.001), 19);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn processes_of_a_throttled_thread_have_one_processor_and_a_low_priority() {
        let print = |processor: usize, niceness| {
            let start = || {
                let mut command = std::process::Command::new("sh");
                command.args(["-c", "grep Cpus_allowed_list /proc/self/status; nice"]);
                let output = command.output()?;
                Ok(String::from_utf8_lossy(&output.stdout).into_owned())
            };
            super::throttled(processor, niceness, start).expect("a shell")
        };
        for processor in super::processor::allowed().expect("processors") {
            let before = print(processor, 0);
            let allowed = format!("Cpus_allowed_list:\t{processor}\n");
            let old: i32 = before
                .strip_prefix(&allowed)
                .expect(&before)
                .trim()
                .parse()
                .expect("a number");
            let new = (old + 7).min(19);
            assert_eq!(print(processor, 7), format!("{allowed}{new}\n"));
        }
    }
}
