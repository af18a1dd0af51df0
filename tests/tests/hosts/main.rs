//! Resources that are started once for many tests: their hosts, from the first user to the last trace.

#![cfg(target_os = "linux")]

mod clock;
mod common;
mod copies;
mod deaths;
mod definitions;
mod handles;
mod lingering;
mod mariadb;
mod random_deaths;
mod redis;
mod removed;
mod seen;
mod services;
mod sharing;
mod starting;
mod turns;
