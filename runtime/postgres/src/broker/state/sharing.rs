//! The copy of a template that tests share.

use super::{State, Template, Turn};

/// How far a template is shared.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    Unshared,
    /// A test makes the copy.
    Making,
    Made(String),
}

impl State {
    /// The next step of a test that asks for the copy that tests share. The first one makes it, and the
    /// others wait.
    pub(in crate::broker) fn ask_to_share(&mut self, key: &str, who: &str) -> Turn {
        self.ask_for(key, who, Template::copy_to_share)
    }

    /// Lets tests share a copy of a template. Returns the one that they share.
    pub(in crate::broker) fn share(&mut self, key: &str, copy: String) -> String {
        let Some(template) = self.templates.get_mut(key) else {
            return copy;
        };
        // The template may have been built again meanwhile.
        if let Sharing::Made(shared) = &template.shared {
            self.dropped.push(copy);
            return shared.clone();
        }
        template.shared = Sharing::Made(copy.clone());
        copy
    }

    /// The copy could not be made. The next test tries again.
    pub(in crate::broker) fn not_shared(&mut self, key: &str) {
        self.unshare(key, &Sharing::Making);
    }

    /// Lets no further test share a copy. It stays for those that do.
    pub(in crate::broker) fn spoil(&mut self, key: &str, copy: &str) {
        self.unshare(key, &Sharing::Made(copy.to_owned()));
    }

    fn unshare(&mut self, key: &str, shared: &Sharing) {
        if let Some(template) = self.templates.get_mut(key) {
            if template.shared == *shared {
                template.shared = Sharing::Unshared;
            }
        }
    }
}

impl Template {
    fn copy_to_share(&mut self, name: String) -> Turn {
        match &self.shared {
            Sharing::Made(copy) => Turn::Share(copy.clone()),
            Sharing::Making => Turn::Wait("the database that these tests share".to_owned()),
            Sharing::Unshared => {
                self.shared = Sharing::Making;
                self.take_or_copy(name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::broker::state::tests::built;
    use crate::broker::state::{Job, State, Turn};

    fn ask(state: &mut State) -> Turn {
        state.ask_to_share("k", "a")
    }

    fn waits() -> Turn {
        Turn::Wait("the database that these tests share".into())
    }

    #[test]
    fn the_first_test_makes_the_copy_and_no_other_one_is_made() {
        let mut state = built();
        assert_eq!(ask(&mut state), Turn::Copy("t".into()));
        assert_eq!(ask(&mut state), waits());
        state.copied("k");
        assert_eq!(state.share("k", "one".into()), "one");
        assert_eq!(ask(&mut state), Turn::Share("one".into()));
        assert_eq!(state.next_job(), None);

        // Another one, of a template that was built twice.
        assert_eq!(state.share("k", "two".into()), "one");
        state.asked = None;
        assert_eq!(state.next_job(), Some(Job::Drop("two".into())));
    }

    #[test]
    fn a_copy_that_could_not_be_made_or_is_spoiled_is_made_by_the_next_test() {
        let mut state = built();
        ask(&mut state);
        state.not_shared("k");
        assert_eq!(ask(&mut state), Turn::Copy("t".into()));
        state.spoil("k", "one");
        assert_eq!(ask(&mut state), waits());
        state.share("k", "one".into());
        state.not_shared("k");
        state.spoil("k", "two");
        assert_eq!(ask(&mut state), Turn::Share("one".into()));
        state.spoil("k", "one");
        assert_eq!(ask(&mut state), Turn::Copy("t".into()));
    }

    #[test]
    fn copies_are_still_made_ahead_for_tests_that_do_not_share() {
        let mut state = built();
        state.ask("k", "a");
        assert!(state.next_job().is_some());
        state.made("k", Some("ready".into()));
        assert_eq!(ask(&mut state), Turn::Take("ready".into()));
        state.share("k", "ready".into());
        assert!(matches!(state.next_job(), Some(Job::Make { .. })));
    }
}
