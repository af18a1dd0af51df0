//! How much space templates and their copies need, and which ones give way.

use std::time::{Duration, Instant};

use super::sharing::Sharing;
use super::{Job, Stage, State, Template};
use crate::broker::EMPTY;

/// How many bytes the copies of all templates that wait may need.
const ALL_AHEAD: u64 = 1024 * 1024 * 1024;

/// How many bytes have to be free before copies are made ahead. A server that cannot write its log ends
/// all its connections.
const ROOM: u64 = 256 * 1024 * 1024;

/// How long an answer about free space is good enough for each GiB that is free, and at least. Copies
/// fill less in that time.
const LOOK: Duration = Duration::from_millis(200);

/// The most multiples of that.
const MOST_LOOK: u64 = 16;

impl State {
    /// Whether it is time to look for the free space.
    pub(in crate::broker) fn looks(&mut self) -> bool {
        let now = Instant::now();
        let looks = self.look.is_none_or(|look| look <= now);
        if looks {
            // Nobody else looks meanwhile.
            self.look = Some(now + LOOK);
        }
        looks
    }

    pub(in crate::broker) fn is_free(&mut self, bytes: u64) {
        let largest = self.templates.values().map(|one| one.size.copy).max();
        // Tests may make copies themselves until it is looked at again.
        self.is_tight = bytes < ROOM + 2 * largest.unwrap_or(0);
        let gibibytes = (bytes >> 30).clamp(1, MOST_LOOK);
        self.look = Some(Instant::now() + LOOK * u32::try_from(gibibytes).unwrap_or(1));
    }

    /// A database that nobody uses: one that waits to be dropped, or else a copy that waits for a test.
    pub(in crate::broker) fn next_unused(&mut self) -> Option<String> {
        self.dropped.pop().or_else(|| {
            let mut templates = self.templates.values_mut();
            templates.find_map(|one| one.ready.pop())
        })
    }

    /// The next copy to make ahead. If the copies would need too much space, first one goes of the
    /// template that no test has asked for the longest time.
    pub(super) fn next_copy(&mut self) -> Option<Job> {
        let lacking = self.templates.iter().filter(|(_, one)| one.lacks());
        let (key, template) = lacking.max_by_key(|(_, one)| one.asked)?;
        let Stage::Built(name) = &template.stage else {
            return None;
        };
        let (key, name, size, asked) = (
            key.clone(),
            name.clone(),
            template.size.copy,
            template.asked,
        );
        if self
            .templates
            .values()
            .map(Template::ahead_size)
            .sum::<u64>()
            + size
            > ALL_AHEAD
        {
            let oldest = self.oldest(|_, one| one.asked < asked && !one.ready.is_empty())?;
            let oldest = self.templates.get_mut(&oldest)?;
            oldest.ahead = 0;
            return oldest.ready.pop().map(Job::Drop);
        }
        self.templates.get_mut(&key)?.making += 1;
        Some(Job::Make {
            key,
            template: name,
        })
    }

    /// Removes the templates that no test has asked for the longest time, all but one, until the rest
    /// has enough space.
    pub(super) fn remove_templates(&mut self, but: &str) {
        let Some(space) = self.space else {
            return;
        };
        while self
            .templates
            .values()
            .map(|one| one.size.template)
            .sum::<u64>()
            > space
        {
            let is_idle = |key: &str, one: &Template| {
                ![but, EMPTY].contains(&key)
                    && one.making == 0
                    && one.copying == 0
                    && one.shared == Sharing::Unshared
            };
            let oldest = self.oldest(|key, one| is_idle(key, one) && one.size.template > 0);
            let Some(template) = oldest.and_then(|key| self.templates.remove(&key)) else {
                return;
            };
            self.dropped.extend(template.ready);
            if let Stage::Built(name) = template.stage {
                self.removed.push(name);
            }
        }
    }

    /// The template that no test has asked for the longest time, of those that suit.
    fn oldest(&self, suits: impl Fn(&str, &Template) -> bool) -> Option<String> {
        let suiting = self.templates.iter().filter(|(key, one)| suits(key, one));
        let oldest = suiting.min_by_key(|(_, one)| one.asked)?;
        Some(oldest.0.clone())
    }
}

