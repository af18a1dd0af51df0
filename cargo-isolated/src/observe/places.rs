//! Finds where the sources name a resource.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use proc_macro2::{TokenStream, TokenTree};

use crate::findings::{Kind, Place, Resource};

/// How many places to report.
const MOST: usize = 3;

/// The greatest length at which a part of a name cannot be a process ID, a time or random text.
const LONGEST_FIXED: usize = 2;

/// The words of the sources: identifiers and literals, with their places.
#[derive(Debug, Default)]
pub(super) struct Words(Vec<Word>);

#[derive(Debug)]
struct Word {
    text: Text,
    place: Place,
}

#[derive(Debug)]
enum Text {
    Identifier(String),
    /// The content of a string, with its escapes.
    String(String),
    Number(u128),
}

impl Words {
    /// Reads all sources below some directories of a workspace.
    pub(super) fn read<'a>(workspace: &Path, dirs: impl IntoIterator<Item = &'a Path>) -> Words {
        let mut words = Words::default();
        for dir in dirs {
            words.read_dir(workspace, dir);
        }
        words
    }

    /// The words of one source.
    #[cfg(test)]
    pub(super) fn of(source: &str) -> Words {
        let mut words = Words::default();
        words.add(
            TokenStream::from_str(source).expect("tokens"),
            Path::new("a.rs"),
        );
        words
    }

    fn read_dir(&mut self, workspace: &Path, dir: &Path) {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let is_cache = || path.join("CACHEDIR.TAG").is_file();
            let is_package = || path.join("Cargo.toml").is_file();
            if path.is_dir() && !path.is_symlink() && !is_cache() && !is_package() {
                self.read_dir(workspace, &path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                self.read_file(workspace, &path);
            }
        }
    }

    /// Reads a source file. Skips one that is not Rust.
    fn read_file(&mut self, workspace: &Path, path: &Path) {
        let text = fs::read_to_string(path).unwrap_or_default();
        let tokens = TokenStream::from_str(&text).unwrap_or_default();
        self.add(tokens, path.strip_prefix(workspace).unwrap_or(path));
    }

    fn add(&mut self, tokens: TokenStream, file: &Path) {
        for token in tokens {
            let text = match &token {
                TokenTree::Group(group) => {
                    self.add(group.stream(), file);
                    continue;
                }
                TokenTree::Ident(name) => Text::Identifier(name.to_string()),
                TokenTree::Literal(literal) => match parse(&literal.to_string()) {
                    Some(text) => text,
                    None => continue,
                },
                TokenTree::Punct(_) => continue,
            };
            let (file, line) = (file.to_owned(), token.span().start().line);
            let place = Place { file, line };
            self.0.push(Word { text, place });
        }
    }

    /// Whether some string contains a text.
    pub(super) fn contain(&self, text: &str) -> bool {
        let has = |word: &Word| matches!(&word.text, Text::String(string) if string.contains(text));
        self.0.iter().any(has)
    }

    /// Whether a resource has the same name in each run: the sources contain the name, or a format string
    /// whose holes are filled by something that cannot be random.
    pub(super) fn determine(&self, resource: &Resource) -> bool {
        if self
            .0
            .iter()
            .any(|word| word.text.names(resource).is_some())
        {
            return true;
        }
        let is_path = matches!(resource.kind, Kind::File | Kind::UnixSocket);
        let file = resource.name.rsplit('/').next().filter(|_| is_path);
        let is_fixed = |hole: &str| hole.len() <= LONGEST_FIXED || self.has(hole);
        file.is_some_and(|file| {
            let fills = |word: &Word| match &word.text {
                Text::String(format) => {
                    holes(format, file).is_some_and(|holes| holes.into_iter().all(is_fixed))
                }
                _ => false,
            };
            self.0.iter().any(fills)
        })
    }

    /// Whether some string or number equals a text.
    fn has(&self, text: &str) -> bool {
        let is = |word: &Word| match &word.text {
            Text::String(string) => string == text,
            Text::Number(number) => number.to_string() == text,
            Text::Identifier(_) => false,
        };
        self.0.iter().any(is)
    }

    /// Where a resource is named, best first. `is_near` prefers some files.
    pub(super) fn places(
        &self,
        resource: &Resource,
        is_near: impl Fn(&Path) -> bool,
    ) -> Vec<Place> {
        let quality = |word: &Word| {
            let quality = word.text.names(resource)?;
            Some((quality, is_near(&word.place.file)))
        };
        let mut found: Vec<_> = self
            .0
            .iter()
            .filter_map(|word| Some((quality(word)?, &word.place)))
            .collect();
        let Some(best) = found.iter().map(|((quality, _), _)| *quality).max() else {
            return Vec::new();
        };
        found.retain(|((quality, _), _)| *quality == best);
        found.sort_by_key(|((_, near), place)| (!near, *place));
        found.dedup();
        found
            .into_iter()
            .take(MOST)
            .map(|(_, place)| place.clone())
            .collect()
    }
}

