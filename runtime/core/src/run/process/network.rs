//! Whether a test gets a network of its own, and what it does where it cannot have one.

use crate::error::{Error, ErrorKind};
use crate::lock::key::Key;
use crate::run::spec::Refused;

#[cfg(target_os = "linux")]
pub(crate) use crate::os::network::NamespaceSetup;

/// What stands for a way where there is none.
#[cfg(not(target_os = "linux"))]
pub(crate) type NamespaceSetup = std::convert::Infallible;

/// Who could not have a network of their own take turns in that of the machine.
pub(crate) const TURNS: Key = Key::new("network");

/// The network in which a process runs.
#[derive(Debug, Clone)]
pub(crate) enum Network {
    /// That of everybody.
    Common,
    /// One of its own.
    Custom(NamespaceSetup),
    /// That of everybody, while no other test that asked for one is in it.
    Serial,
}

/// What is done about a test.
pub(crate) enum Decision {
    Run(Network),
    /// It is not run, and the reason is said aloud.
    Skip(String),
    Fail(Error),
}

/// Decides, after trying once in this process whether the system allows it.
pub(crate) fn decide(asked: Option<Refused>) -> Decision {
    let Some(or) = asked else {
        return Decision::Run(Network::Common);
    };
    let (reason, way_out) = match way() {
        Ok(way) => return Decision::Run(Network::Custom(way)),
        Err(refusal) => refusal,
    };
    match or {
        Refused::Serial => Decision::Run(Network::Serial),
        Refused::Skip => Decision::Skip(format!("{reason}; {way_out}")),
        Refused::Fail => Decision::Fail(
            Error::new(ErrorKind::Network, "make a network of the test's own").because(format!(
                "{reason}; {way_out}, or write `network(or = \"skip\")` or `network(or = \"serial\")`"
            )),
        ),
    }
}

/// Why there is no way, and a way out.
type Refusal = (String, &'static str);

#[cfg(not(target_os = "linux"))]
fn way() -> Result<NamespaceSetup, Refusal> {
    let reason = "only Linux has networks of a process's own".to_owned();
    Err((reason, "run the test on Linux"))
}

#[cfg(target_os = "linux")]
fn way() -> Result<NamespaceSetup, Refusal> {
    use std::sync::OnceLock;

    static WAY: OnceLock<Result<NamespaceSetup, Refusal>> = OnceLock::new();

    WAY.get_or_init(|| {
        // Root in a container often has not the right, but may have that of an ordinary user.
        let as_root = (crate::os::user() == 0).then(NamespaceSetup::of_root);
        let mut refusal = None;
        for way in as_root.into_iter().chain([NamespaceSetup::of_user()]) {
            match way.probe() {
                Ok(()) => return Ok(way),
                Err((step, error)) => refusal = Some(refused(step, &error)),
            }
        }
        Err(refusal.unwrap_or_else(|| ("nothing was tried".to_owned(), "report this")))
    })
    .clone()
}

/// Words what the system has refused, and how to allow it.
#[cfg(target_os = "linux")]
fn refused(step: Option<crate::os::network::Step>, error: &std::io::Error) -> Refusal {
    use crate::os::network::Step;

    let Some(step) = step else {
        return (
            format!("a process to try it in could not be had: {error}"),
            "make room for processes",
        );
    };
    let exhausted = error.kind() == std::io::ErrorKind::StorageFull;
    let way_out = match step {
        Step::Network | Step::UserAndNetwork if exhausted => {
            "raise `sysctl user.max_net_namespaces` and `user.max_user_namespaces`"
        }
        Step::Network | Step::UserAndNetwork => {
            "allow it with `sysctl -w kernel.unprivileged_userns_clone=1`, or in Docker with \
             `--cap-add SYS_ADMIN` or `--security-opt seccomp=unconfined`"
        }
        Step::Groups | Step::GroupMap | Step::UserMap => {
            "allow it with `sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`"
        }
        Step::Loopback => "allow the process `CAP_NET_ADMIN` in its own network",
    };
    (format!("the system has refused {step}: {error}"), way_out)
}
