//! The messages of a server to a client that has proved who it is.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use isolated_test_postgres_wire::framed;

use crate::proxy::message::Message;
use crate::proxy::startup;

/// The parameters of the session, and its key.
pub(super) struct Greeting {
    /// Names and values.
    parameters: Mutex<Vec<Parameter>>,
    /// How the server is asked to cancel a statement: the number of its process, and a secret.
    key: Vec<u8>,
}

type Parameter = (Vec<u8>, Vec<u8>);

impl Greeting {
    /// Reads what the server has said to us.
    pub(super) fn read(mut messages: &[u8]) -> io::Result<Self> {
        let mut greeting = Greeting {
            parameters: Mutex::default(),
            key: Vec::new(),
        };
        while let Some(message) = Message::read(&mut messages)? {
            match message.kind {
                b'S' => greeting.learn(&message.body),
                b'K' => greeting.key = message.body,
                _ => {}
            }
        }
        Ok(greeting)
    }

    /// Remembers a parameter, for clients that come later.
    pub(super) fn learn(&self, body: &[u8]) {
        let mut words = body.split(|byte| *byte == 0).map(<[u8]>::to_vec);
        if let (Some(name), Some(value)) = (words.next(), words.next()) {
            let mut parameters = self.parameters();
            parameters.retain(|(other, _)| *other != name);
            parameters.push((name, value));
        }
    }

    fn parameters(&self) -> MutexGuard<'_, Vec<Parameter>> {
        self.parameters
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The messages for the client with this number.
    pub(super) fn message(&self, client: u32) -> Vec<u8> {
        let mut messages = framed(b'R', &[0; 4]);
        for (name, value) in &*self.parameters() {
            messages.extend(framed(b'S', &[name, &[0][..], value, &[0]].concat()));
        }
        messages.extend(framed(b'K', &self.key_of(client)));
        messages.extend(framed(b'Z', b"I"));
        messages
    }

    /// The key of a client, which shows the process of the server, as clients expect.
    fn key_of(&self, client: u32) -> Vec<u8> {
        let process = self.key.get(..4).unwrap_or_default();
        [process, &client.to_be_bytes()].concat()
    }

    /// The client whose statement a message asks to cancel.
    pub(super) fn meant_by(&self, message: &[u8]) -> Option<u32> {
        let (_, number) = message.split_last_chunk()?;
        let client = u32::from_be_bytes(*number);
        (message == startup::cancellation(&self.key_of(client))).then_some(client)
    }

    /// The message that asks the server to cancel what the session does.
    pub(super) fn cancellation(&self) -> Vec<u8> {
        startup::cancellation(&self.key)
    }
}
