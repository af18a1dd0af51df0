//! Makes waiting visible and bounded.

use std::time::{Duration, Instant};

use super::delegation;
use super::holder::{self, Holder};
use super::observer::{Observer, Patience};
use super::{Waited, Want};
use crate::config;
use crate::error::{Error, ErrorKind};
use crate::lock::activity::Activity;
use crate::state::{StateDir, state_dir};

/// How long a lock is waited for before the holder is looked up: most are free sooner.
const FIRST_LOOK: Duration = Duration::from_millis(50);

/// How often the holders are looked up while waiting.
const PERIOD: Duration = Duration::from_secs(1);

/// Watches one thread that waits for one lock.
pub(crate) struct BoundedWait<'a> {
    state_dir: &'static StateDir,
    want: Want,
    me: &'a Activity,
    observer: &'a dyn Observer,
    patience: Patience,
    waiting: Option<Waiting>,
    /// The lock that is to be taken instead, within a test that has started this program.
    instead: Option<Want>,
}

struct Waiting {
    since: Instant,
    /// When to look next.
    due: Instant,
    holders: Vec<Holder>,
    /// Whether it was looked for a test that has started this program.
    has_looked: bool,
    /// Since when, less the time in which nobody looked.
    unchanged_since: Instant,
    /// How long the next line is away from the beginning.
    speak_after: Duration,
    behind: Option<Holder>,
}

impl<'a> BoundedWait<'a> {
    /// Begins to watch.
    pub(crate) fn new(
        want: Want,
        me: &'a Activity,
        observer: &'a dyn Observer,
        patience: Patience,
    ) -> Result<Self, Error> {
        Ok(BoundedWait {
            state_dir: state_dir()?,
            want,
            me,
            observer,
            patience,
            waiting: None,
            instead: None,
        })
    }

    /// Watches the wait for this lock from now on; it goes on as the same wait.
    pub(super) fn begin(&mut self, want: Want) {
        self.want = want;
    }

    /// Returns the lock that is to be taken instead, if that is why the wait has ended.
    pub(super) fn instead(&mut self) -> Option<Want> {
        self.instead.take()
    }

    /// Returns how long to wait until this is called again.
    ///
    /// Refuses when the same holders have been in the way for as long as the user has patience, not
    /// counting the time in which this process did not run.
    pub(crate) fn pause(&mut self) -> Result<Duration, Error> {
        let now = Instant::now();
        // Who has got through one queue asks at the next one, which may be before it is time.
        if let Some(early) = self.waiting.as_ref().and_then(|waiting| waiting.early(now)) {
            return Ok(early);
        }
        self.pause_at(now)
    }

    /// Looks who is in the way, and says so or refuses if it is time.
    fn pause_at(&mut self, now: Instant) -> Result<Duration, Error> {
        let Some(waiting) = &mut self.waiting else {
            let waiting = self
                .waiting
                .insert(Waiting::begin(now, self.patience.notice));
            if self.observer.is_told_at_once() {
                // Most waits end before the first look, and a trace is about them too.
                waiting.holders = holder::in_the_way(self.state_dir, self.want, self.me);
                waiting.behind = waiting.holders.first().cloned();
                self.observer.waiting(self.want, &waiting.holders);
            }
            let pause = FIRST_LOOK
                .min(self.patience.timeout / 4)
                .min(self.patience.notice);
            waiting.due = now + pause;
            return Ok(pause);
        };
        let holders = holder::in_the_way(self.state_dir, self.want, self.me);
        let is_news = holders != waiting.holders;
        if is_news || !waiting.has_looked {
            // ClaimGuard again and again, because a thread that is refused may have got through one queue at
            // that moment, and asks at the next one.
            waiting.has_looked = false;
            self.instead = delegation::look(self.state_dir, self.want)?;
            if let Some(want) = self.instead {
                return Err(Error::new(ErrorKind::Lock, format!("wait for {want}")));
            }
            waiting.has_looked = true;
        }
        let step = waiting.step(now, holders, self.patience.timeout);
        if is_news {
            self.observer.waiting(self.want, &waiting.holders);
        }
        match step {
            WaitStep::Wait(pause) => Ok(pause),
            WaitStep::Speak(pause) => {
                self.observer
                    .still_waiting(self.me, self.want, &waiting.holders);
                Ok(pause)
            }
            WaitStep::GiveUp => Err(Error::new(
                ErrorKind::Lock,
                format!(
                    "lock {} within {}",
                    self.want,
                    config::seconds(self.patience.timeout)
                ),
            )
            .because(holder::held_by(&waiting.holders))),
        }
    }

    /// Returns how long the lock was waited for, if it was.
    pub(crate) fn waited(self) -> Option<Waited> {
        self.waiting.map(|waiting| Waited {
            time: waiting.since.elapsed(),
            behind: waiting.behind,
        })
    }
}

/// What a thread does that still has to wait.
#[derive(Debug, PartialEq, Eq)]
enum WaitStep {
    /// Waits for so long until the next step.
    Wait(Duration),
    /// Says so first.
    Speak(Duration),
    /// Waits no longer.
    GiveUp,
}

impl Waiting {
    fn begin(now: Instant, notice: Duration) -> Self {
        Waiting {
            since: now,
            due: now,
            holders: Vec::new(),
            has_looked: false,
            unchanged_since: now,
            speak_after: notice,
            behind: None,
        }
    }

