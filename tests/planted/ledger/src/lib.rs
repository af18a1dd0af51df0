//! Bookkeeping for small shops.

pub mod account;
pub mod archive;
pub mod audit;
pub mod book;
pub mod config;
pub mod currency;
pub mod format;
pub mod journal;
pub mod kind;
pub mod report;
