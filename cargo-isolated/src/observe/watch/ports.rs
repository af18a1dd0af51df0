//! The ports that a test binds and connects to.

use std::collections::{BTreeSet, HashSet};

use crate::findings::{Kind, Resource, Touch};
use crate::observe::record::Log;

/// The ports of a test. Those that the kernel chose belong to the test alone.
#[derive(Debug, Default)]
pub(super) struct Ports {
    chosen: HashSet<(Kind, u16)>,
    fixed: HashSet<(Kind, u16)>,
    connected: HashSet<(Kind, u16)>,
    /// The fixed ports that were still bound when the body had ended.
    left: BTreeSet<(Kind, u16)>,
}

impl Ports {
    /// The test binds a port that it names. A port that the kernel chose before is still the test's own.
    pub(super) fn bind(&mut self, kind: Kind, port: u16) {
        if port != 0 && !self.is_chosen(port) {
            self.fixed.insert((kind, port));
        }
    }

    pub(super) fn connect(&mut self, kind: Kind, port: u16) {
        if port != 0 {
            self.connected.insert((kind, port));
        }
    }

    /// The test asks which port a socket has.
    pub(super) fn ask(&mut self, kind: Kind, port: u16) {
        if !self.fixed.contains(&(kind, port)) {
            self.chosen.insert((kind, port));
        }
    }

    /// Whether the kernel chose the number, for a socket of either kind.
    fn is_chosen(&self, port: u16) -> bool {
        let kinds = [Kind::TcpPort, Kind::UdpPort];
        kinds
            .iter()
            .any(|kind| self.chosen.contains(&(*kind, port)))
    }

    /// The body has ended. `bound` lists the ports on which its process still listens.
    pub(super) fn end_body(&mut self, bound: impl FnOnce() -> BTreeSet<(Kind, u16)>) {
        if !self.fixed.is_empty() {
            self.left = bound();
            self.left.retain(|port| self.fixed.contains(port));
        }
    }

    /// Adds the ports to the log, and returns those that the body has left bound.
    pub(super) fn finish(self, log: &mut Log) -> Vec<Resource> {
        for (kind, port) in &self.fixed {
            log.add(*kind, &port.to_string(), Touch::Change);
        }
        for (kind, port) in &self.connected {
            if !self.is_chosen(*port) {
                log.add(*kind, &port.to_string(), Touch::Use);
            }
        }
        let left = self.left.into_iter().map(|(kind, port)| Resource {
            kind,
            name: port.to_string(),
        });
        left.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Ports;
    use crate::findings::{Kind, Resource, Touch};
    use crate::observe::record::Log;

    #[test]
    fn ports_that_the_kernel_chose_belong_to_the_test() {
        let mut ports = Ports::default();
        ports.bind(Kind::TcpPort, 0);
        ports.ask(Kind::TcpPort, 40_000);
        ports.connect(Kind::TcpPort, 40_000);
        // A server that is told the number binds it, with UDP too.
        ports.bind(Kind::TcpPort, 40_000);
        ports.bind(Kind::UdpPort, 40_000);
        ports.bind(Kind::TcpPort, 8080);
        ports.ask(Kind::TcpPort, 8080);
        ports.connect(Kind::TcpPort, 8080);
        ports.connect(Kind::UdpPort, 53);
        let bound = [8080, 40_000].map(|port| (Kind::TcpPort, port));
        ports.end_body(|| bound.into());
        let mut log = Log::default();
        let left = ports.finish(&mut log);
        assert_eq!(
            left.iter().map(Resource::to_string).collect::<Vec<_>>(),
            ["TCP port 8080"]
        );
        let all: Vec<_> = log
            .iter()
            .map(|(kind, name, touches)| (kind, name, touches.first()))
            .collect();
        let expected = [
            (Kind::TcpPort, "8080", Some(&Touch::Use)),
            (Kind::UdpPort, "53", Some(&Touch::Use)),
        ];
        assert_eq!(all, expected);
        let touches = log.touches(Kind::TcpPort, "8080").expect("the port");
        assert!(touches.contains(&Touch::Change));
    }
}
