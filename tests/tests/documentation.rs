//! The pages of the documentation: links lead somewhere, and nothing is missing.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The addresses of the main branch on the web, for pages and for pictures.
const REPOSITORY: [&str; 2] = [
    concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/"),
    concat!(env!("CARGO_PKG_REPOSITORY"), "/raw/main/"),
];

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

    /// Returns the targets of all links and pictures.
    fn targets(&self) -> impl Iterator<Item = &str> {
        let targets = self.prose.split("](").skip(1);
        targets.filter_map(|rest| rest.split(')').next())
    }

    /// Returns the targets within the repository that are relative to the page.
    fn links(&self) -> Vec<&str> {
        self.targets()
            .filter(|target| !target.contains("://"))
            .collect()
    }

    /// Returns the targets within the repository that are absolute, relative to its root.
    fn absolute_links(&self) -> Vec<&str> {
        self.targets()
            .filter_map(|target| {
                let mut addresses = REPOSITORY.iter();
                addresses.find_map(|address| target.strip_prefix(address))
            })
            .collect()
    }

    /// Whether the file and the heading that a link names exist. The link is relative to `folder`.
    fn leads(&self, folder: &Path, link: &str) -> bool {
        let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
        let target = match file {
            "" => self.path.clone(),
            file => folder.join(file),
        };
        target.exists() && (fragment.is_empty() || Page::read(target).anchors().contains(fragment))
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

/// Returns all pages that users read.
fn all_pages() -> impl Iterator<Item = Page> {
    let mut all = pages(&root().join("docs"));
    let others = [
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
    ];
    all.extend(others.map(|name| root().join(name)));
    all.into_iter().map(Page::read)
}

#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    for page in all_pages() {
        let folder = page.path.parent().expect("a folder").to_owned();
        // The README and the book are also read elsewhere, so they have absolute links, too.
        let links = page.links().into_iter().map(|link| (&*folder, link));
        let root = root();
        let absolute = page.absolute_links();
        let absolute = absolute.into_iter().map(|link| (&*root, link));
        for (folder, link) in links.chain(absolute) {
            if !page.leads(folder, link) {
                broken.push(format!("{}: {link}", page.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

/// The book is made of `docs/` alone, and its pages are the same in the repository and in the book.
#[test]
fn links_of_the_book_are_relative_within_it_and_absolute_out_of_it() {
    let docs = root().join("docs");
    for page in pages(&docs).into_iter().map(Page::read) {
        let name = name_in(&docs, &page.path);
        let depth = name.matches('/').count();
        for link in page.links() {
            let file = link.split('#').next().unwrap_or_default();
            // No link goes down and then up again, so the first parts count.
            let ups = file.split('/').take_while(|part| *part == "..").count();
            let all_ups = file.split('/').filter(|part| *part == "..").count();
            assert!(
                ups == all_ups && ups <= depth && !file.starts_with('/'),
                "`{name}`: the link `{link}` leaves `docs/`; write `{}...`",
                REPOSITORY[0]
            );
        }
        for link in page.absolute_links() {
            assert!(
                !link.starts_with("docs/"),
                "`{name}`: the link `{link}` stays in `docs/`; make it relative"
            );
        }
    }
}

#[test]
fn every_page_is_in_the_summary_of_the_book_once() {
    let docs = root().join("docs");
    let summary = Page::read(docs.join("SUMMARY.md"));
    let mut listed: Vec<_> = summary.links().into_iter().map(str::to_owned).collect();
    let mut found: Vec<_> = pages(&docs)
        .iter()
        .map(|path| name_in(&docs, path))
        .filter(|name| name != "SUMMARY.md")
        .collect();
    listed.sort();
    found.sort();
    assert_eq!(listed, found, "`docs/SUMMARY.md` and the pages in `docs/`");
}

/// Returns the path of a page below a folder, with slashes.
fn name_in(folder: &Path, page: &Path) -> String {
    let name = page.strip_prefix(folder).expect("a page of the folder");
    name.display().to_string().replace('\\', "/")
}

#[test]
fn every_page_of_the_guide_is_in_its_index_and_its_examples_run() {
    let docs = root().join("docs");
    let index = Page::read(docs.join("guide/README.md"));
    let harnesses = [
        "tests/src/guide.rs",
        "ui-tests/src/lib.rs",
        "tests/comparison/src/guide.rs",
        "tests/databases/src/lib.rs",
    ];
    let harnesses = harnesses.map(|file| fs::read_to_string(root().join(file)).expect(file));
    for path in pages(&docs) {
        let name = name_in(&docs, &path);
        let in_guide = name.strip_prefix("guide/");
        if let Some(name) = in_guide.filter(|name| *name != "README.md") {
            assert!(
                index.links().contains(&name),
                "`{name}` is not in the index"
            );
        }
        let text = fs::read_to_string(&path).expect("a page");
        let has_examples = text.contains("```rust\n") || text.contains("```rust,test_harness");
        let included = format!("docs/{name}\")");
        let is_run = harnesses.iter().any(|file| file.contains(&included));
        assert!(
            is_run || (in_guide.is_none() && !has_examples),
            "the examples of `{name}` are not run"
        );
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
        .filter(|name| !["inherited", "file"].contains(name)) // Only the macro itself writes them.
        .collect();
    assert!(names.len() >= 15, "found {names:?} only");
    for name in names {
        let heading = format!("`{name}`");
        let is_there = arguments.iter().any(|line| line.contains(&heading));
        assert!(is_there, "`{name}` is not in the guide");
    }
}

/// A copy instead of the link would be read on docs.rs as it was when it was made.
#[test]
fn the_front_page_of_the_crate_is_the_readme() {
    let front = root().join("runtime/README.md");
    let target = fs::canonicalize(front).expect("the front page");
    assert_eq!(
        target,
        fs::canonicalize(root().join("README.md")).expect("the README")
    );
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