impl Text {
    /// How well it names a resource.
    fn names(&self, resource: &Resource) -> Option<usize> {
        let name = &*resource.name;
        match (resource.kind, self) {
            (Kind::TcpPort | Kind::UdpPort, Text::Number(number)) => {
                (number.to_string() == name).then_some(2)
            }
            (Kind::TcpPort | Kind::UdpPort, Text::String(text)) => {
                let is_port =
                    |end: &str| end.split(|c: char| !c.is_ascii_digit()).next() == Some(name);
                (text == name || text.split(':').skip(1).any(is_port)).then_some(2)
            }
            (Kind::SharedMemory | Kind::Semaphore | Kind::MessageQueue, Text::Number(number)) => {
                (format!("{number:#x}") == name).then_some(2)
            }
            (
                Kind::Variable
                | Kind::AbstractSocket
                | Kind::SharedMemory
                | Kind::Semaphore
                | Kind::MessageQueue,
                Text::String(text),
            ) => {
                let text = text.trim_end_matches("\\0");
                (text == name || format!("/{text}") == name).then_some(2)
            }
            (Kind::File | Kind::Directory | Kind::UnixSocket, Text::String(text)) => {
                in_path(text, name)
            }
            (Kind::WorkingDirectory, Text::Identifier(text)) => {
                (text == "set_current_dir").then_some(1)
            }
            (Kind::Umask, Text::Identifier(text)) => (text == "umask").then_some(1),
            (Kind::Signal, Text::Identifier(text)) => (text == name).then_some(1),
            _ => None,
        }
    }
}

/// The parts of a file name that fill the holes of a format string: `44` if `shop-{number}.csv` becomes
/// `shop-44.csv`.
fn holes<'n>(format: &str, file: &'n str) -> Option<Vec<&'n str>> {
    let format = format.rsplit('/').next()?;
    let (start, mut rest) = format.split_once('{')?;
    if start.is_empty() {
        return None;
    }
    let mut file = file.strip_prefix(start)?;
    let mut holes = Vec::new();
    loop {
        let (_, after) = rest.split_once('}')?;
        let Some((literal, next)) = after.split_once('{') else {
            holes.push(file.strip_suffix(after)?);
            return Some(holes);
        };
        let (hole, behind) = file.split_once(literal)?;
        holes.push(hole);
        (file, rest) = (behind, next);
    }
}

/// The number of bytes of a path that a text contains, if it contains at least the file name.
fn in_path(text: &str, path: &str) -> Option<usize> {
    let file = path.rsplit('/').next().filter(|file| !file.is_empty())?;
    // A format string ends like the path: `{}/shop.db`.
    let tail = text
        .rsplit(['}', ' ', '>'])
        .next()
        .unwrap_or(text)
        .trim_start_matches(['/', '.']);
    let ends = tail.ends_with(file) && path.ends_with(tail);
    if ends {
        return Some(tail.len());
    }
    // A script contains the path, or the end of it.
    let is_break = |c: char| c.is_whitespace() || "'\";,()<>|&=".contains(c);
    let mut words = text.split(is_break);
    let is_end = |word: &str| word == file || word.contains('/') && path.ends_with(word);
    words.any(is_end).then_some(file.len())
}

