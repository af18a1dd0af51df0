//! The known failures of the crates people use today. Small tests (`tests/failing`,
//! `tests/refused`) demonstrate each one, run from here with a time limit. The table shows only
//! what was observed.

mod calls;
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

/// The failure that the drop-in package shares with `serial_test`: a lock is a descriptor, and a
/// test without a subprocess leaves it to its forked child.
const SHARED: u8 = 19;

/// Runs all demonstrations. Returns the table, and the failures of `serial_test` that the drop-in
/// package shows although it should not.
pub(crate) fn table() -> Result<(String, Vec<String>)> {
    progress::say("failures: building");
    let stage = Stage::build()?;
    let replaced = Stage::build_drop_in()?;
    let mut unexpected = Vec::new();
    let mut text = String::from(
        "| | known failure | peer | observed | isolated-serial-test | isolated-test |\n\
         |---:|---|---|---|---|---|\n",
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
            let mut drop_in = String::new();
            if *package == "serial_test" {
                let seen = (shown.show)(&replaced, word)?;
                drop_in = seen.cell();
                if seen.fails && *number != SHARED {
                    unexpected.push(format!("{number}, {failure} ({used}): {}", seen.what));
                }
            }
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
                "| {number} | {label} | {peer}{used} | {seen} | {drop_in} | {ours} |"
            )?;
        }
    }
    Ok((text, unexpected))
}
