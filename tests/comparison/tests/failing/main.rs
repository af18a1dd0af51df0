//! Small tests, with each peer and with isolated-test, that show the known failures where there are
//! any. The command runs one of them at a time, bounded in time, and looks at what comes of it.

mod cleanup;
mod crowds;
mod held;
mod nested;
mod observed;
mod ports;
mod processes;
