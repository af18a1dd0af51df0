//! Ways to remove a conflict.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};

use super::conflicts::Shared;
use super::record::Record;
use crate::findings::Kind;

/// The ways to remove a conflict.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fix {
    /// An argument that needs no change of a body, and the tests that need it.
    pub(super) argument: Option<String>,
    pub(super) tests: Vec<usize>,
    /// A way that requires changing the bodies.
    pub(super) suggestion: Option<String>,
}

/// Variables that choose a directory, its usual path, and the argument that gives each test its own.
struct Redirection {
    variables: &'static [&'static str],
    dir: PathBuf,
    argument: &'static str,
}

/// The observations that decide how to fix a conflict.
pub(super) struct Fixes<'a> {
    records: &'a [&'a Record],
    /// The names of resources that any test changes.
    changed: BTreeSet<String>,
    redirections: [Redirection; 2],
    /// The workspace and the target directory, which no variable moves.
    of_cargo: [&'a Path; 2],
}

impl<'a> Fixes<'a> {
    pub(super) fn new(records: &'a [&'a Record], of_cargo: [&'a Path; 2]) -> Fixes<'a> {
        let logs = records.iter().flat_map(|record| record.log.iter());
        let changed = logs.filter(|(.., touches)| touches.iter().any(|touch| touch.is_change()));
        Fixes {
            records,
            changed: changed.map(|(_, name, _)| name.to_owned()).collect(),
            redirections: [
                Redirection {
                    variables: &["TMPDIR"],
                    dir: env::temp_dir(),
                    argument: "tmpdir, env(TMPDIR = tmpdir)",
                },
                Redirection {
                    variables: &["HOME"],
                    dir: env::var_os("HOME").map(PathBuf::from).unwrap_or_default(),
                    argument: "tmpdir, env(HOME = tmpdir)",
                },
            ],
            of_cargo,
        }
    }

    /// The fix of a conflict. `is_written_out` is true if the sources contain the whole path.
    pub(super) fn of(&self, shared: &Shared, is_written_out: bool) -> Fix {
        let name = &shared.resource.name;
        let at = |argument: &str, tests: Vec<usize>| Fix {
            argument: Some(argument.to_owned()),
            tests,
            suggestion: None,
        };
        let suggest = |text: String| Fix {
            suggestion: Some(text),
            ..Fix::default()
        };
        let suggest_port = || Some("`port`, if the program takes any number".to_owned());
        match shared.resource.kind {
            Kind::Variable | Kind::WorkingDirectory | Kind::Umask | Kind::Signal | Kind::Static => {
                at("process", shared.writers.iter().copied().collect())
            }
            Kind::TcpPort | Kind::UdpPort if self.leaves_a_server(shared) => Fix {
                suggestion: suggest_port(),
                ..at("network(or = \"serial\")", shared.tests().collect())
            },
            Kind::TcpPort if shared.readers.is_empty() => Fix {
                suggestion: suggest_port(),
                ..at(&format!("port(number = {name})"), shared.tests().collect())
            },
            Kind::TcpPort | Kind::UdpPort => Fix {
                suggestion: suggest_port(),
                ..Fix::default()
            },
            Kind::AbstractSocket => at("network(or = \"serial\")", shared.tests().collect()),
            Kind::File | Kind::Directory | Kind::UnixSocket => self.of_path(shared, is_written_out),
            Kind::SharedMemory | Kind::Semaphore | Kind::MessageQueue => {
                suggest("`namespace`, and a name that begins with it".to_owned())
            }
        }
    }

    /// Whether a test leaves a server behind, in a process or a thread, that listens for longer than the
    /// lock is held.
    fn leaves_a_server(&self, shared: &Shared) -> bool {
        let port = shared.resource.to_string();
        let tests = shared.tests().map(|test| &self.records[test]);
        let mut left = tests.flat_map(|record| &record.left_behind);
        left.any(|left| left.starts_with("process ") || *left == port)
    }

    fn of_path(&self, shared: &Shared, is_written_out: bool) -> Fix {
        let path = Path::new(&shared.resource.name);
        let tests = || shared.tests().collect::<Vec<_>>();
        let writers = || shared.writers.iter().copied().collect::<Vec<_>>();
        if writers().iter().all(|test| self.can_move(*test, path)) {
            return Fix {
                argument: Some("cwd".to_owned()),
                tests: writers(),
                suggestion: None,
            };
        }
        // This holds even if they are in the temporary or home directory.
        let is_of_cargo = self.of_cargo.iter().any(|dir| path.starts_with(dir));
        let redirections = self.redirections.iter().filter(|_| !is_of_cargo);
        for redirection in redirections {
            let reads = |test: usize| {
                let log = &self.records[test].log;
                let mut variables = redirection.variables.iter();
                variables.any(|name| log.touches(Kind::Variable, name).is_some())
            };
            let is_below = path.starts_with(&redirection.dir) && !is_written_out;
            if is_below && tests().into_iter().all(reads) {
                return Fix {
                    argument: Some(redirection.argument.to_owned()),
                    tests: tests(),
                    suggestion: None,
                };
            }
        }
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        Fix {
            suggestion: Some(format!("`tmpdir`, and the path `tmpdir.join(\"{file}\")`")),
            ..Fix::default()
        }
    }

    /// Whether a test would work in another directory: it finds the path through its working directory,
    /// and no other file that existed before.
    fn can_move(&self, test: usize, path: &Path) -> bool {
        let relative = &self.records[test].relative;
        let is_made = |path: &String| self.changed.contains(path) || !Path::new(path).exists();
        let finds = |below: &String| Path::new(below).starts_with(path);
        relative.iter().any(finds) && relative.iter().all(is_made)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::env;
    use std::path::Path;

    use super::{Fix, Fixes, Record, Shared};
    use crate::findings::{Kind, Resource, Touch};

    /// A test that touches these resources, and finds these paths through its working directory.
    fn record(touches: &[(Kind, &str, Touch)], relative: &[&str]) -> Record {
        Record {
            relative: relative.iter().map(|path| (*path).to_owned()).collect(),
            ..Record::touching(touches)
        }
    }

    /// The fix of a conflict between two tests, of which the second only reads.
    fn fix(kind: Kind, name: &str, tests: [&Record; 2], is_written_out: bool) -> Fix {
        let name = name.to_owned();
        let shared = Shared {
            resource: Resource { kind, name },
            binary: None,
            writers: BTreeSet::from([0]),
            readers: BTreeSet::from([1]),
        };
        let workspace = env::temp_dir().join("workspace");
        Fixes::new(&tests, [&workspace, Path::new("/target")]).of(&shared, is_written_out)
    }

    #[test]
    fn a_process_is_for_those_that_change_it() {
        let test = record(&[], &[]);
        let fix = fix(Kind::Variable, "A", [&test, &test], false);
        assert_eq!(
            (fix.argument.as_deref(), fix.tests),
            (Some("process"), vec![0])
        );
    }

    #[test]
    fn a_port_whose_server_is_left_behind_needs_a_network() {
        let left = |left: &str| {
            let mut test = record(&[], &[]);
            test.left_behind.push(left.to_owned());
            test
        };
        let argument = |test: &Record| {
            let shared = Shared {
                resource: Resource {
                    kind: Kind::TcpPort,
                    name: "7311".to_owned(),
                },
                binary: None,
                writers: BTreeSet::from([0]),
                readers: BTreeSet::new(),
            };
            Fixes::new(&[test], [Path::new("/w"), Path::new("/w/target")])
                .of(&shared, false)
                .argument
        };
        for harmless in ["file /tmp/a", "TCP port 7312", "UDP port 7311"] {
            let argument = argument(&left(harmless));
            assert_eq!(argument.as_deref(), Some("port(number = 7311)"));
        }
        for server in ["process serve 7311", "TCP port 7311"] {
            let argument = argument(&left(server));
            assert_eq!(argument.as_deref(), Some("network(or = \"serial\")"));
        }
    }

    #[test]
    fn a_working_directory_helps_those_that_find_only_their_own_files_by_it() {
        let writes = (Kind::File, "/new/a", Touch::Change);
        let own = record(&[writes], &["/new/a"]);
        let reads = record(&[], &["/new/a"]);
        let argument = |one: &Record| fix(Kind::File, "/new/a", [one, &reads], false).argument;
        assert_eq!(argument(&own).as_deref(), Some("cwd"));
        // `Cargo.toml` exists, and no test changes it.
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        assert_eq!(argument(&record(&[writes], &["/new/a", manifest])), None);
        assert_eq!(argument(&record(&[writes], &[])), None);
    }

    #[test]
    fn a_variable_moves_the_files_of_those_that_read_it() {
        let path = env::temp_dir().join("a");
        let path = path.to_str().expect("a path");
        let asks = record(&[(Kind::Variable, "TMPDIR", Touch::Use)], &[]);
        let argument =
            |one, is_written_out| fix(Kind::File, path, [one, &asks], is_written_out).argument;
        assert_eq!(
            argument(&asks, false).as_deref(),
            Some("tmpdir, env(TMPDIR = tmpdir)")
        );
        assert_eq!(argument(&asks, true), None);
        assert_eq!(argument(&record(&[], &[]), false), None);
    }

    #[test]
    fn no_variable_moves_the_workspace() {
        let path = env::temp_dir().join("workspace/target/tmp/a");
        let path = path.to_str().expect("a path");
        let asks = record(&[(Kind::Variable, "TMPDIR", Touch::Use)], &[]);
        assert_eq!(fix(Kind::File, path, [&asks, &asks], false).argument, None);
    }
}
