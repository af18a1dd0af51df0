//! Serves tests, each in a thread: from the question for a database to the end of its use.

use std::fs;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use isolated_test_postgres_wire::{Failure, literal, name};

use super::client::Client;
use super::databases::{KEPT, end_sessions};
use super::ending::until_ended;
use super::layers::Layers;
use super::schemas::Place;
use super::state::{Size, State, Turn};
use super::template::Unbuilt;
use super::visitor::{GLANCE, Visitor};
use super::{Refused, Shared};

/// The most threads that wait for tests.
const MOST_LISTENING: usize = 16;

/// How many bytes of a name the server keeps.
const LONGEST_NAME: usize = 63;

/// What a test gets.
enum Lent {
    Own(String),
    Shared(String),
    Schema(Place),
}

impl Shared {
    /// Serves tests in a thread, and has another one listen meanwhile.
    ///
    /// To hand a connection over to another thread would cost each test the time in which that wakes
    /// up, which is long while the processors are busy.
    pub(super) fn listen(self: Arc<Self>, listener: Arc<UnixListener>) {
        self.listening.fetch_add(1, Ordering::SeqCst);
        thread::spawn(move || {
            loop {
                let accepted = listener.accept();
                if self.listening.fetch_sub(1, Ordering::SeqCst) == 1 {
                    self.clone().listen(listener.clone());
                }
                if let Ok((stream, _)) = accepted {
                    self.serve(stream);
                }
                if self.listening.fetch_add(1, Ordering::SeqCst) >= MOST_LISTENING {
                    self.listening.fetch_sub(1, Ordering::SeqCst);
                    return;
                }
            }
        });
    }

    /// Ends the sessions that a test has left in its database. Waits for that if other tests wait for
    /// their connections.
    fn end_sessions(&self, database: &str) {
        let end = end_sessions(database);
        let _ = until_ended(|| self.sessions.run(&end), || self.admission.has_line());
    }

    /// Serves one test, from its question to its end.
    fn serve(&self, stream: UnixStream) {
        let mut client = Client::new(stream);
        let Ok(Some(words)) = client.hear() else {
            return;
        };
        let [how @ ("take" | "share" | "schema"), key, wish, who, process] =
            *words.iter().map(String::as_str).collect::<Vec<_>>()
        else {
            return;
        };
        let test = format!("{who} (pid {process})");
        let taken = self.admission.enter(&test, &mut client);
        let taken = taken.and_then(|admitted| {
            let lent = match how {
                "schema" => self.schema(key, wish, &mut client).map(Lent::Schema)?,
                _ => self.take(how == "share", key, wish, who, &mut client)?,
            };
            Ok((lent, admitted))
        });
        let (lent, _admitted) = match taken {
            Ok(taken) => taken,
            Err(Refused(why)) => {
                let _ = client.say(&["failed", &why]);
                return;
            }
        };
        let address = &self.sessions.address;
        let (url, schema) = match &lent {
            Lent::Own(database) | Lent::Shared(database) => (address.url(database), ""),
            Lent::Schema(place) => (place.url(address), &*place.schema),
        };
        let dir = self.dir.join(format!("s{}", self.lock().next_number()));
        let version = self.version.to_string();
        let given = client.say(&["given", &url, &version, &dir.to_string_lossy(), schema]);
        // Only now, because the test waits no longer.
        self.changed.notify_all();
        let last = given.and_then(|()| client.hear());
        // Without a word, the test has died.
        let last = last
            .ok()
            .flatten()
            .and_then(|words| words.into_iter().next());
        let last = last.as_deref();
        let _ = fs::remove_dir_all(&dir);
        let is_kept = last == Some("keep");
        match lent {
            Lent::Shared(database) if last == Some("spoiled") => {
                self.lock().spoil(key, &database);
            }
            Lent::Shared(_) => {}
            Lent::Own(database) => {
                self.end_sessions(&database);
                self.give_back(database, is_kept);
            }
            Lent::Schema(place) => self.give_schema_back(place, is_kept),
        }
        self.changed.notify_all();
    }

