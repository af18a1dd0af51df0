//! Writes a timeline as one page that needs nothing else.

use crate::timeline::Timeline;

const PAGE: &str = include_str!("../page/page.html");

/// What is put into the page where it is named.
const PARTS: [(&str, &str); 6] = [
    ("{{style}}", include_str!("../page/page.css")),
    ("{{text.js}}", include_str!("../page/text.js")),
    ("{{timeline.js}}", include_str!("../page/timeline.js")),
    ("{{pointer.js}}", include_str!("../page/pointer.js")),
    ("{{panels.js}}", include_str!("../page/panels.js")),
    ("{{main.js}}", include_str!("../page/main.js")),
];

/// Writes the page.
#[must_use]
pub fn html(timeline: &Timeline) -> String {
    let mut page = PAGE.to_owned();
    for (name, part) in PARTS {
        page = page.replacen(name, part, 1);
    }
    // Last, and once, so that nothing that a test is called is taken for a name of a part.
    let (before, after) = page.split_once("{{data}}").unwrap_or((&page, ""));
    format!("{before}{}{after}", data(timeline))
}

/// Writes the data so that no text of a test can end the element in which it stands.
fn data(timeline: &Timeline) -> String {
    let json = serde_json::to_string(timeline).unwrap_or_default();
    json.replace('<', "\\u003c")
}
