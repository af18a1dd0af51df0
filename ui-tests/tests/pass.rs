//! Tests that must compile and pass: signatures, the attributes of other crates, hostile
//! environments.
//!
//! They are not cases of `trybuild`, which builds without `--test`. There, `#[test]` removes the
//! function before its types are checked.

#[path = "pass/async_resources.rs"]
mod async_resources;
#[path = "pass/asynchronous.rs"]
mod asynchronous;
#[path = "pass/failures.rs"]
mod failures;
#[path = "pass/file.rs"]
mod file;
#[path = "pass/forbidden.rs"]
mod forbidden;
#[path = "pass/harnesses.rs"]
mod harnesses;
#[path = "pass/keys.rs"]
mod keys;
#[path = "pass/macro_rules.rs"]
mod macro_rules;
#[path = "pass/modules.rs"]
mod modules;
#[path = "pass/process.rs"]
mod process;
#[path = "pass/renamed.rs"]
mod renamed;
#[path = "pass/signatures.rs"]
mod signatures;
#[path = "pass/values.rs"]
mod values;
