//! Reports: what a failing test prints, what runs again, and what is recorded.

mod backtrace;
mod quarantine;
mod repeat;
mod repeat_beside;
mod report;
mod report_repeat;
mod retries;
mod retries_attribute;
mod trace;
