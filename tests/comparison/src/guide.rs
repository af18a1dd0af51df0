//! The page of the guide about the crates that people come from, whose examples run; only this package has
//! all of these crates.

#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/migration.md")]
struct Migration;
