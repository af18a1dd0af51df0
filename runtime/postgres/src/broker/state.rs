//! The templates and databases of a host. This module does no input or output.

mod sharing;
mod space;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use self::sharing::Sharing;
use super::databases::MOST_KEPT;

/// How long a template that could not be built fails all tests that need it.
const FAILED_FOR: Duration = Duration::from_secs(5);

/// How many dropped databases may wait for the time to drop them.
const MOST_DROPPED: usize = 48;

/// How many copies of a template are made ahead at first.
const FIRST_AHEAD: usize = 4;

/// How long no test may have asked for a database before databases are dropped.
const QUIET: Duration = Duration::from_millis(200);

/// The most copies of a template that wait.
const MOST_AHEAD: u64 = 32;

/// How many bytes the copies of one template that wait may need.
const AHEAD: u64 = 512 * 1024 * 1024;

#[derive(Default)]
pub(super) struct State {
    templates: HashMap<String, Template>,
    /// How many bytes all templates may need.
    space: Option<u64>,
    /// Databases that no test uses any more.
    dropped: Vec<String>,
    /// Templates that were not used for the longest time, while there are too many.
    removed: Vec<String>,
    /// Whether to look for what nobody uses on the server.
    tidies: bool,
    /// How many databases are being dropped.
    pub(super) dropping: usize,
    /// Whether the disk is nearly full, and when to look again.
    is_tight: bool,
    look: Option<Instant>,
    kept: VecDeque<String>,
    /// When a test has asked for a database.
    asked: Option<Instant>,
    /// The number of the last new database.
    number: u64,
    pub(super) is_over: bool,
}

struct Template {
    stage: Stage,
    shared: Sharing,
    /// Copies that wait for a test.
    ready: Vec<String>,
    /// How many copies are being made ahead.
    making: usize,
    /// How many tests make a copy themselves.
    copying: usize,
    /// How many copies should wait.
    ahead: usize,
    most_ahead: usize,
    size: Size,
    asked: Instant,
}

/// In bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) template: u64,
    /// What a copy needs that no test has changed.
    pub(super) copy: u64,
}

enum Stage {
    /// A test builds it: this one.
    Building(String),
    Built(String),
    Failed(String, Instant),
}

/// The next step of a test that asks for a database.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Build the template.
    Build,
    /// Wait for this.
    Wait(String),
    /// Take the copy, which is ready.
    Take(String),
    /// Copy the template.
    Copy(String),
    /// Share this copy.
    Share(String),
    /// Fail for this reason.
    Fail(String),
}

/// A task of the threads that work ahead.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Job {
    Make {
        key: String,
        template: String,
    },
    Drop(String),
    /// Remove a template, unless it is used again.
    Remove(String),
    /// Remove templates that nobody uses, and databases of dead hosts.
    Tidy,
}

impl State {
    /// `space` is how many bytes templates may need on a server that is only ours.
    pub(super) fn new(space: Option<u64>) -> Self {
        State {
            space,
            ..State::default()
        }
    }

    /// The next step of a test that asks for a copy of its own.
    pub(super) fn ask(&mut self, key: &str, who: &str) -> Turn {
        self.ask_for(key, who, Template::copy)
    }

    /// The next step of a test that asks for a copy. `copy` is that step once the template is built.
    fn ask_for(&mut self, key: &str, who: &str, copy: fn(&mut Template, String) -> Turn) -> Turn {
        self.asked = Some(Instant::now());
        let template = self.templates.get_mut(key);
        let turn = template.and_then(|template| template.turn(copy));
        turn.unwrap_or_else(|| {
            self.set(key, Stage::Building(who.to_owned()));
            Turn::Build
        })
    }

    pub(super) fn built(&mut self, key: &str, name: &str, size: Size) {
        self.set(key, Stage::Built(name.to_owned()));
        if let Some(template) = self.templates.get_mut(key) {
            let most = (AHEAD / size.copy.max(1)).clamp(1, MOST_AHEAD);
            template.most_ahead = usize::try_from(most).unwrap_or(1);
            template.size = size;
        }
        self.remove_templates(key);
        self.tidies = self.space.is_none();
    }

