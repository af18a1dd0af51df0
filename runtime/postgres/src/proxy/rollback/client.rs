//! One client: what it sends.

use std::collections::HashMap;
use std::io::{self, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use isolated_test_postgres_wire::literal;

use super::Shared;
use super::control::{Control, ROLLBACK, recovers};
use super::expected::Reply;
use super::session::Session;
use super::sql::Sql;
use crate::proxy::message::{Message, garbled, text};
use crate::proxy::startup::{Startup, fatal, negotiated, settings};
use crate::statements::statements;

/// The name of our own statements and portals in the session.
const OWN: &[u8] = b"isolated_test\0";

pub(super) struct Client<'a> {
    pub(super) shared: &'a Shared,
    pub(super) from: &'a Mutex<BufReader<UnixStream>>,
    pub(super) to: Arc<UnixStream>,
    pub(super) number: u32,
    /// Messages for the client.
    pub(super) out: Vec<u8>,
    /// The session, while it is the turn of this client.
    pub(super) session: Option<Session>,
    /// Settings that it has asked for, until they are applied.
    settings: Vec<(String, String)>,
    /// The beginning of the names of its statements, because all clients share the session.
    prefix: Vec<u8>,
    /// Its prepared statements.
    prepared: HashMap<Vec<u8>, Option<Control>>,
    /// Its portals for statements about transactions.
    portals: HashMap<Vec<u8>, Control>,
    pub(super) batch: Batch,
    pub(super) cancel: Cancel,
    /// Whether it is within a transaction.
    pub(super) is_within: bool,
    /// Whether its next statement is within a transaction that an error has ended, as far as is known.
    pub(super) has_failed: bool,
    pub(super) is_gone: bool,
}

/// The messages of a client until the server is ready for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Batch {
    /// All are answered.
    Over,
    /// They have no end yet, or the server has not reached it.
    Open,
    /// The same, for a query, which is its own end.
    Query,
    /// The server has reached the end, and the client does not know yet.
    Ready,
}

/// When the messages of a client may be cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cancel {
    Now,
    /// When the server has moved the savepoint.
    Later,
    /// They move the savepoint themselves.
    Never,
}

