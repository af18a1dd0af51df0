//! The assignment of tests to groups.
//!
//! Of the keys of a test, nextest can only know one. It is the one that most tests hold, because
//! there a queue is longest. A group never excludes tests that the keys let run together.

use std::collections::{BTreeMap, BTreeSet};

use crate::figures::count;

use super::keys::{Holders, Keys, Subject, TestId};

/// A test group.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group<'k> {
    pub(super) name: String,
    pub(super) subject: &'k Subject,
    pub(super) max_threads: u32,
    pub(super) tests: BTreeSet<&'k TestId>,
}

/// All groups, largest first, and the limits that they cannot express.
#[derive(Debug, Default)]
pub(super) struct Plan<'k> {
    pub(super) groups: Vec<Group<'k>>,
    pub(super) notes: Vec<String>,
}

impl<'k> Plan<'k> {
    pub(super) fn of(keys: &'k Keys) -> Plan<'k> {
        let mut plan = Plan::default();
        let mut candidates: Vec<_> = keys
            .held
            .iter()
            .filter_map(|(subject, holders)| Some((subject, holders, wanted(holders)?)))
            .collect();
        candidates.sort_by_key(|(_, holders, (tests, _))| {
            std::cmp::Reverse((tests.len(), holders.waited))
        });
        let mut taken: BTreeMap<&TestId, String> = BTreeMap::new();
        for (subject, _, (tests, max_threads)) in candidates {
            let free = tests.iter().filter(|test| !taken.contains_key(test));
            let free: BTreeSet<_> = free.collect();
            let name = plan.free_name(subject);
            let elsewhere: BTreeSet<_> = tests.iter().filter_map(|test| taken.get(test)).collect();
            let elsewhere: Vec<_> = elsewhere.iter().map(|name| format!("`{name}`")).collect();
            let is_needed = free.len() > max_threads as usize;
            if !elsewhere.is_empty() {
                let others = elsewhere.join(" and ");
                plan.note_split(subject, &others, tests.len() - free.len(), tests.len());
            }
            if is_needed {
                taken.extend(free.iter().map(|test| (*test, name.clone())));
                plan.groups.push(Group {
                    name,
                    subject,
                    max_threads,
                    tests: free,
                });
            }
        }
        for (subject, holders) in &keys.held {
            plan.note(subject, holders);
        }
        plan
    }

    /// Notes that tests of a key are in the groups of other keys.
    fn note_split(&mut self, subject: &Subject, others: &str, number: usize, all: usize) {
        let are = if number == 1 { "is" } else { "are" };
        self.notes.push(format!(
            "{subject}: {number} of {} {are} in {others}, because a test can be in one group only",
            count(all, "test")
        ));
    }

    /// Notes the limits of a key that its group cannot express.
    fn note(&mut self, subject: &Subject, holders: &Holders) {
        let is_serial = is_serial(holders);
        let Holders {
            serial,
            limited,
            limit,
            shared,
            within,
            ..
        } = holders;
        let is_exclusive = !(serial.is_empty() && limited.is_empty());
        let mut note = |tests: &BTreeSet<TestId>, what: &str, why: &str| {
            let tests = count(tests.len(), "test");
            let note = format!("{subject}: no group for {tests} with {what}, because {why}");
            self.notes.push(note);
        };
        if !shared.is_empty() && is_exclusive {
            note(shared, "`shared`", "nextest has no equivalent");
        }
        if !serial.is_empty() && !limited.is_empty() {
            let (others, word) = if is_serial {
                (limited, "`limit`")
            } else {
                (serial, "`serial`")
            };
            note(others, word, "a group has one limit");
        }
        if !limited.is_empty() && !is_serial && limit.is_none() {
            let why = "the trace of an older isolated-test does not contain the number";
            note(limited, "`limit`", why);
        }
        if !within.is_empty() {
            let why = "they hold it for a part of their time only";
            note(within, "a lock in the body", why);
        }
    }

    /// A name that no group has. nextest allows letters, digits, `-` and `_`.
    fn free_name(&self, subject: &Subject) -> String {
        let (prefix, text) = match subject {
            Subject::Key(key) => ("", key),
            Subject::Port(number) => ("port-", number),
        };
        let plain = text.chars().map(|char| {
            let is_plain = char.is_ascii_alphanumeric() || char == '_';
            if is_plain { char } else { '-' }
        });
        let plain: String = plain.collect();
        let mut name = format!("{prefix}{}", plain.trim_matches('-'));
        if !name.starts_with(|char: char| char.is_ascii_alphabetic()) {
            name.insert_str(0, "key-");
        }
        let is_taken = |name: &str| self.groups.iter().any(|group| group.name == name);
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut names = std::iter::once(name.clone()).chain(numbered);
        names.find(|name| !is_taken(name)).unwrap_or(name)
    }
}

/// The tests of a key that a group can hold, and how many of them at once.
fn wanted(holders: &Holders) -> Option<(&BTreeSet<TestId>, u32)> {
    if is_serial(holders) {
        return Some((&holders.serial, 1));
    }
    let is_limited = !holders.limited.is_empty();
    holders
        .limit
        .filter(|_| is_limited)
        .map(|limit| (&holders.limited, limit))
}

fn is_serial(holders: &Holders) -> bool {
    let Holders {
        serial, limited, ..
    } = holders;
    !serial.is_empty() && serial.len() >= limited.len()
}