    /// The template could not be built. Without a reason that lasts, the next test tries again.
    pub(super) fn not_built(&mut self, key: &str, why: Option<&str>) {
        match why {
            Some(why) => self.set(key, Stage::Failed(why.to_owned(), Instant::now())),
            None => {
                self.templates.remove(key);
            }
        }
    }

    fn set(&mut self, key: &str, stage: Stage) {
        let template = Template {
            stage,
            shared: Sharing::Unshared,
            ready: Vec::new(),
            making: 0,
            copying: 0,
            ahead: 0,
            most_ahead: 0,
            size: Size::default(),
            asked: Instant::now(),
        };
        self.templates.insert(key.to_owned(), template);
    }

    pub(super) fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// The next thing to do ahead. Copies come first, unless too much is left. Nothing is dropped
    /// while tests ask for more, because the processors have enough to do.
    pub(super) fn next_job(&mut self) -> Option<Job> {
        let has_room = self.dropped.len() < MOST_DROPPED && !self.is_tight;
        if has_room {
            if let Some(job) = self.next_copy() {
                return Some(job);
            }
            if self.next_drop()? > Duration::ZERO {
                return None;
            }
        }
        if let Some(database) = self.dropped.pop() {
            return Some(Job::Drop(database));
        }
        if let Some(template) = self.removed.pop() {
            return Some(Job::Remove(template));
        }
        if std::mem::take(&mut self.tidies) {
            return Some(Job::Tidy);
        }
        None
    }

    /// How long it is until something is to be dropped. `None` if there is nothing.
    pub(super) fn next_drop(&self) -> Option<Duration> {
        if self.dropped.is_empty() && self.removed.is_empty() && !self.tidies {
            return None;
        }
        if self.is_tight {
            return Some(Duration::ZERO);
        }
        let quiet = self.asked.map_or(QUIET, |asked| asked.elapsed());
        Some(QUIET.saturating_sub(quiet))
    }

    /// A copy was made ahead, or could not be made.
    pub(super) fn made(&mut self, key: &str, copy: Option<String>) {
        if let Some(template) = self.templates.get_mut(key) {
            template.making = template.making.saturating_sub(1);
            if copy.is_none() {
                // A test finds out why.
                template.ahead = 0;
            }
            template.ready.extend(copy);
        }
    }

    /// A test has made a copy, or has failed to.
    pub(super) fn copied(&mut self, key: &str) {
        if let Some(template) = self.templates.get_mut(key) {
            template.copying = template.copying.saturating_sub(1);
        }
    }

    /// Somebody has dropped the template. Returns whether this is new.
    pub(super) fn is_gone(&mut self, key: &str) -> bool {
        let stage = self.templates.get(key).map(|template| &template.stage);
        let is_new = matches!(stage, Some(Stage::Built(_)));
        if is_new {
            let gone = self.templates.remove(key);
            self.dropped
                .extend(gone.into_iter().flat_map(|gone| gone.ready));
        }
        is_new
    }

    pub(super) fn drop_later(&mut self, database: String) {
        self.dropped.push(database);
    }

    /// Keeps a database, instead of the oldest one if there are many.
    pub(super) fn keep(&mut self, database: String) {
        self.kept.push_back(database);
        if self.kept.len() > MOST_KEPT {
            self.dropped.extend(self.kept.pop_front());
        }
    }
}

impl Template {
    /// The next step of a test, unless it is to build the template.
    fn turn(&mut self, copy: fn(&mut Self, String) -> Turn) -> Option<Turn> {
        self.asked = Instant::now();
        match &self.stage {
            Stage::Building(by) => Some(Turn::Wait(format!("the migrations that {by} runs"))),
            Stage::Failed(_, at) if at.elapsed() >= FAILED_FOR => None,
            Stage::Failed(why, _) => Some(Turn::Fail(why.clone())),
            Stage::Built(name) => {
                let name = name.clone();
                Some(copy(self, name))
            }
        }
    }

    fn copy(&mut self, name: String) -> Turn {
        if self.ready.is_empty() {
            // The tests are faster.
            self.ahead = (self.ahead * 2).max(FIRST_AHEAD).min(self.most_ahead);
        }
        self.take_or_copy(name)
    }

