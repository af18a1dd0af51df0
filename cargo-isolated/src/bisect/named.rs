//! Finds the test that the command line names.

use anyhow::{Result, bail};

use crate::suite::{Suite, TestId};

/// Number of tests in a list of similar names.
const MOST: usize = 5;

/// Finds a test by its name, or by its binary and its name.
pub(super) fn find(suite: &Suite, text: &str) -> Result<TestId> {
    let is_named = |test: &TestId| test.name == text || test.to_string() == text;
    let mut found: Vec<_> = suite.tests().filter(is_named).collect();
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => {
            let mut ignored = suite.binaries.iter().flat_map(|binary| {
                let names = binary.ignored.iter();
                names.map(|name| TestId::new(&binary.id, name))
            });
            if ignored.any(|test| is_named(&test)) {
                bail!("`{text}` is ignored; remove its `ignore` attribute, or name another test");
            }
            let similar: Vec<_> = suite
                .tests()
                .filter(|test| test.to_string().contains(text))
                .collect();
            if similar.is_empty() {
                bail!("no test is called `{text}`; `cargo test -- --list` names all tests");
            }
            bail!(
                "no test is called `{text}`; similar names: {}",
                list(&similar)
            );
        }
        _ => bail!(
            "several tests are called `{text}`; name one with its binary: {}",
            list(&found)
        ),
    }
}

fn list(tests: &[TestId]) -> String {
    let names = tests.iter().take(MOST).map(|test| format!("`{test}`"));
    let mut text = names.collect::<Vec<_>>().join(", ");
    if tests.len() > MOST {
        text.push_str(", …");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::suite::{Binary, Suite};

    fn suite() -> Suite {
        let binary = |id: &str, tests: &[&str]| Binary {
            id: id.to_owned(),
            tests: tests.iter().map(|name| (*name).to_owned()).collect(),
            ignored: vec!["slow".to_owned()],
            ..Binary::default()
        };
        Suite {
            binaries: vec![
                binary("shop", &["tests::adds", "tests::removes"]),
                binary("shop::api", &["adds", "tests::adds"]),
            ],
        }
    }

    fn found(text: &str) -> Result<String, String> {
        let found = find(&suite(), text).map(|test| test.to_string());
        found.map_err(|error| error.to_string())
    }

    #[test]
    fn a_full_name_is_enough_if_there_is_one() {
        assert_eq!(found("adds"), Ok("shop::api adds".to_owned()));
        assert_eq!(found("shop tests::adds"), Ok("shop tests::adds".to_owned()));
        let several = "several tests are called `tests::adds`; name one with its binary: `shop \
                       tests::adds`, `shop::api tests::adds`";
        assert_eq!(found("tests::adds"), Err(several.to_owned()));
    }

    #[test]
    fn other_names_are_explained() {
        let similar = "no test is called `remove`; similar names: `shop tests::removes`";
        assert_eq!(found("remove"), Err(similar.to_owned()));
        let none = "no test is called `x`; `cargo test -- --list` names all tests";
        assert_eq!(found("x"), Err(none.to_owned()));
        let ignored = "`slow` is ignored; remove its `ignore` attribute, or name another test";
        assert_eq!(found("slow"), Err(ignored.to_owned()));
    }
}
