//! From lines to what is drawn, and the command.

mod command;
mod read;
mod totals;
mod written;
