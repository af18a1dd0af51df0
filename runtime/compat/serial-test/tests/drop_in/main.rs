//! The documented behaviour of `serial_test` 3 and 4.

#![deny(
    unreachable_code,
    unused_braces,
    clippy::diverging_sub_expression,
    reason = "the attributes cause no warnings in the functions below them"
)]

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
