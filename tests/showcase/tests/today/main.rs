//! The suite as people write it today: fixed or picked ports, fixed names in the temporary
//! directory, fixed table names, and statics that guard state shared by the tests of one process.
//!
//! Every test passes alone, and all of them pass one after another. Two processes at once collide,
//! and so do two threads when a test changes state that exists once per process. Some tests then
//! hang or end the process.

mod background;
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
