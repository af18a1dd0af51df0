//! The documented behaviour of `serial_test` 3 and 4.

mod arguments;
mod asynchronous;
mod documented;
#[expect(dead_code, reason = "no test here has to fail")]
#[path = "../../../tests/failing.rs"]
mod failing;
mod files;
mod harnesses;
mod meeting;
mod modules;
mod nested;
mod processes;
mod queries;
mod threads;
