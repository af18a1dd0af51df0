//! Locks between machines, as session-level advisory locks of a PostgreSQL server.
//!
//! An internal package: its items may change in any release. It knows nothing of tests but their names.
//!
//! A [`Session`] is one connection, and the locks that it holds. The server releases them when the
//! connection ends, whatever ended it. [`Lookup`] is another connection, which sees who holds and awaits
//! locks: `pg_locks` lists the sessions, and each session describes itself in a comment of its statements,
//! which `pg_stat_activity` shows.
// The client knows only Unix.
#![cfg(unix)]

mod holder;
mod id;
mod limit;
mod lookup;
mod opening;
mod server;
mod session;

pub use crate::holder::Holder;
pub use crate::lookup::{Lookup, Seen};
pub use crate::server::Server;
pub use crate::session::{Grant, Mode, Session, Trouble};
