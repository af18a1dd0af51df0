//! The suite as people write it today: fixed ports or picked ones, fixed names in the temporary
//! directory, fixed table names, and statics that guard what the tests of one process share.
//!
//! Every test passes alone, and all of them do one after another. Two processes at once collide, and
//! two threads do where a test changes what a process has once. Then some hang, or end the process.

mod cluster;
mod counter;
mod database;
mod echo;
mod files;
mod http;
mod licences;
mod picker;
mod prices;
#[path = "../shop/mod.rs"]
mod shop;
mod site;
mod store;
mod surroundings;
mod terminal;
mod till;
