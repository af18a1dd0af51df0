//! Port numbers that the kernel never chooses by itself.

use std::io;
use std::ops::RangeInclusive;

use crate::random;

/// The range of all numbers that tests get. The fixed ports of well-known servers lie below it.
const ALL: RangeInclusive<u16> = 20_000..=65_535;

/// Maximum number of ports to try before giving up.
const ATTEMPTS: usize = 2_000;

/// The distance between numbers that are tried one after the other. A prime above the number of all
/// ports visits all candidates, however many there are.
const STRIDE: usize = 104_729;

/// Tries numbers outside the kernel's range, starting at a random one, until one is free.
///
/// `take` returns `Ok(None)` for a taken number. If all are taken, the kind of the error is `AddrInUse`,
/// as when the kernel has none left.
pub(super) fn first_free<T>(
    ephemeral: &RangeInclusive<u16>,
    mut take: impl FnMut(u16) -> io::Result<Option<T>>,
) -> io::Result<T> {
    let candidates: Vec<u16> = ALL.filter(|number| !ephemeral.contains(number)).collect();
    let (count, first, last) = (candidates.len(), ephemeral.start(), ephemeral.end());
    if count == 0 {
        return Err(io::Error::other(format!(
            "the system chooses ports from {first}-{last} for everybody, which leaves none that stays \
             free; narrow `net.ipv4.ip_local_port_range`"
        )));
    }
    let start = usize::try_from(random::number() % count as u64).unwrap_or_default();
    let attempts = ATTEMPTS.min(count);
    for attempt in 0..attempts {
        let number = candidates[(start + attempt * STRIDE) % count];
        if let Some(taken) = take(number)? {
            return Ok(taken);
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AddrInUse,
        format!("all of {attempts} ports outside of {first}-{last} are taken; free some of them"),
    ))
}

/// The range from which the kernel chooses.
#[cfg(target_os = "linux")]
pub(super) fn ephemeral() -> io::Result<RangeInclusive<u16>> {
    let path = "/proc/sys/net/ipv4/ip_local_port_range";
    let text = std::fs::read_to_string(path)?;
    let mut numbers = text.split_whitespace().map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(first)), Some(Ok(last))) => Ok(first..=last),
        _ => Err(io::Error::other(format!(
            "`{path}` says {text:?}, expected two numbers"
        ))),
    }
}

/// The range from which the kernel chooses.
///
/// macOS and Windows use the range of RFC 6335, 49152 to 65535, unless the administrator has
/// changed it. FreeBSD's range begins at 10000, so there the kernel may choose one of our numbers.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "Linux reads it")]
pub(super) fn ephemeral() -> io::Result<RangeInclusive<u16>> {
    Ok(49_152..=65_535)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::io;

    use super::first_free;

    #[test]
    fn numbers_of_the_kernel_are_never_tried() {
        let mut tried = HashSet::new();
        let refused = first_free::<()>(&(32_768..=60_999), |number| {
            tried.insert(number);
            Ok(None)
        });
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        assert!(
            refused
                .to_string()
                .starts_with("all of 2000 ports outside of 32768-60999")
        );
        assert_eq!(tried.len(), 2_000, "each number is tried once");
        assert!(
            tried
                .iter()
                .all(|number| (20_000..32_768).contains(number) || *number >= 61_000)
        );
    }

    #[test]
    fn a_machine_without_such_numbers_is_told_what_to_do() {
        let refused = first_free::<()>(&(1_024..=65_535), |_| Ok(None))
            .unwrap_err()
            .to_string();
        assert_eq!(
            refused,
            "the system chooses ports from 1024-65535 for everybody, which leaves none that stays free; \
             narrow `net.ipv4.ip_local_port_range`"
        );
    }
}
