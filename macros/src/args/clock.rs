//! Reads a clock: `clock = "2026-02-28T23:59:59Z"` or `clock(at = "...", frozen)`.

use proc_macro2::{Group, Literal, TokenStream};
use syn::{Ident, Lit};

use super::moment::moment;
use super::value::{options, place, wrong};
use super::{Choice, Clock, Row, Setting, Time, Value};
use crate::errors::Errors;

/// The highest speed: a year in less than a second.
const MOST: f64 = 1e8;

pub(super) fn assigned(
    row: &Row,
    name: &Ident,
    tokens: TokenStream,
    errors: &mut Errors,
) -> Option<Value> {
    let at = time(row, name, tokens, errors)?;
    let speed = RUNNING;
    Some(Value::Clock(Clock { at, speed }))
}

pub(super) fn listed(
    row: &Row,
    known: &'static [Setting],
    name: &Ident,
    group: &Group,
    errors: &mut Errors,
) -> Option<Value> {
    let Some(Value::Options(options)) = options(row, known, group.stream(), errors) else {
        return None;
    };
    let (mut at, mut speeds) = (None, Vec::new());
    for (option, choice) in options {
        match (option, choice) {
            ("at", Choice::Constant(tokens)) => at = Some(time(row, name, tokens, errors)?),
            ("frozen", _) => speeds.push(0.0),
            (_, Choice::Speed(speed)) => speeds.push(speed),
            _ => speeds.push(RUNNING),
        }
    }
    if speeds.len() > 1 {
        let message =
            "a clock is either `frozen` or `running`, or has a `speed`; write one of these";
        errors.at(group, message);
        return None;
    }
    let Some(at) = at else {
        let message = "expected a time; write `clock(at = \"2026-02-28T23:59:59Z\")`";
        errors.at(group, message);
        return None;
    };
    let speed = speeds.first().copied().unwrap_or(RUNNING);
    Some(Value::Clock(Clock { at, speed }))
}

/// The speed of a clock that runs like others.
const RUNNING: f64 = 1.0;

/// Reads a literal; the compiler checks that an expression is a time.
fn time(row: &Row, name: &Ident, tokens: TokenStream, errors: &mut Errors) -> Option<Time> {
    let mistake = match syn::parse2::<Lit>(tokens.clone()) {
        Ok(Lit::Str(text)) => match moment(&text.value()) {
            Ok(moment) => return Some(Time::Literal(moment)),
            Err(mistake) => mistake,
        },
        Err(_) if !tokens.is_empty() => return Some(Time::Given(tokens)),
        _ => wrong(row),
    };
    errors.at(place(&tokens, name), mistake);
    None
}

/// The number of a `speed`: a literal above zero.
pub(super) fn speed(tokens: &TokenStream) -> Option<f64> {
    let number: f64 = match syn::parse2::<Lit>(tokens.clone()).ok()? {
        Lit::Int(number) => number.base10_parse().ok()?,
        Lit::Float(number) => number.base10_parse().ok()?,
        _ => return None,
    };
    (number > 0.0 && number <= MOST).then_some(number)
}

impl Clock {
    /// The speed as a literal.
    pub(crate) fn speed(&self) -> Literal {
        Literal::f64_suffixed(self.speed)
    }
}
