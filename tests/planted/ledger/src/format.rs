//! Amounts as text.

use std::env;

/// The separator of thousands, which depends on `LEDGER_LOCALE`.
fn separator() -> &'static str {
    match env::var("LEDGER_LOCALE").as_deref() {
        Ok("de") => ".",
        Ok("ch") => "'",
        _ => ",",
    }
}

/// Euros without cents, such as `1,250`.
pub fn whole(cents: i64) -> String {
    let sign = if cents <= -100 { "-" } else { "" };
    let digits = (cents / 100).abs().to_string();
    let mut groups = Vec::new();
    let mut rest = digits.as_str();
    while rest.len() > 3 {
        let (front, group) = rest.split_at(rest.len() - 3);
        groups.push(group);
        rest = front;
    }
    groups.push(rest);
    groups.reverse();
    sign.to_owned() + &groups.join(separator())
}

#[cfg(test)]
mod tests;