    /// Drops a database later, or keeps it for people.
    fn give_back(&self, database: String, is_kept: bool) {
        if !is_kept {
            self.lock().drop_later(database);
            return;
        }
        let comment = format!(
            "COMMENT ON DATABASE {} IS {}",
            name(&database),
            literal(KEPT)
        );
        let _ = self.sessions.run(&comment);
        self.lock().keep(database);
    }

    /// Finds or makes the database of a test, or the one that tests share.
    fn take(
        &self,
        is_shared: bool,
        key: &str,
        wish: &str,
        who: &str,
        client: &mut Client,
    ) -> Result<Lent, Refused> {
        let ask = if is_shared {
            State::ask_to_share
        } else {
            State::ask
        };
        let mut state = self.lock();
        loop {
            match ask(&mut state, key, who) {
                Turn::Fail(why) => return Err(Refused(why)),
                Turn::Share(shared) => return Ok(Lent::Shared(shared)),
                Turn::Wait(why) => {
                    client.wait_for(&why)?;
                    state = client.wait(&self.changed, state, GLANCE)?;
                }
                Turn::Build => {
                    drop(state);
                    let built = self.build(key, client);
                    state = self.lock();
                    let result = match built {
                        Ok((template, size)) => {
                            state.built(key, &template, self.size(size));
                            Ok(())
                        }
                        Err(Unbuilt { why, is_lasting }) => {
                            state.not_built(key, Some(&*why).filter(|_| is_lasting));
                            Err(Refused(why))
                        }
                    };
                    self.changed.notify_all();
                    result?;
                }
                Turn::Take(ready) => {
                    let database = self.name(&mut state, wish);
                    drop(state);
                    let sql = format!(
                        "ALTER DATABASE {} RENAME TO {}",
                        name(&ready),
                        name(&database)
                    );
                    let taken = self.sessions.run(&sql).map(drop);
                    return self.lend(is_shared, key, database, taken);
                }
                Turn::Copy(template) => {
                    let database = self.name(&mut state, wish);
                    drop(state);
                    let made = self.make(&database, &template);
                    state = self.lock();
                    state.copied(key);
                    match made {
                        Err(failure) if failure.is_missing() => {
                            if state.is_gone(key) {
                                drop(state);
                                self.locks.leave_template(&template);
                                state = self.lock();
                            }
                        }
                        made => {
                            drop(state);
                            return self.lend(is_shared, key, database, made);
                        }
                    }
                }
            }
        }
    }

    /// The size of a template, and of its copies.
    fn size(&self, template: u64) -> Size {
        let overlay = self.layers.as_ref().and_then(Layers::overlay_size);
        let copy = overlay.map_or(template, |overlay| overlay.min(template));
        Size { template, copy }
    }

    /// Lends a copy that was made, or could not be, to a test or to all that share it.
    fn lend(
        &self,
        is_shared: bool,
        key: &str,
        copy: String,
        made: Result<(), Failure>,
    ) -> Result<Lent, Refused> {
        let made = made.map_err(|failure| self.refused(failure));
        if !is_shared {
            return made.map(|()| Lent::Own(copy));
        }
        let mut state = self.lock();
        let lent = match made {
            Ok(()) => Ok(Lent::Shared(state.share(key, copy))),
            Err(refused) => {
                state.not_shared(key);
                Err(refused)
            }
        };
        drop(state);
        self.changed.notify_all();
        lent
    }

    /// A new name that reminds of the test: with as much of the end of the test's name as the server
    /// does not cut off.
    pub(super) fn name(&self, state: &mut State, wish: &str) -> String {
        let number = format!("_{}", state.next_number());
        let room = LONGEST_NAME.saturating_sub(self.prefix.len() + number.len());
        let begin = wish.len().saturating_sub(room);
        let wish = wish.get(begin..).unwrap_or_default();
        format!("{}{}{number}", self.prefix, wish.trim_start_matches('_'))
    }
}
