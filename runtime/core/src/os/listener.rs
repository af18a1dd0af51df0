//! The processes that listen on a port.

#[cfg(target_os = "linux")]
use std::fs;
#[cfg(target_os = "linux")]
use std::path::Path;

#[cfg(target_os = "linux")]
use super::sock_diag;

/// Finds the process that listens on a TCP port: its identifier and the name of its program. If several have the
/// socket, because one has forked the others, this is the oldest one.
///
/// Processes of other users are found by root only.
#[cfg(target_os = "linux")]
pub(crate) fn listener_of(port: u16) -> Option<(u32, String)> {
    let sockets = listening(port);
    if sockets.is_empty() {
        return None;
    }
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let processes = processes.filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse::<u32>().ok()?;
        Some((id, entry.path()))
    });
    let listeners = processes.filter(|(_, path)| has_any(path, &sockets));
    let (id, path) = listeners.min_by_key(|(_, path)| start_of(path).unwrap_or(u64::MAX))?;
    let name = fs::read_to_string(path.join("comm")).unwrap_or_default();
    Some((id, name.trim_end().to_owned()))
}

/// When a process has started, in ticks of the kernel.
#[cfg(target_os = "linux")]
fn start_of(process: &Path) -> Option<u64> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(19)?.parse().ok()
}

/// Whether a program, or another descendant of its supervisor, listens on a TCP port of any address.
///
/// Descendants with other credentials are seen by root only.
#[cfg(target_os = "linux")]
pub(crate) fn is_served_by(program: u32, supervisor: u32, port: u16) -> bool {
    let sockets = listening(port);
    let serves = |process: u32| has_any(Path::new(&format!("/proc/{process}")), &sockets);
    // Usually there is none yet, and then it is the program. Reading all processes takes longer.
    !sockets.is_empty()
        && (serves(program)
            || super::tree::below(supervisor)
                .iter()
                .any(|process| serves(process.pid)))
}

/// Whether a process listens on a TCP port of `127.0.0.1`. Other platforms do not reveal which.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_served_by(_program: u32, _supervisor: u32, port: u16) -> bool {
    std::net::TcpStream::connect((std::net::Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The sockets that listen on a port, as links in `/proc/PID/fd` name them.
#[cfg(target_os = "linux")]
fn listening(port: u16) -> Vec<String> {
    let inodes = sock_diag::listening(port).unwrap_or_else(|_| listed(port));
    let link = |inode| format!("socket:[{inode}]");
    inodes.into_iter().map(link).collect()
}

/// The inodes of the sockets that listen on a port, from the kernel's lists of all connections.
#[cfg(target_os = "linux")]
fn listed(port: u16) -> Vec<u32> {
    let lists = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
    let lines = lists.iter().flatten().flat_map(|list| list.lines());
    let inodes = lines.filter_map(|line| inode_of_listener(line, port));
    inodes.filter_map(|inode| inode.parse().ok()).collect()
}

/// Whether a process, given by its directory in `/proc`, has any of these sockets open.
#[cfg(target_os = "linux")]
fn has_any(process: &Path, sockets: &[String]) -> bool {
    let open = fs::read_dir(process.join("fd")).into_iter();
    let mut targets = open
        .flatten()
        .flatten()
        .filter_map(|file| fs::read_link(file.path()).ok());
    targets.any(|target| sockets.iter().any(|socket| target.as_os_str() == &**socket))
}

/// The inode of a listening socket on a port, from a line of the kernel's list of sockets.
#[cfg(target_os = "linux")]
fn inode_of_listener(line: &str, port: u16) -> Option<&str> {
    const LISTEN: &str = "0A";

    let mut columns = line.split_whitespace();
    let (address, state) = (columns.nth(1)?, columns.nth(1)?);
    let is_its = address.ends_with(&format!(":{port:04X}")) && state == LISTEN;
    columns.nth(5).filter(|_| is_its)
}

/// Other platforms reveal it through libraries of their own only.
#[cfg(not(target_os = "linux"))]
pub(crate) fn listener_of(_port: u16) -> Option<(u32, String)> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::TcpListener;

    use super::{listed, listener_of, sock_diag, start_of};

    #[test]
    fn an_older_process_has_started_earlier() {
        let start = |process: &str| start_of(std::path::Path::new(process)).unwrap();
        assert!(start("/proc/1") < start("/proc/self"));
    }

    #[test]
    fn a_listener_of_either_family_is_found() {
        for address in ["127.0.0.1:0", "[::1]:0", "0.0.0.0:0"] {
            let Ok(listener) = TcpListener::bind(address) else {
                continue; // Without IPv6.
            };
            let port = listener.local_addr().unwrap().port();
            let (id, _) = listener_of(port).unwrap();
            assert_eq!(id, std::process::id(), "{address}");
            // Some sandboxes have no such interface.
            if let Ok(inodes) = sock_diag::listening(port) {
                assert_eq!(inodes, listed(port), "{address}");
                assert_eq!(inodes.len(), 1, "{address}");
            }
            drop(listener);
            assert_eq!(listener_of(port), None, "{address}");
        }
    }
}
