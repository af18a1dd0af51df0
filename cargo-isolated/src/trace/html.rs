//! Writes a timeline as a self-contained page.

use crate::trace::timeline::Timeline;

const PAGE: &str = include_str!("../../page/page.html");

/// The parts of the page, and the placeholders that they replace.
const PARTS: [(&str, &str); 6] = [
    ("{{style}}", include_str!("../../page/page.css")),
    ("{{text.js}}", include_str!("../../page/text.js")),
    ("{{timeline.js}}", include_str!("../../page/timeline.js")),
    ("{{pointer.js}}", include_str!("../../page/pointer.js")),
    ("{{panels.js}}", include_str!("../../page/panels.js")),
    ("{{main.js}}", include_str!("../../page/main.js")),
];

/// Writes the page.
#[must_use]
pub(crate) fn html(timeline: &Timeline) -> String {
    let mut page = PAGE.to_owned();
    for (name, part) in PARTS {
        page = page.replacen(name, part, 1);
    }
    // The data comes last and once, so that no text of a test is mistaken for a placeholder.
    let (before, after) = page.split_once("{{data}}").unwrap_or((&page, ""));
    format!("{before}{}{after}", data(timeline))
}

/// Writes the data as JSON in which no text of a test can close the surrounding element.
fn data(timeline: &Timeline) -> String {
    let json = serde_json::to_string(timeline).unwrap_or_default();
    json.replace('<', "\\u003c")
}