impl Template {
    /// Whether more copies should wait.
    fn lacks(&self) -> bool {
        self.ready.len() + self.making < self.ahead
    }

    /// How many bytes its copies need that wait.
    fn ahead_size(&self) -> u64 {
        (self.ready.len() + self.making) as u64 * self.size.copy
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{ALL_AHEAD, LOOK, ROOM};
    use crate::broker::state::{Job, Size, State, Turn};

    const SIZE: u64 = ALL_AHEAD / 8;

    /// Builds a template, of which four copies may wait. Returns what is done then.
    fn build(state: &mut State, key: &str) -> Vec<Job> {
        assert_eq!(state.ask(key, "a"), Turn::Build);
        let (template, copy) = (SIZE, SIZE);
        state.built(key, key, Size { template, copy });
        assert_eq!(state.ask(key, "a"), Turn::Copy(key.into()));
        state.copied(key);
        let mut jobs = Vec::new();
        while let Some(job) = state.next_job() {
            if let Job::Make { key, .. } = &job {
                state.made(key, Some(format!("{key}{}", jobs.len())));
            }
            jobs.push(job);
        }
        jobs
    }

    fn make(key: &str) -> Job {
        Job::Make {
            key: key.into(),
            template: key.into(),
        }
    }

    #[test]
    fn copies_of_the_oldest_template_give_way() {
        let mut state = State::new(Some(u64::MAX));
        assert_eq!(build(&mut state, "a"), [(); 4].map(|()| make("a")));
        assert_eq!(build(&mut state, "b"), [(); 4].map(|()| make("b")));
        assert!(matches!(state.ask("a", "a"), Turn::Take(_)));
        assert_eq!(state.next_job(), Some(make("a")));
        state.made("a", None);
        let give_way = |number: u64| [Job::Drop(format!("b{number}")), make("c")];
        let mut expected = vec![make("c")];
        expected.extend([3, 2, 1].into_iter().flat_map(give_way));
        assert_eq!(build(&mut state, "c"), expected);
        assert!(matches!(state.ask("a", "a"), Turn::Take(_)));
        assert_eq!(state.ask("b", "a"), Turn::Take("b0".into()));
    }

    #[test]
    fn the_oldest_template_is_removed_when_there_are_too_many() {
        let mut state = State::new(Some(2 * SIZE));
        build(&mut state, "a");
        build(&mut state, "b");
        state.ask("a", "a");
        build(&mut state, "c");
        // Now that it is quiet.
        state.asked = None;
        for number in [3, 2, 1, 0] {
            assert_eq!(state.next_job(), Some(Job::Drop(format!("b{number}"))));
        }
        assert_eq!(state.next_job(), Some(Job::Remove("b".into())));
        assert_eq!(state.next_job(), None);
        assert_eq!(state.ask("b", "a"), Turn::Build);
    }

    #[test]
    fn nothing_is_made_ahead_and_all_is_dropped_at_once_on_a_disk_that_is_nearly_full() {
        let mut state = State::new(Some(u64::MAX));
        build(&mut state, "a");
        assert!(matches!(state.ask("a", "a"), Turn::Take(_)));
        state.drop_later("old".into());
        assert!(state.looks());
        assert!(!state.looks());
        state.is_free(ROOM + 2 * SIZE - 1);
        assert!(!state.looks());
        assert!(state.look.is_some_and(|look| look <= Instant::now() + LOOK));
        assert_eq!(state.next_drop(), Some(Duration::ZERO));
        assert_eq!(state.next_job(), Some(Job::Drop("old".into())));
        assert_eq!(state.next_job(), None);
        state.is_free(ROOM + 2 * SIZE);
        assert_eq!(state.next_job(), Some(make("a")));
    }

    #[test]
    fn templates_of_a_server_that_others_use_are_not_removed_for_their_space() {
        let mut state = State::new(None);
        for key in ["a", "b", "c"] {
            build(&mut state, key);
        }
        state.asked = None;
        assert_eq!(state.next_job(), Some(Job::Tidy));
        assert_eq!(state.next_job(), None);
    }
}
