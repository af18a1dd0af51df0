//! The known failures of what people use today: each is shown by small tests (`tests/failing`,
//! `tests/refused`), which are run here, bounded in time. Nothing in the table is known beforehand.

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

/// What was seen of one method.
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

/// What is shown with one or more peers.
struct Demonstration {
    number: u8,
    failure: &'static str,
    /// The package of each peer, how it is used, and the word by which its test is found.
    peers: &'static [(&'static str, &'static str, &'static str)],
    /// The word of ours, and how the attribute is used where that matters.
    ours: &'static str,
    show: fn(&Stage, &str) -> Result<Seen>,
}

/// Shows all of them and renders the table.
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
