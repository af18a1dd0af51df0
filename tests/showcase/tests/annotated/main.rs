//! The suite of `tests/today` with `#[isolated]` on its tests. Ports, folders and names come from
//! parameters, locks hold across processes, and a test that changes state that exists once per
//! process runs in a subprocess.
//!
//! The suite passes no matter how many processes run it at the same time.

mod cluster;
mod counter;
mod database;
mod echo;
mod files;
mod http;
mod licences;
mod prices;
#[path = "../shop/mod.rs"]
mod shop;
mod site;
mod store;
mod surroundings;
mod terminal;
mod till;
