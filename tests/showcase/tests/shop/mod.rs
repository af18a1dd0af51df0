//! The small shop that both suites test.
//!
//! Its servers, clients, files and stores take their address, path or name from the test, so that
//! the two suites differ only in where those come from.

pub(crate) mod audit;
#[cfg(unix)]
pub(crate) mod bank;
pub(crate) mod beacon;
pub(crate) mod cache;
pub(crate) mod client;
pub(crate) mod cluster;
pub(crate) mod config;
#[cfg(unix)]
pub(crate) mod courier;
pub(crate) mod desk;
pub(crate) mod digest;
pub(crate) mod drawer;
pub(crate) mod echo;
pub(crate) mod invoice;
pub(crate) mod journal;
pub(crate) mod ledger;
pub(crate) mod licence;
pub(crate) mod line_server;
pub(crate) mod orders;
pub(crate) mod pid_file;
pub(crate) mod prices;
pub(crate) mod receipt;
#[cfg(unix)]
pub(crate) mod safe;
pub(crate) mod settings;
pub(crate) mod site;
pub(crate) mod store;
pub(crate) mod web;
pub(crate) mod webhook;

use std::path::PathBuf;
use std::{env, fs, io};

/// The folder of the data that all tests share on purpose: counters, price lists, licences and the
/// store.
pub(crate) fn data() -> io::Result<PathBuf> {
    let default = || concat!(env!("CARGO_TARGET_TMPDIR"), "/shop").into();
    let folder = env::var_os("SHOP_DATA").map_or_else(default, PathBuf::from);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Any error, for tests that return a [`Result`].
pub(crate) type AnyError = Box<dyn std::error::Error + Send + Sync>;
