//! Runs the examples of the migration guide. This is the only package that depends on all the
//! crates the guide covers.

#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/migration.md")]
struct Migration;
