//! What one test costs, measured inside one process.

use std::path::Path;
use std::time::Duration;

use crate::bounded::Bounded;
use crate::place::Place;
use crate::rows::Row;
use crate::{Result, binaries, progress};

pub(crate) fn measure(quick: bool) -> Result<Vec<Row>> {
    progress::say("overhead: building");
    let [measured] = binaries::build(["measured"])?;
    progress::say("overhead: measuring");
    let mut rows = run(&measured, &Place::create()?, "", quick)?;
    // There the disk does not hide what else a directory costs.
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        rows.extend(run(
            &measured,
            &Place::create_in(memory)?,
            " on tmpfs",
            quick,
        )?);
    }
    Ok(rows)
}

fn run(measured: &Path, place: &Place, elsewhere: &str, quick: bool) -> Result<Vec<Row>> {
    let mut command = place.test(measured, "overhead::rounds");
    command
        .env("COMPARE_ROUNDS", if quick { "5" } else { "21" })
        .env("COMPARE_ELSEWHERE", elsewhere);
    let ended = Bounded::start(command)?.wait(Duration::from_mins(3))?;
    let rows = ended.expect("the measurement of the overhead")?;
    Ok(rows.lines().filter_map(Row::read).collect())
}