    /// Returns how long it is until it is time to look, if it is not yet.
    fn early(&self, now: Instant) -> Option<Duration> {
        let early = self.due.saturating_duration_since(now);
        (early > Duration::ZERO).then_some(early)
    }

    /// Decides what to do now that these are in the way, and when to look next.
    fn step(&mut self, now: Instant, holders: Vec<Holder>, timeout: Duration) -> WaitStep {
        // Who looks late has not run, because the machine was busy or stood still altogether. Then the
        // holders may not have run either, and it is not their time that has passed.
        self.unchanged_since += now.saturating_duration_since(self.due);
        let step = self.step_in_time(now, holders, timeout);
        if let WaitStep::Wait(pause) | WaitStep::Speak(pause) = step {
            self.due = now + pause;
        }
        step
    }

    fn step_in_time(&mut self, now: Instant, holders: Vec<Holder>, timeout: Duration) -> WaitStep {
        if holders != self.holders {
            self.holders = holders;
            self.unchanged_since = now;
        }
        if self.behind.is_none() {
            self.behind = self.holders.first().cloned();
        }
        if now - self.unchanged_since >= timeout {
            return WaitStep::GiveUp;
        }
        let waited = now - self.since;
        let period = PERIOD.min(timeout / 4);
        if waited < self.speak_after {
            return WaitStep::Wait(period.min(self.speak_after.saturating_sub(waited)));
        }
        self.speak_after = waited * 2;
        WaitStep::Speak(period.min(waited))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Holder, PERIOD, WaitStep, Waiting};

    const SECOND: Duration = Duration::from_secs(1);
    const TIMEOUT: Duration = Duration::from_secs(10);

    fn holders(since: u64) -> Vec<Holder> {
        vec![Holder::new(
            "shop::pays",
            42,
            since,
            "package shop, src/lib.rs:1",
        )]
    }

    #[test]
    fn an_unchanging_holder_is_given_up_after_the_timeout() {
        let start = Instant::now();
        let mut waiting = Waiting::begin(start, 100 * SECOND);
        for second in 0..10 {
            let step = waiting.step(start + SECOND * second, holders(1), TIMEOUT);
            assert_eq!(step, WaitStep::Wait(PERIOD));
        }
        let step = waiting.step(start + 10 * SECOND, holders(1), TIMEOUT);
        assert_eq!(step, WaitStep::GiveUp);
    }

    #[test]
    fn time_in_which_nothing_runs_does_not_count() {
        let start = Instant::now();
        let mut waiting = Waiting::begin(start, 1000 * SECOND);
        let mut step = |second| waiting.step(start + SECOND * second, holders(1), TIMEOUT);
        // Of the times that nobody looked, twice about a minute, the second before it was due counts.
        for second in [1, 2, 60, 61, 120, 121, 122, 123, 124, 125] {
            assert_eq!(step(second), WaitStep::Wait(PERIOD), "after {second} s");
        }
        assert_eq!(step(126), WaitStep::GiveUp);
    }

    #[test]
    fn a_queue_that_moves_is_never_given_up() {
        let start = Instant::now();
        let mut waiting = Waiting::begin(start, 10_000 * SECOND);
        for second in 0..1000 {
            let turn = u64::from(second / 9);
            let step = waiting.step(start + SECOND * second, holders(turn), TIMEOUT);
            assert_eq!(step, WaitStep::Wait(PERIOD));
        }
    }

    #[test]
    fn holders_that_nobody_knows_are_given_up_too() {
        let start = Instant::now();
        let mut waiting = Waiting::begin(start, 100 * SECOND);
        let mut step = |second| waiting.step(start + SECOND * second, Vec::new(), TIMEOUT);
        assert!((0..10).all(|second| step(second) == WaitStep::Wait(PERIOD)));
        assert_eq!(step(10), WaitStep::GiveUp);
    }

    #[test]
    fn the_line_comes_ever_more_rarely() {
        let start = Instant::now();
        let mut waiting = Waiting::begin(start, 3 * SECOND);
        let spoken: Vec<u32> = (1..=60)
            .filter(|second| {
                let step = waiting.step(start + SECOND * *second, holders(1), 100 * SECOND);
                matches!(step, WaitStep::Speak(_))
            })
            .collect();
        assert_eq!(spoken, [3, 6, 12, 24, 48]);
    }

    #[test]
    fn who_is_asked_early_looks_later() {
        let start = Instant::now();
        let mut waiting = Waiting::begin(start, 3 * SECOND);
        assert_eq!(waiting.early(start), None);
        waiting.due = start + SECOND;
        assert_eq!(waiting.early(start + SECOND / 4), Some(SECOND * 3 / 4));
        assert_eq!(waiting.early(start + SECOND), None);
    }

    #[test]
    fn the_first_holder_is_remembered() {
        let start = Instant::now();
        let mut waiting = Waiting::begin(start, 3 * SECOND);
        waiting.step(start, Vec::new(), TIMEOUT);
        waiting.step(start, holders(1), TIMEOUT);
        waiting.step(start, holders(2), TIMEOUT);
        assert_eq!(waiting.behind, holders(1).pop());
    }
}
