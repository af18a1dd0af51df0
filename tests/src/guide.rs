//! The examples of the guide, which run as their readers would run them: as tests of a package that
//! has the attribute, and the test attributes that stand below it.
//!
//! Pages about test attributes that only `ui-tests` knows are compiled there; the one about the crates
//! that people come from, in `tests/comparison`.

#[doc = include_str!("../../docs/guide/start.md")]
struct Start;

#[doc = include_str!("../../docs/guide/resources.md")]
struct Resources;

#[doc = include_str!("../../docs/guide/programs.md")]
struct Programs;

#[doc = include_str!("../../docs/guide/arguments.md")]
struct Arguments;

#[doc = include_str!("../../docs/guide/troubleshooting.md")]
struct Troubleshooting;

#[doc = include_str!("../../docs/guide/flaky.md")]
struct Flaky;

#[doc = include_str!("../../docs/guide/README.md")]
struct Index;

#[doc = include_str!("../../docs/guide/nextest.md")]
struct Nextest;

#[doc = include_str!("../../docs/guide/ci.md")]
struct Ci;

#[doc = include_str!("../../docs/guide/variables.md")]
struct Variables;
