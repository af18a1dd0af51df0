//! Reports: what a test that fails prints, what runs again, and what is written down.

mod backtrace;
mod quarantine;
mod repeat;
mod repeat_beside;
mod report;
mod report_repeat;
mod retries;
mod retries_attribute;
mod trace;
