//! `cargo isolated status`: lists the running isolated tests.

use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use isolated_test_core::inspect::{Holder, processes, state_dir};

/// Prints the running tests of this user and the locks they hold.
pub(crate) fn print() -> Result<()> {
    let state_dir = state_dir()?;
    let mut out = io::stdout().lock();
    let mut running = 0;
    for process in processes(&state_dir) {
        for holder in &process.holders {
            running += 1;
            writeln!(out, "{}", line(process.id, holder))?;
        }
    }
    if running == 0 {
        writeln!(
            out,
            "no isolated tests are running (state directory: {})",
            state_dir.display()
        )?;
    }
    Ok(())
}

fn line(process: u32, holder: &Holder) -> String {
    let Holder {
        name,
        place,
        since,
        locks,
        ..
    } = holder;
    let begun = UNIX_EPOCH + Duration::from_millis(*since);
    let age = SystemTime::now().duration_since(begun).unwrap_or_default();
    let holds = if locks.is_empty() {
        String::new()
    } else {
        format!(", holding {}", locks.join(", "))
    };
    let age = age.as_secs();
    format!("{name} (pid {process}, {place}): running for {age} s{holds}")
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::{Holder, SystemTime, line};

    #[test]
    fn a_line_names_the_test_and_its_locks() {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("a time");
        let mut holder = Holder {
            name: "shop::own::adds".to_owned(),
            place: "package shop, src/lib.rs:69".to_owned(),
            since: u64::try_from(now.as_millis()).expect("a time") - 3500,
            locks: vec!["serial \"db\"".to_owned(), "shared \"cache\"".to_owned()],
            wait: None,
        };
        let test = "shop::own::adds (pid 7, package shop, src/lib.rs:69): running for 3 s";
        assert_eq!(
            line(7, &holder),
            format!("{test}, holding serial \"db\", shared \"cache\"")
        );
        holder.locks.clear();
        assert_eq!(line(7, &holder), test);
    }
}
