//! Runs one test: what it asks for, where and how often it runs, and how its outcome is judged.

pub(crate) mod around;
pub(crate) mod attempts;
pub(crate) mod awaited;
pub(crate) mod context;
pub(crate) mod cx;
pub(crate) mod driver;
pub(crate) mod end;
pub(crate) mod entry;
pub(crate) mod guard;
pub(crate) mod made;
pub(crate) mod naming;
pub(crate) mod observe;
pub(crate) mod process;
pub(crate) mod resources;
pub(crate) mod session;
pub(crate) mod short;
pub(crate) mod spec;
pub(crate) mod values;
pub(crate) mod verdict;
