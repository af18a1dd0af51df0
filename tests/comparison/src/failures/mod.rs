//! The known failures of the crates people use today. Small tests (`tests/failing`,
//! `tests/refused`) demonstrate each one, run from here with a time limit. The table shows only
//! what was observed.

mod compiles;
mod crowds;
mod ends;
mod held;
mod meets;
mod ports;
mod stage;

use std::fmt::Write;

use crate::failures::stage::Stage;
use crate::machine::version;
use crate::{Result, progress};

/// The observed behaviour of one method.
#[derive(Debug, Clone)]
struct Seen {
    fails: bool,
    what: String,
}

impl Seen {
    fn new(fails: bool, what: impl Into<String>) -> Self {
        let what = what.into();
        Seen { fails, what }
    }

    fn cell(&self) -> String {
        let what = self.what.replace('|', "\\|");
        if self.fails {
            format!("**fails**: {what}")
        } else {
            what
        }
    }
}

/// A failure, demonstrated with one or more peers.
struct Demonstration {
    number: u8,
    failure: &'static str,
    /// For each peer: its package, its usage, and the name of its test.
    peers: &'static [(&'static str, &'static str, &'static str)],
    /// The name of our test.
    ours: &'static str,
    show: fn(&Stage, &str) -> Result<Seen>,
}

/// Runs all demonstrations and renders the table.
pub(crate) fn table() -> Result<String> {
    progress::say("failures: building");
    let stage = Stage::build()?;
    let mut text = String::from(
        "| | known failure | peer | observed | isolated-test |\n|---:|---|---|---|---|\n",
    );
    let all = [
        crowds::DEMONSTRATIONS,
        held::DEMONSTRATIONS,
        compiles::DEMONSTRATIONS,
        meets::DEMONSTRATIONS,
        ends::DEMONSTRATIONS,
        ports::DEMONSTRATIONS,
    ];
    let mut all: Vec<_> = all.into_iter().flatten().collect();
    all.sort_by_key(|shown| shown.number);
    for shown in all {
        let Demonstration {
            number, failure, ..
        } = shown;
        progress::say(&format!("failures: {number}, {failure}: isolated-test"));
        let ours = (shown.show)(&stage, shown.ours)?;
        for (index, (package, used, word)) in shown.peers.iter().enumerate() {
            progress::say(&format!("failures: {number}, {failure}: {package} {used}"));
            let seen = (shown.show)(&stage, word)?;
            let peer = match *package {
                "" => String::new(),
                package => version(package) + " ",
            };
            let (label, ours) = if index == 0 {
                (failure.to_string(), ours.cell())
            } else {
                (String::new(), String::new())
            };
            let seen = seen.cell();
            writeln!(
                text,
                "| {number} | {label} | {peer}{used} | {seen} | {ours} |"
            )?;
        }
    }
    Ok(text)
}
