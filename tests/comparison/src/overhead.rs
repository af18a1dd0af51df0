//! Overhead of one test, measured within one process.

use std::path::Path;
use std::time::Duration;

use crate::bounded::Bounded;
use crate::place::Place;
use crate::rows::Row;
use crate::{Result, binaries, progress};

/// A repetition of some measurements under other conditions.
#[derive(Default)]
struct Again {
    elsewhere: &'static str,
    /// Measures only the cases whose names contain this text.
    cases: &'static str,
    /// Comma-separated methods to measure; empty for all of them.
    methods: &'static str,
}

pub(crate) fn measure(quick: bool) -> Result<Vec<Row>> {
    progress::say("overhead: building");
    let [measured] = binaries::build(["measured"])?;
    let [optimized] = binaries::build_optimized(["measured"])?;
    progress::say("overhead: measuring");
    let mut rows = run(&measured, &Place::create()?, &Again::default(), quick)?;
    // On tmpfs, disk latency does not hide the remaining cost of a directory.
    let memory = Path::new("/dev/shm");
    let has_memory = memory.is_dir();
    if has_memory {
        let again = Again {
            elsewhere: " on tmpfs",
            cases: "tmpdir",
            ..Again::default()
        };
        rows.extend(run(&measured, &Place::create_in(memory)?, &again, quick)?);
    }
    let again = Again {
        elsewhere: ", runtime optimized",
        cases: "",
        methods: "plain function,floor,isolated-test",
    };
    rows.extend(run(&optimized, &Place::create()?, &again, quick)?);
    if has_memory {
        let again = Again {
            elsewhere: " on tmpfs, runtime optimized",
            cases: "tmpdir",
            ..again
        };
        rows.extend(run(&optimized, &Place::create_in(memory)?, &again, quick)?);
    }
    Ok(rows)
}

fn run(measured: &Path, place: &Place, again: &Again, quick: bool) -> Result<Vec<Row>> {
    let mut command = place.test(measured, "overhead::rounds");
    command
        .env("COMPARE_ROUNDS", if quick { "5" } else { "21" })
        .env("COMPARE_ELSEWHERE", again.elsewhere)
        .env("COMPARE_CASES", again.cases)
        .env("COMPARE_METHODS", again.methods);
    let ended = Bounded::start(command)?.wait(Duration::from_mins(3))?;
    let rows = ended.expect("the measurement of the overhead")?;
    Ok(rows.lines().filter_map(Row::read).collect())
}