impl Client<'_> {
    /// Serves a client to its end.
    pub(super) fn serve(stream: UnixStream, shared: &Shared) {
        static NUMBER: AtomicU32 = AtomicU32::new(0);

        let Ok(to) = stream.try_clone() else {
            return;
        };
        let to = Arc::new(to);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        shared.clients().insert(number, to.clone());
        let mut client = Client {
            shared,
            from: &Mutex::new(BufReader::new(stream)),
            to,
            number,
            out: Vec::new(),
            session: None,
            settings: Vec::new(),
            prefix: format!("c{number}_").into_bytes(),
            prepared: HashMap::new(),
            portals: HashMap::new(),
            batch: Batch::Over,
            cancel: Cancel::Never,
            is_within: false,
            has_failed: false,
            is_gone: false,
        };
        let served = client
            .start()
            .and_then(|starts| if starts { client.run() } else { Ok(()) });
        if let Err(error) = served {
            let _ = (&*client.to).write_all(&fatal("08006", &error.to_string()));
        }
        client.end();
    }

    /// Greets the client. Returns whether it wants a connection.
    fn start(&mut self) -> io::Result<bool> {
        let (protocol, parameters) = match Startup::read(&mut &*self.to)? {
            Startup::Cancel(message) => {
                if let Some(client) = self.shared.greeting.meant_by(&message) {
                    self.shared.cancel(|running| running == client);
                }
                return Ok(false);
            }
            Startup::Connect {
                protocol,
                parameters,
            } => (protocol, parameters),
        };
        // They are applied in the first turn, so that nobody waits for a turn in order to connect.
        self.settings = settings(&parameters);
        self.out.extend(negotiated(protocol));
        self.out.extend(self.shared.greeting.message(self.number));
        self.flush();
        Ok(true)
    }

    /// Applies the settings that the client has asked for, once.
    fn set(&mut self, mut session: Session) -> io::Result<Session> {
        let set = std::mem::take(&mut self.settings)
            .iter()
            .map(|(name, value)| {
                let (name, value) = (literal(name), literal(value));
                format!("set_config({name}, {value}, false)")
            })
            .collect::<Vec<_>>();
        if set.is_empty() {
            return Ok(session);
        }
        session.begin();
        if let Err(error) = session.run(&format!("SELECT {}", set.join(", "))) {
            self.shared.roll_back(session);
            return Err(error);
        }
        Ok(session)
    }

    fn run(&mut self) -> io::Result<()> {
        while let Some(message) = self.read()? {
            match message.kind {
                b'X' => break,
                b'Q' => self.query(&message.body)?,
                b'P' => self.parse(&message.body)?,
                b'B' => self.bind(&message.body)?,
                b'E' => self.execute(&message.body)?,
                b'D' | b'C' => self.describe_or_close(&message)?,
                b'F' | b'S' => {
                    self.turn()?
                        .send(message.kind, &message.body, Reply::Client);
                    self.exchange()?;
                }
                b'H' => {
                    self.turn()?.flush();
                    self.exchange()?;
                }
                // The rest of a COPY that has failed.
                b'd' | b'c' | b'f' => {}
                _ => return Err(garbled()),
            }
            if self.is_gone {
                break;
            }
        }
        Ok(())
    }

    fn read(&self) -> io::Result<Option<Message>> {
        let mut from = self.from.lock().unwrap_or_else(PoisonError::into_inner);
        Message::read(&mut *from)
    }

    /// Whether the client is within a transaction that an error has ended.
    fn has_failed(&self) -> bool {
        self.is_within && self.has_failed
    }

    /// The session, in the turn of this client, for its next message.
    fn turn(&mut self) -> io::Result<&mut Session> {
        let mut session = if let Some(session) = self.session.take() {
            session
        } else {
            let session = self.shared.acquire().map_err(io::Error::other)?;
            self.set(session)?
        };
        if self.batch == Batch::Over {
            let begins = !self.is_within && session.begin();
            self.cancel = if begins { Cancel::Later } else { Cancel::Now };
            self.batch = Batch::Open;
        }
        Ok(self.session.insert(session))
    }

    fn query(&mut self, body: &[u8]) -> io::Result<()> {
        let (sql, _) = text(body)?;
        let sql = Sql::read(sql);
        let statements = statements(sql.text()).into_iter().map(|range| {
            let statement = &sql.text()[range];
            let control = self.control(statement);
            if let Some(control) = &control {
                self.forget(control);
            }
            (statement, control)
        });
        let statements: Vec<_> = statements.collect();
        let mut has_failed = self.has_failed();
        self.turn()?;
        self.batch = Batch::Query;
        if statements.iter().any(|(_, control)| control.is_some()) {
            self.cancel = Cancel::Never;
        }
        let session = self.turn()?;
        if statements.iter().all(|(_, control)| control.is_none()) {
            session.send(b'Q', body, Reply::Client);
            return self.exchange();
        }
        let mut all = Vec::new();
        for (statement, control) in statements {
            if let Some(control) = control {
                let translated = control.translate(has_failed);
                for (index, step) in translated.steps.iter().enumerate() {
                    session.expected.push_completion(translated.reply(index));
                    all.push(step.clone());
                }
            } else {
                session.expected.push_completion(Reply::Client);
                all.push(statement.to_owned());
            }
            has_failed &= !recovers(statement);
        }
        let all = [sql.bytes(&all.join(";\n")), vec![0]].concat();
        session.send(b'Q', &all, Reply::Client);
        self.exchange()
    }

    /// The meaning of a statement for the transaction.
    fn control(&self, statement: &str) -> Option<Control> {
        Control::of(statement).filter(|control| match control {
            // Else it was made by SQL, and the server knows it by this name.
            Control::Deallocate(name) => self.prepared.contains_key(name.as_bytes()),
            _ => true,
        })
    }

    /// Forgets the prepared statements that a statement frees when it is executed. Their names may stay in the
    /// session, because a new one replaces them.
    fn forget(&mut self, control: &Control) {
        match control {
            Control::Deallocate(name) => drop(self.prepared.remove(name.as_bytes())),
            Control::DeallocateAll | Control::DiscardAll => self.prepared.clear(),
            _ => {}
        }
    }

    /// The name in the session of one of the client's prepared statements, or of one made by SQL.
    fn name(&self, name: &[u8]) -> Vec<u8> {
        if self.prepared.contains_key(name) {
            self.new_name(name)
        } else {
            [name, &[0]].concat()
        }
    }

    fn new_name(&self, name: &[u8]) -> Vec<u8> {
        [&self.prefix, name, &[0]].concat()
    }

    fn parse(&mut self, body: &[u8]) -> io::Result<()> {
        let (name, rest) = text(body)?;
        let (sql, _) = text(rest)?;
        let control = self.control(Sql::read(sql).text());
        let new = self.new_name(name);
        let parsed = match control {
            None => [&new, rest].concat(),
            // Something that can be parsed at any time. It is never executed.
            Some(_) => [&new, ROLLBACK.as_bytes(), &[0, 0, 0]].concat(),
        };
        self.prepared.insert(name.to_owned(), control);
        let session = self.turn()?;
        // A client may replace its statement without a name.
        session.send(b'C', &[b"S", &*new].concat(), Reply::Nothing);
        session.send(b'P', &parsed, Reply::Client);
        Ok(())
    }

    fn bind(&mut self, body: &[u8]) -> io::Result<()> {
        let (portal, rest) = text(body)?;
        let (statement, rest) = text(rest)?;
        match self.prepared.get(statement).cloned().flatten() {
            Some(control) => self.portals.insert(portal.to_owned(), control),
            None => self.portals.remove(portal),
        };
        let new = [portal, &[0], &self.name(statement), rest].concat();
        let session = self.turn()?;
        if !portal.is_empty() {
            // The end of the transaction in which the client has used the name would have closed it.
            session.send(b'C', &[b"P", portal, &[0]].concat(), Reply::Nothing);
            session.has_cursors = true;
        }
        session.send(b'B', &new, Reply::Client);
        Ok(())
    }

    fn execute(&mut self, body: &[u8]) -> io::Result<()> {
        let (portal, _) = text(body)?;
        let control = self.portals.get(portal).cloned();
        let has_failed = self.has_failed();
        self.turn()?;
        let Some(control) = control else {
            self.turn()?.send(b'E', body, Reply::Client);
            return Ok(());
        };
        self.cancel = Cancel::Never;
        self.forget(&control);
        let translated = control.translate(has_failed);
        // If the statement fails, the server reports that state again when it is ready.
        self.has_failed &= translated.is_within.is_none();
        let session = self.turn()?;
        let nothing = Reply::Nothing;
        // It is never executed, and a rollback would complain about it.
        session.send(b'C', &[b"P", portal, &[0]].concat(), nothing);
        for (index, step) in translated.steps.iter().enumerate() {
            // An error may have left them.
            session.send(b'C', &[b"P", OWN].concat(), nothing);
            session.send(b'C', &[b"S", OWN].concat(), nothing);
            session.send(b'P', &[OWN, step.as_bytes(), &[0, 0, 0]].concat(), nothing);
            session.send(b'B', &[OWN, OWN, &[0; 6]].concat(), nothing);
            session.send(b'E', &[OWN, &[0; 4]].concat(), translated.reply(index));
        }
        Ok(())
    }

    fn describe_or_close(&mut self, message: &Message) -> io::Result<()> {
        let (kind, rest) = message.body.split_first().ok_or_else(garbled)?;
        let (name, _) = text(rest)?;
        let is_statement = *kind == b'S';
        let new = if is_statement {
            self.name(name)
        } else {
            rest.to_owned()
        };
        if message.kind == b'C' && is_statement {
            self.prepared.remove(name);
        }
        self.turn()?
            .send(message.kind, &[&[*kind], &*new].concat(), Reply::Client);
        Ok(())
    }
}
