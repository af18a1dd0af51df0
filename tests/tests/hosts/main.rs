//! Resources that are started once for many tests: their hosts, from the first user to the last trace.

mod common;
mod deaths;
mod random_deaths;
mod seen;
mod services;
mod sharing;
mod starting;
mod turns;
