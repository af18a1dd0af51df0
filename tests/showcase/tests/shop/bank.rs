//! The line to the bank, a named pipe: the bank writes its answers into it, the terminal reads them.

use std::path::Path;
use std::process::Command;
use std::{fs, io};

/// Lets the bank approve an order; waits for that as long as it takes.
pub(crate) fn approve(line: &Path, order: &str) -> io::Result<()> {
    if !line.exists() {
        Command::new("mkfifo").arg(line).output()?;
    }
    let mut bank = Command::new("sh")
        .args(["-c", r#"echo "approved $1" > "$0""#])
        .arg(line)
        .arg(order)
        .spawn()?;
    // Anything else is the answer to an earlier question.
    while fs::read_to_string(line)?.trim() != format!("approved {order}") {}
    bank.wait().map(drop)
}
