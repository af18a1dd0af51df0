//! Times as people write them.

use crate::args::{Mistake, millis};

#[test]
fn exact_times() {
    for (text, expected) in [
        ("1ms", 1),
        ("30s", 30_000),
        ("30 sec", 30_000),
        ("30secs", 30_000),
        ("2m", 120_000),
        ("2 min", 120_000),
        ("2mins", 120_000),
        ("1h", 3_600_000),
        ("1m30s", 90_000),
        ("1m 30s", 90_000),
        (" 1 h 1 m 1 s 1 ms ", 3_661_001),
        ("30s 1m", 90_000),
        ("1.5s", 1500),
        ("1.50s", 1500),
        ("0.001s", 1),
        ("2.000000000000000000000000s", 2000),
        ("0.0000025h", 9),
        ("0.00005m", 3),
        ("007s", 7000),
        ("8760h", 31_536_000_000),
    ] {
        assert_eq!(millis(text), Ok(expected), "{text}");
    }
}

#[test]
fn other_texts() {
    let unit = |unit: &str| Mistake::UnknownUnit(unit.to_owned());
    let number = |number: &str| Mistake::NoUnit(number.to_owned());
    for (text, expected) in [
        ("", Mistake::NoNumber),
        ("  ", Mistake::NoNumber),
        ("soon", Mistake::NoNumber),
        ("-1s", Mistake::NoNumber),
        ("+1s", Mistake::NoNumber),
        (".5s", Mistake::NoNumber),
        ("5.s", Mistake::NoNumber),
        ("1.2.3s", Mistake::NoNumber),
        ("s", Mistake::NoNumber),
        ("1s and", Mistake::NoNumber),
        ("٣s", Mistake::NoNumber),
        ("30", number("30")),
        ("1m 30", number("30")),
        ("1 2s", number("1")),
        ("1d", unit("d")),
        ("1S", unit("S")),
        ("1_000ms", unit("_")),
        ("1s,2ms", unit("s,")),
        ("1µs", unit("µs")),
        ("0s", Mistake::Zero),
        ("0.0h 0ms", Mistake::Zero),
        ("0.5ms", Mistake::TooFine),
        ("0.0001s", Mistake::TooFine),
        ("0.00000001h", Mistake::TooFine),
        (
            "0.00000000000000000000000000000000000000001s",
            Mistake::TooFine,
        ),
        ("8760h 1ms", Mistake::TooLong),
        ("8760.0000025h", Mistake::TooLong),
        ("18446744073709551615h", Mistake::TooLong),
        ("18446744073709551616ms", Mistake::TooLong),
    ] {
        assert_eq!(millis(text), Err(expected), "{text}");
    }
}
