//! The examples of the guide about clients. This is the only package that depends on all of them.

#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/database-clients.md")]
struct Clients;
