//! One client: the answers it gets, and its end.

use std::io::{self, Write};
use std::sync::atomic::Ordering;

use isolated_test_postgres_wire::{Refusal, framed};

use super::client::{Batch, Cancel, Client};
use super::control::HINT;
use super::expected::Reply;
use super::session::Session;
use crate::proxy::message::Message;

/// How much is collected for a client.
const MUCH: usize = 64 * 1024;

impl Client<'_> {
    /// Lets the server do what the client has sent, and passes the answers on.
    pub(super) fn exchange(&mut self) -> io::Result<()> {
        let Some(mut session) = self.session.take() else {
            return Ok(());
        };
        let may_cancel = self.cancel == Cancel::Now;
        self.shared.set_running(may_cancel.then_some(self.number));
        let result = session.exchange(|session, message| self.hear(session, &message));
        self.shared.set_running(None);
        let result = result.and_then(|()| self.finish(&mut session));
        if let Err(error) = result {
            self.shared.end();
            return Err(error);
        }
        self.flush();
        if self.batch != Batch::Over || self.is_within {
            self.session = Some(session);
        } else {
            self.shared.give_back(session);
        }
        Ok(())
    }

    /// Ends a statement or transaction of the client, if the server is ready.
    fn finish(&mut self, session: &mut Session) -> io::Result<()> {
        if self.batch != Batch::Ready {
            return Ok(());
        }
        self.batch = Batch::Over;
        if self.has_failed && !self.is_within {
            session.roll_back()?;
            self.has_failed = false;
        }
        let status = match (self.is_within, self.has_failed) {
            (false, _) => b"I",
            (true, false) => b"T",
            (true, true) => b"E",
        };
        self.out.extend(framed(b'Z', status));
        Ok(())
    }

    pub(super) fn hear(&mut self, session: &mut Session, message: &Message) -> io::Result<()> {
        match message.kind {
            b'S' => {
                session.greeting.learn(&message.body);
                self.pass(message);
            }
            b'G' => {
                self.pass(message);
                self.flush();
                session
                    .expected
                    .copying_has_begun(self.batch == Batch::Query);
                self.copy(session)?;
            }
            b'E' => {
                if session.expected.fail() == Some(Reply::Ending) {
                    self.is_within = false;
                }
                session.is_fresh = false;
                self.fail(message);
            }
            b'Z' => {
                if message.body == b"I" {
                    self.shared.has_ended.store(true, Ordering::SeqCst);
                    return Err(io::Error::other(super::ENDED));
                }
                self.has_failed = message.body == b"E";
                if session.expected.take(b'Z') == Reply::Client {
                    self.batch = Batch::Ready;
                } else if self.cancel == Cancel::Later {
                    self.cancel = Cancel::Now;
                    self.shared.set_running(Some(self.number));
                }
            }
            kind => match session.expected.take(kind) {
                Reply::Nothing | Reply::Ending => {}
                Reply::Client => {
                    session.is_fresh &= !b"CIsV".contains(&kind);
                    self.pass(message);
                }
                Reply::Completed(tag, is_within) => {
                    session.is_fresh = is_within == Some(false);
                    self.is_within = is_within.unwrap_or(self.is_within);
                    self.out.extend(framed(b'C', format!("{tag}\0").as_bytes()));
                }
            },
        }
        if self.out.len() > MUCH || session.has_heard_all() {
            self.flush();
        }
        Ok(())
    }

    fn pass(&mut self, message: &Message) {
        self.out.extend(framed(message.kind, &message.body));
    }

    /// Passes an error on, with a way out if the server refuses what it would not have refused outside
    /// of our transaction.
    fn fail(&mut self, message: &Message) {
        let code = Refusal::read(&message.body, 0).code;
        // A statement that needs to be outside of a transaction, or a procedure that ends one.
        if self.is_within || !["25001", "2D000"].contains(&&*code) {
            return self.pass(message);
        }
        let fields = message.body.strip_suffix(&[0]).unwrap_or(&message.body);
        let hint = format!("Hthe test runs in a transaction that is rolled back; {HINT}\0\0");
        self.out
            .extend(framed(b'E', &[fields, hint.as_bytes()].concat()));
    }

    /// Sends the client what it was answered.
    pub(super) fn flush(&mut self) {
        let out = std::mem::take(&mut self.out);
        if !self.is_gone && (&*self.to).write_all(&out).is_err() {
            self.is_gone = true;
            self.shared.cancel(|running| running == self.number);
        }
    }

    /// Ends the transaction of the client, and its statement.
    pub(super) fn end(&mut self) {
        self.is_gone = true;
        if self.batch != Batch::Over {
            // A transaction without an end is undone.
            self.is_within = true;
            if let Some(session) = &mut self.session {
                session.send(b'S', b"", Reply::Client);
            }
            let _ = self.exchange();
        }
        if let Some(session) = self.session.take() {
            self.shared.roll_back(session);
        }
        let mut clients = self.shared.clients();
        clients.remove(&self.number);
        let is_last = clients.is_empty();
        drop(clients);
        if is_last && !self.shared.is_over() {
            self.reset();
        }
    }

    /// Forgets the settings of all clients, for those to come.
    fn reset(&mut self) {
        let Ok(mut session) = self.shared.acquire() else {
            return;
        };
        // A client that has connected meanwhile may have had its turn, and keeps its settings.
        if !self.shared.clients().is_empty() {
            return self.shared.give_back(session);
        }
        session.begin();
        let sql = "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL";
        match session.run(sql) {
            Ok(()) => self.shared.give_back(session),
            Err(_) => self.shared.end(),
        }
    }
}
