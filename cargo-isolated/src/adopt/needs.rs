//! The arguments that keep tests from conflicting.

use std::collections::BTreeSet;

use crate::findings::{Conflict, Findings};

/// The arguments that a test lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// Keys, as text.
    pub(super) serial: Vec<String>,
    pub(super) shared: Vec<String>,
    /// Other arguments, as they are written.
    pub(super) arguments: Vec<String>,
}

/// Which arguments to prefer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// Locks, which always work.
    Keys,
    /// The argument that removes the conflict, if there is one.
    Best,
}

impl Needs {
    pub(super) fn is_empty(&self) -> bool {
        *self == Needs::default()
    }

    /// Adds the needs of another conflict of the test, or of another case of its function.
    pub(super) fn add(&mut self, other: &Needs) {
        extend(&mut self.serial, &other.serial);
        extend(&mut self.shared, &other.shared);
        extend(&mut self.arguments, &other.arguments);
        self.shared.retain(|key| !self.serial.contains(key));
    }
}

fn extend(list: &mut Vec<String>, others: &[String]) {
    for other in others {
        if !list.contains(other) {
            list.push(other.clone());
        }
    }
}

/// The needs of each test of the findings.
pub(super) fn of_findings(findings: &Findings, choice: Choice) -> Vec<Needs> {
    let mut needs = vec![Needs::default(); findings.tests.len()];
    for (conflict, choice) in chosen(findings, choice) {
        for (test, needed) in of_conflict(conflict, choice) {
            if let Some(needs) = needs.get_mut(test) {
                needs.add(&needed);
            }
        }
    }
    needs
}

/// All conflicts, each with its choice. A test can have one `port` only: if it needs several, one lock
/// covers all of them.
pub(super) fn chosen(findings: &Findings, choice: Choice) -> Vec<(&Conflict, Choice)> {
    let mut ports = vec![BTreeSet::new(); findings.tests.len()];
    for conflict in findings.all_conflicts() {
        let argument = conflict.argument.as_deref().unwrap_or_default();
        for test in conflict.fixed_at.iter().filter(|_| is_port(argument)) {
            if let Some(ports) = ports.get_mut(*test) {
                ports.insert(argument);
            }
        }
    }
    let has_several = |test: &usize| ports.get(*test).is_some_and(|ports| ports.len() > 1);
    let conflicts = findings.all_conflicts().map(|conflict| {
        let is_possible = !conflict.argument.as_deref().is_some_and(is_port)
            || !conflict.fixed_at.iter().any(has_several);
        (conflict, if is_possible { choice } else { Choice::Keys })
    });
    conflicts.collect()
}

fn is_port(argument: &str) -> bool {
    argument.starts_with("port(")
}

fn of_conflict(conflict: &Conflict, choice: Choice) -> Vec<(usize, Needs)> {
    if let (Choice::Best, Some(argument)) = (choice, &conflict.argument) {
        let needs = Needs {
            arguments: split(argument),
            ..Needs::default()
        };
        let tests = conflict.fixed_at.iter();
        return tests.map(|test| (*test, needs.clone())).collect();
    }
    let key = || vec![conflict.key.clone()];
    let writer = |test: &usize| {
        let serial = key();
        let needs = Needs {
            serial,
            ..Needs::default()
        };
        (*test, needs)
    };
    let reader = |test: &usize| {
        let shared = key();
        let needs = Needs {
            shared,
            ..Needs::default()
        };
        (*test, needs)
    };
    let readers = conflict.readers.iter().map(reader);
    conflict.writers.iter().map(writer).chain(readers).collect()
}

/// Splits `tmpdir, cwd` into its arguments.
pub(super) fn split(arguments: &str) -> Vec<String> {
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    let mut pieces = vec![String::new()];
    for letter in arguments.chars() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if is_text => is_escaped = true,
            '"' => is_text = !is_text,
            _ if is_text => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                pieces.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(letter);
        }
    }
    let pieces = pieces.iter().map(|piece| piece.trim().to_owned());
    pieces.filter(|piece| !piece.is_empty()).collect()
}
