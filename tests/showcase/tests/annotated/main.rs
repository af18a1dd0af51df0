//! The suite of `tests/today` with `#[isolated]` on its tests: the ports, folders and names come
//! from parameters, the locks hold across processes, and a test that changes what a process has once
//! gets a process of its own.
//!
//! It passes however many processes run it at the same time.

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
