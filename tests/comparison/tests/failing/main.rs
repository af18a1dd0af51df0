//! Small tests, with each peer and with isolated-test, that demonstrate the known failures. The
//! command runs each with a time limit and judges the result.

mod cleanup;
mod crowds;
mod held;
mod nested;
mod observed;
mod ports;
mod processes;
