//! The copy of a template that tests share.

use super::State;

impl State {
    /// The copy of a template that tests share, if there is one.
    pub(in crate::broker) fn shared(&self, key: &str) -> Option<String> {
        self.templates.get(key)?.shared.clone()
    }

    /// Lets tests share a copy of a template. Returns the one that they share.
    pub(in crate::broker) fn share(&mut self, key: &str, copy: String) -> String {
        let Some(template) = self.templates.get_mut(key) else {
            return copy;
        };
        // It was asked for as any other copy, but tests that share it need no more.
        template.ahead = 0;
        if let Some(shared) = template.shared.clone() {
            self.dropped.push(copy);
            return shared;
        }
        template.shared.insert(copy).clone()
    }

    /// Lets no further test share a copy. It stays for those that do.
    pub(in crate::broker) fn spoil(&mut self, key: &str, copy: &str) {
        if let Some(template) = self.templates.get_mut(key) {
            template.shared.take_if(|shared| shared == copy);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::broker::state::tests::built;
    use crate::broker::state::{Job, Turn};

    #[test]
    fn the_first_copy_is_the_one_that_is_shared() {
        let mut state = built();
        assert_eq!(state.shared("k"), None);
        assert_eq!(state.ask("k", "a"), Turn::Copy("t".into()));
        assert_eq!(state.share("k", "one".into()), "one");
        assert_eq!(state.share("k", "two".into()), "one");
        assert_eq!(state.shared("k"), Some("one".into()));
        assert_eq!(state.next_job(), None);
        state.spoil("k", "two");
        assert_eq!(state.shared("k"), Some("one".into()));
        state.spoil("k", "one");
        assert_eq!(state.shared("k"), None);
        state.asked = None;
        assert_eq!(state.next_job(), Some(Job::Drop("two".into())));
    }
}
