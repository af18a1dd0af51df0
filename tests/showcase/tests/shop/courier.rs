//! The courier, a daemon that moves parcels from `out` to `delivered` and outlives the shop.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use rustix::process::{Pid, test_kill_process};

const PATIENCE: Duration = Duration::from_secs(20);

/// The script of the courier. The shell starts the loop in the background and exits. The loop ends
/// on its own after a while, so that nothing stays on the machine for good.
const DAEMON: &str = r#"
cd "$0"
{
    for round in $(seq 300); do
        for parcel in out/*; do
            [ -e "$parcel" ] && mv "$parcel" delivered/
        done
        sleep 0.1
    done
} > /dev/null 2>&1 &
echo $! > courier.pid
"#;

/// Starts the courier in `folder`, which can have only one.
pub(crate) fn start(folder: &Path) -> io::Result<()> {
    if let Some(pid) = running(folder) {
        let message = format!("a courier is on the way already: {pid:?}");
        return Err(io::Error::other(message));
    }
    fs::create_dir_all(folder.join("out"))?;
    fs::create_dir_all(folder.join("delivered"))?;
    let mut shell = Command::new("sh");
    let shell = shell.args(["-c", DAEMON]).arg(folder).stdin(Stdio::null());
    shell.status().map(drop)
}

/// Sends a parcel and returns what arrived.
pub(crate) fn send(folder: &Path, parcel: &str) -> io::Result<String> {
    fs::write(folder.join("out").join(parcel), parcel)?;
    let delivered = folder.join("delivered").join(parcel);
    let start = Instant::now();
    while !delivered.exists() {
        if start.elapsed() > PATIENCE {
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::sleep(Duration::from_millis(5));
    }
    fs::read_to_string(delivered)
}

fn running(folder: &Path) -> Option<Pid> {
    let pid = fs::read_to_string(folder.join("courier.pid")).ok()?;
    let pid = Pid::from_raw(pid.trim().parse().ok()?)?;
    test_kill_process(pid).is_ok().then_some(pid)
}
