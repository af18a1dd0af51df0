//! Makes waiting visible and bounded.

use std::time::{Duration, Instant};

use super::backend;
use super::delegation;
use super::holder::{self, Holder};
use super::observer::Observer;
use super::{Waited, Want};
use crate::config;
use crate::error::{Error, ErrorKind};
use crate::lock::activity::Activity;
use crate::state::record;

/// Delay before the holders are looked up for the first time. Most locks are free sooner.
const FIRST_LOOK: Duration = Duration::from_millis(50);

/// Interval between look-ups of the holders.
const PERIOD: Duration = Duration::from_secs(1);

/// Watches the wait of one thread for one lock.
pub(crate) struct BoundedWait<'a> {
    want: Want,
    me: &'a Activity,
    observer: &'a dyn Observer,
    /// How long to wait behind holders that do not change.
    timeout: Duration,
    /// How long to wait before the first notice.
    notice: Duration,
    waiting: Option<Waiting>,
    /// The beginning of the wait, once the record names it. Most waits end sooner.
    published: Option<u64>,
    /// The lock to acquire instead, within a test that has started this program.
    instead: Option<Want>,
}

struct Waiting {
    since: Instant,
    /// When the next look-up of the holders is due.
    due: Instant,
    holders: Vec<Holder>,
    /// Whether the search for a test that has started this program has succeeded since the holders
    /// changed.
    has_looked: bool,
    /// Since when the holders have been the same, not counting the time in which nobody looked.
    unchanged_since: Instant,
    /// How long after `since` the next notice is due.
    speak_after: Duration,
    behind: Option<Holder>,
}

impl<'a> BoundedWait<'a> {
    /// Prepares to watch a wait that has not begun yet.
    pub(crate) fn new(
        want: Want,
        me: &'a Activity,
        observer: &'a dyn Observer,
    ) -> Result<Self, Error> {
        let variables = config::variables()?;
        Ok(BoundedWait {
            want,
            me,
            observer,
            timeout: variables.lock_timeout,
            notice: variables.wait_notice,
            waiting: None,
            published: None,
            instead: None,
        })
    }

    /// Watches the wait for `want` from now on, as a continuation of the same wait.
    pub(super) fn begin(&mut self, want: Want) {
        self.want = want;
    }

    /// The lock to acquire instead, if that is why the wait has ended.
    pub(super) fn instead(&mut self) -> Option<Want> {
        self.instead.take()
    }

    /// Returns how long to wait until the next call.
    ///
    /// Fails when the same holders have been in the way for the whole timeout, not counting the
    /// time in which this process did not run. Also fails when another lock is to be acquired
    /// [`instead`](Self::instead).
    pub(crate) fn pause(&mut self) -> Result<Duration, Error> {
        let now = Instant::now();
        // A thread that has passed one queue asks again at the next one, perhaps before a look-up
        // is due.
        if let Some(early) = self.waiting.as_ref().and_then(|waiting| waiting.early(now)) {
            return Ok(early);
        }
        self.pause_at(now)
    }

    /// Looks up the holders. Reports them or gives up if it is time.
    fn pause_at(&mut self, now: Instant) -> Result<Duration, Error> {
        let Some(waiting) = &mut self.waiting else {
            let waiting = self.waiting.insert(Waiting::begin(now, self.notice));
            if self.observer.reports_at_once() {
                // Most waits end before the first look-up, and a trace includes them too.
                waiting.holders = backend::of(self.want.subject).holders(self.want, self.me)?;
                waiting.behind = waiting.holders.first().cloned();
                self.observer.waiting(self.want, &waiting.holders);
            }
            let pause = FIRST_LOOK.min(self.timeout / 4).min(self.notice);
            waiting.due = now + pause;
            return Ok(pause);
        };
        let holders = backend::of(self.want.subject).holders(self.want, self.me)?;
        let is_news = holders != waiting.holders;
        if is_news || !waiting.has_looked {
            // A refusal is repeated until the thread notices it. The thread may have passed one
            // queue at that moment, and would then ask at the next one.
            waiting.has_looked = false;
            self.instead = delegation::look(self.want)?;
            if let Some(want) = self.instead {
                return Err(Error::new(ErrorKind::Lock, format!("wait for {want}")));
            }
            waiting.has_looked = true;
        }
        let waited = u64::try_from(waiting.since.elapsed().as_millis()).unwrap_or_default();
        let begun = || record::now().saturating_sub(waited);
        let since = *self.published.get_or_insert_with(begun);
        self.me.wait(Some((self.want, since)));
        let step = waiting.step(now, holders, self.timeout);
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
            WaitStep::GiveUp => {
                let timeout = config::seconds(self.timeout);
                let error = if self.want.is_shared_by_all() {
                    let action = format!("after {timeout} waiting for {}", self.want);
                    Error::timed_out(ErrorKind::Lock, action)
                } else {
                    Error::new(
                        ErrorKind::Lock,
                        format!("lock {} within {timeout}", self.want),
                    )
                };
                Err(error.because(holder::held_by(&waiting.holders)))
            }
        }
    }

    /// How long the thread waited and behind whom, if it had to wait.
    pub(crate) fn waited(mut self) -> Option<Waited> {
        self.waiting.take().map(|waiting| Waited {
            time: waiting.since.elapsed(),
            behind: waiting.behind,
        })
    }
}

/// The record must not name a wait that has ended.
impl Drop for BoundedWait<'_> {
    fn drop(&mut self) {
        if self.published.is_some() {
            self.me.wait(None);
        }
    }
}

/// The next step of a thread that still has to wait.
#[derive(Debug, PartialEq, Eq)]
enum WaitStep {
    /// Wait for this long until the next step.
    Wait(Duration),
    /// Report the wait, then wait for this long.
    Speak(Duration),
    /// Stop waiting.
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

    /// How long until the next look-up is due, if it is not due yet.
    fn early(&self, now: Instant) -> Option<Duration> {
        let early = self.due.saturating_duration_since(now);
        (early > Duration::ZERO).then_some(early)
    }

    /// Decides what to do about the current holders, and when the next look-up is due.
    fn step(&mut self, now: Instant, holders: Vec<Holder>, timeout: Duration) -> WaitStep {
        // A late look-up means that this process did not run, because the machine was busy or
        // suspended. The holders may not have run either, so the delay does not count against them.
        self.unchanged_since += now.saturating_duration_since(self.due);
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
            let pause = period.min(self.speak_after.saturating_sub(waited));
            self.due = now + pause;
            return WaitStep::Wait(pause);
        }
        self.speak_after = waited * 2;
        self.due = now + period.min(waited);
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
        // Nobody looks for about a minute, twice. Of each gap only the second before the look-up
        // was due counts.
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
    fn an_early_call_waits_until_the_look_up_is_due() {
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
