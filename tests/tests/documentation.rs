//! The pages of the documentation: links lead somewhere, and nothing is missing.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The address of the main branch on the web.
const REPOSITORY: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/");

/// A page without the contents of its code blocks.
struct Page {
    path: PathBuf,
    prose: String,
}

impl Page {
    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("`{}`: {error}", path.display()));
        let mut is_code = false;
        let prose = text
            .lines()
            .filter(|line| {
                let is_fence = line.trim_start().starts_with("```");
                is_code ^= is_fence;
                !is_code && !is_fence
            })
            .fold(String::new(), |prose, line| prose + line + "\n");
        assert!(!is_code, "`{}` has an open code block", path.display());
        Page { path, prose }
    }

    /// Returns the targets of all links within the repository.
    fn links(&self) -> Vec<&str> {
        let targets = self.prose.split("](").skip(1);
        let targets = targets.filter_map(|rest| rest.split(')').next());
        // The README is also read elsewhere, so its links are absolute.
        let targets = targets.map(|target| target.strip_prefix(REPOSITORY).unwrap_or(target));
        targets.filter(|target| !target.contains("://")).collect()
    }

    /// Returns the anchors of the rendered page.
    fn anchors(&self) -> HashSet<String> {
        let headings = self.prose.lines().filter(|line| line.starts_with('#'));
        headings
            .map(|line| anchor(line.trim_start_matches('#').trim()))
            .collect()
    }
}

/// Returns the anchor that GitHub makes for a heading.
fn anchor(heading: &str) -> String {
    let is_kept = |letter: &char| letter.is_alphanumeric() || "-_ ".contains(*letter);
    heading
        .to_lowercase()
        .chars()
        .filter(is_kept)
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns the Markdown files in a folder and in the folders below it.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the documentation");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                pages(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect()
}

#[test]
fn links_lead_somewhere() {
    let root = root();
    let mut all = pages(&root.join("docs"));
    all.extend(["README.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(|name| root.join(name)));
    let mut broken = Vec::new();
    for page in all.into_iter().map(Page::read) {
        for link in page.links() {
            let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => page.path.clone(),
                file => page.path.with_file_name(file),
            };
            let leads = target.exists()
                && (fragment.is_empty() || Page::read(target).anchors().contains(fragment));
            if !leads {
                broken.push(format!("{}: {link}", page.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

#[test]
fn every_page_of_the_guide_is_in_its_index_and_its_examples_run() {
    let root = root();
    let index = Page::read(root.join("docs/guide/README.md"));
    let harnesses = [
        "tests/src/guide.rs",
        "ui-tests/src/lib.rs",
        "tests/comparison/src/guide.rs",
    ];
    let harnesses = harnesses.map(|file| fs::read_to_string(root.join(file)).expect(file));
    for path in pages(&root.join("docs/guide")) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_linked = name == "README.md" || index.links().contains(&name.as_ref());
        assert!(is_linked, "`{name}` is not in the index");
        let included = format!("docs/guide/{name}\")");
        let is_run = harnesses.iter().any(|file| file.contains(&included));
        assert!(is_run, "the examples of `{name}` are not run");
    }
}

#[test]
fn every_variable_and_every_argument_is_in_the_guide() {
    let root = root();
    let read = |file: &str| fs::read_to_string(root.join(file)).expect(file);

    let variables = Page::read(root.join("docs/guide/variables.md")).anchors();
    let code = read("runtime/core/src/config.rs");
    let code = code.split("mod tests").next().unwrap_or_default();
    let mut found = 0;
    for word in code.split('"').skip(1).step_by(2) {
        let name = word.strip_prefix("ISOLATED_").unwrap_or_default();
        if !name.is_empty() {
            found += 1;
            let is_there = variables.contains(&anchor(word));
            assert!(is_there, "`{word}` is not in the guide");
        }
    }
    assert!(found >= 8, "found {found} variables only");

    let arguments = Page::read(root.join("docs/guide/arguments.md"));
    let arguments: Vec<_> = arguments
        .prose
        .lines()
        .filter(|line| line.starts_with("## "))
        .collect();
    let code = read("macros/src/args.rs");
    let rows = code
        .lines()
        .filter(|line| line.trim_start().starts_with("Row {"));
    let names: Vec<_> = rows
        .filter_map(|row| row.split("name: \"").nth(1)?.split('"').next())
        .filter(|name| !["inherited", "judged"].contains(name)) // Only the macro itself writes them.
        .collect();
    assert!(names.len() >= 15, "found {names:?} only");
    for name in names {
        let heading = format!("`{name}`");
        let is_there = arguments.iter().any(|line| line.contains(&heading));
        assert!(is_there, "`{name}` is not in the guide");
    }
}

/// The attribute includes one of the two lists, and a README cannot include anything.
#[test]
fn the_readme_has_the_arguments_of_the_attribute() {
    let read = |file: &str| fs::read_to_string(root().join(file)).expect(file);
    let (readme, arguments) = (read("README.md"), read("macros/src/arguments.md"));
    let mut lines = readme
        .lines()
        .skip_while(|line| !line.starts_with("| argument |"));
    for line in arguments.lines() {
        assert_eq!(
            lines.next(),
            Some(line),
            "README.md and macros/src/arguments.md differ"
        );
    }
}
