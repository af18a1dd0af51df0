//! Every way to write a test: its test attribute, its signature, its name, its runner.

mod around;
mod around_fallback;
mod async_resources;
mod async_resources_fail;
mod async_resources_places;
mod current;
mod handles;
mod harness;
mod modules;
mod renamed;
mod signatures;
mod signatures_fail;
mod values;
mod values_fail;
