//! Reads a duration such as `"30s"`, `"1m 30s"` or `"1.5s"`.

use proc_macro2::TokenStream;
use syn::{Ident, Lit};

use super::value::{place, wrong};
use super::{Row, Value};
use crate::errors::{Errors, list};

const UNITS: [(&[&str], u64); 4] = [
    (&["ms"], 1),
    (&["s", "sec", "secs"], 1000),
    (&["m", "min", "mins"], 60 * 1000),
    (&["h"], 60 * 60 * 1000),
];

/// One year in milliseconds. No test takes that long.
const LONGEST: u64 = 365 * 24 * 60 * 60 * 1000;

pub(super) fn read(
    row: &Row,
    name: &Ident,
    tokens: TokenStream,
    errors: &mut Errors,
) -> Option<Value> {
    let mistake = match syn::parse2::<Lit>(tokens.clone()) {
        Ok(Lit::Str(text)) => match millis(&text.value()) {
            Ok(millis) => return Some(Value::Millis(millis)),
            Err(mistake) => mistake.message(row, text.value().trim()),
        },
        Ok(literal) => without_quotes(row, &literal),
        Err(_) if tokens.is_empty() => wrong(row),
        // The compiler checks that it is a `Duration`.
        Err(_) => return Some(Value::Expression(tokens)),
    };
    errors.at(place(&tokens, name), mistake);
    None
}

/// The message for a number where a string is expected.
fn without_quotes(row: &Row, literal: &Lit) -> String {
    let written = match literal {
        Lit::Int(number) => number.to_string(),
        Lit::Float(number) => number.to_string(),
        _ => return wrong(row),
    };
    match millis(&written) {
        Ok(_) => format!(
            "expected `{0}` to be a string: `{0} = \"{written}\"`",
            row.name
        ),
        Err(mistake @ Mistake::NoUnit(_)) => mistake.message(row, &written),
        Err(_) => wrong(row),
    }
}

/// Why a text is not a duration.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    NoNumber,
    /// The number without a unit.
    NoUnit(String),
    UnknownUnit(String),
    Zero,
    TooLong,
    TooFine,
}

impl Mistake {
    fn message(&self, row: &Row, written: &str) -> String {
        let Row { name, usage, .. } = row;
        match self {
            Mistake::NoNumber if written.is_empty() => wrong(row),
            Mistake::NoNumber => {
                format!("expected a number with a unit, found `{written}`; write `{usage}`")
            }
            Mistake::NoUnit(number) if written.ends_with(number) => {
                format!("expected a unit behind `{number}`; write `{name} = \"{written}s\"`")
            }
            Mistake::NoUnit(number) => {
                format!("expected a unit behind `{number}`; write `{usage}`")
            }
            Mistake::UnknownUnit(unit) => {
                let known = UNITS.iter().filter_map(|(words, _)| words.first().copied());
                format!("unknown unit `{unit}`; expected one of {}", list(known))
            }
            Mistake::Zero => {
                format!(
                    "expected a time above zero, found `{written}`; remove `{name}` if there is no limit"
                )
            }
            Mistake::TooLong => {
                format!(
                    "expected a time of at most a year, found `{written}`; remove `{name}` if there is no limit"
                )
            }
            Mistake::TooFine => {
                format!("expected whole milliseconds, found `{written}`; round it")
            }
        }
    }
}

/// Converts a text to milliseconds exactly, without rounding.
pub(crate) fn millis(text: &str) -> Result<u64, Mistake> {
    let (mut sum, mut rest) = (0, text.trim());
    if rest.is_empty() {
        return Err(Mistake::NoNumber);
    }
    while !rest.is_empty() {
        let (number, behind) = split(rest, |letter| letter.is_ascii_digit() || letter == '.');
        let (unit, behind) = split(behind.trim_start(), |letter| {
            !letter.is_ascii_digit() && !letter.is_whitespace()
        });
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        if whole.is_empty() || decimals.is_empty() || decimals.contains('.') {
            return Err(Mistake::NoNumber);
        }
        if unit.is_empty() {
            return Err(Mistake::NoUnit(number.to_owned()));
        }
        let known = UNITS.iter().find(|(words, _)| words.contains(&unit));
        let (_, factor) = known.ok_or_else(|| Mistake::UnknownUnit(unit.to_owned()))?;
        sum += in_millis(whole, decimals, *factor)?;
        if sum > LONGEST {
            return Err(Mistake::TooLong);
        }
        rest = behind.trim_start();
    }
    if sum == 0 {
        Err(Mistake::Zero)
    } else {
        Ok(sum)
    }
}

/// Converts one number with its unit. The whole part is at most [`LONGEST`], so the sum of two
/// results cannot overflow.
fn in_millis(whole: &str, decimals: &str, factor: u64) -> Result<u64, Mistake> {
    let whole: u64 = whole.parse().map_err(|_| Mistake::TooLong)?;
    let whole = whole.checked_mul(factor).ok_or(Mistake::TooLong)?;
    if whole > LONGEST {
        return Err(Mistake::TooLong);
    }
    let decimals = decimals.trim_end_matches('0');
    if decimals.is_empty() {
        return Ok(whole);
    }
    // A whole number of milliseconds needs at most seven decimals, because an hour has
    // `2^7 * 3^2 * 5^5` milliseconds.
    let parts = u32::try_from(decimals.len())
        .ok()
        .filter(|digits| *digits <= 7)
        .map(|digits| 10_u64.pow(digits))
        .ok_or(Mistake::TooFine)?;
    let part = decimals.parse::<u64>().map_err(|_| Mistake::TooFine)? * factor;
    if part % parts == 0 {
        Ok(whole + part / parts)
    } else {
        Err(Mistake::TooFine)
    }
}

/// Splits off the longest prefix in which every character satisfies `fits`.
fn split(text: &str, fits: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|letter| !fits(letter)).unwrap_or(text.len()))
}
