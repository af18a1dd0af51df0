//! The branches of the shop: a cluster of three nodes that talk to each other.

use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};

use crate::shop::line_server::{Conversation, LineServer};

/// Three nodes, each of which knows the addresses of the others.
pub(crate) struct Cluster {
    addrs: [SocketAddr; 3],
    servers: Vec<LineServer>,
}

impl Cluster {
    /// Starts a node on each port.
    pub(crate) fn start(ports: [u16; 3]) -> io::Result<Self> {
        let addrs = ports.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let listeners = addrs.map(TcpListener::bind);
        let mut servers = Vec::new();
        for (id, listener) in listeners.into_iter().enumerate() {
            let node = Node {
                id,
                addrs,
                heard: Arc::default(),
            };
            servers.push(LineServer::start(listener?, move |line| node.answer(line))?);
        }
        Ok(Self { addrs, servers })
    }

    /// Sends `line` to the node `id` and returns its answer.
    pub(crate) fn say(&self, id: usize, line: &str) -> io::Result<String> {
        Conversation::with(self.addrs[id])?.say(line)
    }

    /// Stops the last node.
    pub(crate) fn stop_last(&mut self) {
        self.servers.pop();
    }
}

#[derive(Clone)]
struct Node {
    id: usize,
    addrs: [SocketAddr; 3],
    heard: Arc<Mutex<BTreeSet<String>>>,
}

impl Node {
    fn answer(&self, line: &str) -> String {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("id", _) => self.id.to_string(),
            ("leader", _) => self.leader().to_string(),
            ("hear", rumour) => self.hear(rumour),
            ("heard", _) => self.heard(|heard| heard.iter().cloned().collect::<Vec<_>>().join(",")),
            (word, _) => format!("unknown word `{word}`"),
        }
    }

    /// The highest id among all nodes that answer.
    fn leader(&self) -> usize {
        let ids = self.ask_peers("id").filter_map(|id| id.parse().ok());
        ids.fold(self.id, usize::max)
    }

    /// Records a rumour, and passes it on the first time.
    fn hear(&self, rumour: &str) -> String {
        if self.heard(|heard| heard.insert(rumour.to_owned())) {
            self.ask_peers(&format!("hear {rumour}")).for_each(drop);
        }
        "noted".to_owned()
    }

    fn ask_peers(&self, line: &str) -> impl Iterator<Item = String> {
        let peers = self
            .addrs
            .into_iter()
            .enumerate()
            .filter(|(id, _)| *id != self.id);
        peers.filter_map(move |(_, addr)| Conversation::with(addr).ok()?.say(line).ok())
    }

    fn heard<T>(&self, act: impl FnOnce(&mut BTreeSet<String>) -> T) -> T {
        act(&mut self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