    fn take_or_copy(&mut self, name: String) -> Turn {
        self.ready.pop().map_or_else(
            || {
                self.copying += 1;
                Turn::Copy(name)
            },
            Turn::Take,
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{AHEAD, FIRST_AHEAD, Job, MOST_DROPPED, MOST_KEPT, Size, State, Turn};

    const SIZE: Size = Size {
        template: AHEAD / 6,
        copy: AHEAD / 6,
    };

    pub(super) fn built() -> State {
        let mut state = State::new(Some(AHEAD));
        assert_eq!(state.ask("k", "a"), Turn::Build);
        state.built("k", "t", SIZE);
        state
    }

    #[test]
    fn one_test_builds_and_others_wait() {
        let mut state = State::new(Some(AHEAD));
        assert_eq!(state.ask("k", "a"), Turn::Build);
        assert_eq!(
            state.ask("k", "b"),
            Turn::Wait("the migrations that a runs".into())
        );
        assert_eq!(state.ask("other", "b"), Turn::Build);
        state.built("k", "t", SIZE);
        assert_eq!(state.ask("k", "b"), Turn::Copy("t".into()));
    }

    #[test]
    fn a_lasting_failure_is_repeated_and_a_passing_one_is_not() {
        let mut state = State::new(Some(AHEAD));
        assert_eq!(state.ask("k", "a"), Turn::Build);
        state.not_built("k", Some("syntax"));
        assert_eq!(state.ask("k", "b"), Turn::Fail("syntax".into()));
        assert_eq!(state.ask("l", "a"), Turn::Build);
        state.not_built("l", None);
        assert_eq!(state.ask("l", "b"), Turn::Build);
    }

    #[test]
    fn as_many_copies_are_made_ahead_as_tests_need() {
        let mut state = built();
        assert_eq!(state.next_job(), None);
        let make = |state: &mut State, count: usize| {
            for number in 0..count {
                let job = Job::Make {
                    key: "k".into(),
                    template: "t".into(),
                };
                assert_eq!(state.next_job(), Some(job));
                state.made("k", Some(format!("ready{number}")));
            }
            assert_eq!(state.next_job(), None);
        };
        assert_eq!(state.ask("k", "a"), Turn::Copy("t".into()));
        make(&mut state, FIRST_AHEAD);
        for number in (0..FIRST_AHEAD).rev() {
            assert_eq!(state.ask("k", "a"), Turn::Take(format!("ready{number}")));
        }
        // One was not ready, so there should be more, up to the limit.
        assert_eq!(state.ask("k", "a"), Turn::Copy("t".into()));
        make(&mut state, 6);
    }

    #[test]
    fn a_copy_that_cannot_be_made_is_not_tried_in_a_loop() {
        let mut state = built();
        state.ask("k", "a");
        assert!(state.next_job().is_some());
        state.made("k", None);
        assert_eq!(state.next_job(), None);
    }

    #[test]
    fn databases_are_dropped_when_nothing_else_is_to_do_or_many_are_left() {
        let mut state = built();
        state.ask("k", "a");
        state.drop_later("old".into());
        for _ in 0..FIRST_AHEAD {
            assert!(matches!(state.next_job(), Some(Job::Make { .. })));
        }
        assert_eq!(state.next_job(), None);
        assert!(state.next_drop().is_some_and(|time| time > Duration::ZERO));
        state.asked = None;
        assert_eq!(state.next_drop(), Some(Duration::ZERO));
        assert_eq!(state.next_job(), Some(Job::Drop("old".into())));
        assert_eq!(state.next_drop(), None);
        let mut state = built();
        state.ask("k", "a");
        for _ in 0..MOST_DROPPED {
            state.drop_later("old".into());
        }
        assert_eq!(state.next_job(), Some(Job::Drop("old".into())));
        assert!(matches!(state.next_job(), Some(Job::Make { .. })));
    }

    #[test]
    fn the_newest_databases_are_kept() {
        let mut state = State::new(Some(AHEAD));
        for number in 0..MOST_KEPT {
            state.keep(number.to_string());
        }
        assert_eq!(state.next_job(), None);
        assert_eq!(state.next_drop(), None);
        state.keep("new".into());
        assert_eq!(state.next_job(), Some(Job::Drop("0".into())));
    }
}