/// Reads a literal.
fn parse(literal: &str) -> Option<Text> {
    if let Some((start, rest)) = literal.split_once('"') {
        let (text, _) = rest.rsplit_once('"')?;
        return start
            .chars()
            .all(|c| "rbc#".contains(c))
            .then(|| Text::String(text.to_owned()));
    }
    let digits: String = literal.chars().filter(|c| *c != '_').collect();
    let (digits, radix) = match digits.get(..2) {
        Some("0x") => (&digits[2..], 16),
        Some("0o") => (&digits[2..], 8),
        Some("0b") => (&digits[2..], 2),
        _ => (&*digits, 10),
    };
    // Without the type: `8080u16`.
    let end = digits.find(['u', 'i']).unwrap_or(digits.len());
    u128::from_str_radix(&digits[..end], radix)
        .ok()
        .map(Text::Number)
}

#[cfg(test)]
mod tests {
    use super::{Words, holes};
    use crate::findings::{Kind, Resource};

    /// The lines of a source that name a resource.
    fn lines(source: &str, kind: Kind, name: &str) -> Vec<usize> {
        let words = Words::of(source);
        let name = name.to_owned();
        let places = words.places(&Resource { kind, name }, |_| true);
        places.iter().map(|place| place.line).collect()
    }

    #[test]
    fn paths_are_found_by_their_ends() {
        let source = "f(\"b\");\nf(\"a/b\");\nformat!(\"{}/b\");\nsh(\"echo > b\");";
        assert_eq!(lines(source, Kind::File, "/tmp/a/b"), [2]);
        assert_eq!(lines(source, Kind::File, "/tmp/c/b"), [1, 3, 4]);
        assert!(lines(source, Kind::File, "/tmp/c").is_empty());
        assert_eq!(lines("sh(\"cat b; ls\")", Kind::File, "/b"), [1]);
    }

    #[test]
    fn a_format_string_has_holes() {
        assert_eq!(holes("{dir}/a-{n}.csv", "a-44.csv"), Some(vec!["44"]));
        assert_eq!(holes("a-{}-{}", "a-1-x"), Some(vec!["1", "x"]));
        assert_eq!(holes("a-{}", "b-1"), None);
        assert_eq!(holes("{}.csv", "1.csv"), None);
        assert_eq!(holes("a", "a"), None);
    }

    #[test]
    fn ports_are_found_as_numbers_and_in_addresses() {
        let source =
            "bind(8_080u16);\nbind(\"[::1]:8080\");\nget(\"http://localhost:8080/x\");\nf(80);";
        assert_eq!(lines(source, Kind::TcpPort, "8080"), [1, 2, 3]);
    }

    #[test]
    fn other_names_are_found_as_they_are() {
        assert_eq!(lines("set(\"A\", \"AB\")", Kind::Variable, "A"), [1]);
        assert!(lines("set(\"AB\")", Kind::Variable, "A").is_empty());
        assert_eq!(lines("shmget(0xFF, 1)", Kind::SharedMemory, "0xff"), [1]);
        assert_eq!(
            lines("open(c\"/q\");\nopen(\"q\")", Kind::MessageQueue, "/q"),
            [1, 2]
        );
        assert_eq!(lines("signal(SIGUSR1)", Kind::Signal, "SIGUSR1"), [1]);
        assert_eq!(
            lines(
                "\nenv::set_current_dir(d)",
                Kind::WorkingDirectory,
                "working directory"
            ),
            [2]
        );
    }
}
