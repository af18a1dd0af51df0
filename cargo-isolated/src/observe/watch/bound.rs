//! The ports on which a process listens.

use std::collections::{BTreeSet, HashSet};
use std::fs;

use crate::findings::Kind;

/// The socket states that keep others from binding the port: listening for TCP, unconnected for UDP.
const TABLES: [(Kind, &str, &str); 4] = [
    (Kind::TcpPort, "tcp", "0A"),
    (Kind::TcpPort, "tcp6", "0A"),
    (Kind::UdpPort, "udp", "07"),
    (Kind::UdpPort, "udp6", "07"),
];

/// The ports on which a process listens, from `proc_pid_net(5)`.
pub(super) fn ports(process: i32) -> BTreeSet<(Kind, u16)> {
    let sockets = sockets(process);
    let mut ports = BTreeSet::new();
    for (kind, table, state) in TABLES {
        let table = fs::read_to_string(format!("/proc/{process}/net/{table}")).unwrap_or_default();
        let listening = table.lines().skip(1).filter_map(|line| {
            let mut fields = line.split_whitespace();
            let (_, port) = fields.nth(1)?.rsplit_once(':')?;
            let is_listening = fields.nth(1)? == state;
            let is_own = sockets.contains(fields.nth(5)?);
            let port = u16::from_str_radix(port, 16).ok()?;
            (is_listening && is_own).then_some((kind, port))
        });
        ports.extend(listening);
    }
    ports
}

/// The inodes of the sockets of a process.
fn sockets(process: i32) -> HashSet<String> {
    let descriptors = fs::read_dir(format!("/proc/{process}/fd"));
    let descriptors = descriptors.into_iter().flatten().flatten();
    let inodes = descriptors.filter_map(|descriptor| {
        let link = fs::read_link(descriptor.path()).ok()?;
        let inode = link.to_str()?.strip_prefix("socket:[")?;
        Some(inode.strip_suffix(']')?.to_owned())
    });
    inodes.collect()
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream, UdpSocket};

    use super::ports;
    use crate::findings::Kind;

    #[test]
    fn only_ports_that_others_cannot_bind_are_listed() {
        let process = i32::try_from(std::process::id()).expect("a process ID");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let udp = UdpSocket::bind("[::1]:0").expect("a socket");
        let port = listener.local_addr().expect("an address").port();
        let udp_port = udp.local_addr().expect("an address").port();
        let client = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        let client_port = client.local_addr().expect("an address").port();
        let found = ports(process);
        assert!(found.contains(&(Kind::TcpPort, port)), "{found:?}");
        assert!(found.contains(&(Kind::UdpPort, udp_port)), "{found:?}");
        assert!(!found.contains(&(Kind::TcpPort, client_port)), "{found:?}");
        drop(listener);
        assert!(!ports(process).contains(&(Kind::TcpPort, port)));
    }
}
