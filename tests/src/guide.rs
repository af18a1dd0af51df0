//! The examples of the guide. They run as in a reader's package: as tests of a package that has the
//! attribute and the test attributes below it.
//!
//! Pages about test attributes that only `ui-tests` depends on are compiled there, the page about
//! migration from other crates in `tests/comparison`, and the one about clients in `tests/databases`.

#[doc = include_str!("../../docs/README.md")]
struct FirstPage;

#[doc = include_str!("../../docs/guide/start.md")]
struct Start;

#[doc = include_str!("../../docs/guide/resources.md")]
struct Resources;

#[doc = include_str!("../../docs/guide/shared.md")]
struct Shared;

#[cfg(unix)]
#[doc = include_str!("../../docs/guide/databases.md")]
struct Databases;

#[cfg(unix)]
#[doc = include_str!("../../docs/guide/more-databases.md")]
struct MoreDatabases;

#[doc = include_str!("../../docs/guide/machines.md")]
struct Machines;

#[cfg(target_os = "linux")]
#[doc = include_str!("../../docs/guide/clock.md")]
struct Clock;

#[doc = include_str!("../../docs/guide/programs.md")]
struct Programs;

#[doc = include_str!("../../docs/guide/arguments.md")]
struct Arguments;

#[doc = include_str!("../../docs/guide/troubleshooting.md")]
struct Troubleshooting;

#[doc = include_str!("../../docs/guide/ways.md")]
struct Ways;

#[doc = include_str!("../../docs/guide/run.md")]
struct Run;

#[doc = include_str!("../../docs/guide/observe.md")]
struct Observe;

#[doc = include_str!("../../docs/guide/adopt.md")]
struct Adopt;

#[doc = include_str!("../../docs/guide/cargo-isolated.md")]
struct CargoIsolated;

#[doc = include_str!("../../docs/guide/status.md")]
struct Status;

#[doc = include_str!("../../docs/guide/groups.md")]
struct Groups;

#[doc = include_str!("../../docs/guide/helpers.md")]
struct Helpers;

#[doc = include_str!("../../docs/guide/flaky.md")]
struct Flaky;

#[doc = include_str!("../../docs/guide/stress.md")]
struct Stress;

#[doc = include_str!("../../docs/guide/bisect.md")]
struct Bisect;

#[doc = include_str!("../../docs/guide/README.md")]
struct Index;

#[doc = include_str!("../../docs/guide/nextest.md")]
struct Nextest;

#[doc = include_str!("../../docs/guide/ci.md")]
struct Ci;

#[doc = include_str!("../../docs/guide/variables.md")]
struct Variables;
