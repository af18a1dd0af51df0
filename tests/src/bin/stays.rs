//! A program that stays for two minutes unless somebody ends it, and may have others below it: `stays 2`
//! starts `stays 1`, which starts `stays 0`, which says that all are there.

use std::process::Command;
use std::thread;
use std::time::Duration;

use isolated_test_tests::say;

fn main() {
    let below = std::env::args().nth(1).and_then(|word| word.parse().ok());
    match below {
        None => {}
        Some(0_u32) => say("grown"),
        Some(below) => {
            let program = std::env::current_exe().expect("the running program");
            let child = Command::new(program).arg((below - 1).to_string()).spawn();
            let _ = child.expect("the program starts again").wait();
        }
    }
    thread::sleep(Duration::from_secs(120));
}
