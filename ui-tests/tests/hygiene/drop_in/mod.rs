//! The attributes and macros of the drop-in packages.

mod rusty_fork;
mod sealed_test;
mod test_context;
