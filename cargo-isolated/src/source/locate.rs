//! Finds a test in the sources by the name that libtest prints.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::file::SourceFile;
use super::harness;
use super::items::Module;
use super::module_file::Directory;

/// The source files that were read.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    files: BTreeMap<PathBuf, Result<Rc<SourceFile>, String>>,
}

/// The root file of a target.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Root<'a> {
    pub(crate) file: &'a Path,
    /// Whether the target is only built for tests, with all dev-dependencies.
    pub(crate) is_for_tests: bool,
}

/// The place of a function.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Site {
    pub(crate) file: PathBuf,
    /// Leads to the inline module; see [`SourceFile::module`].
    pub(crate) modules: Vec<usize>,
    pub(crate) function: usize,
    /// Whether all of the file is only compiled for tests.
    pub(crate) is_in_tests: bool,
}

/// A test whose function was not found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lost {
    /// The file that should contain it, as far as its path leads.
    pub(crate) file: PathBuf,
    pub(crate) line: Option<usize>,
    pub(crate) reason: String,
    depth: usize,
}

/// A module on the way to a test.
#[derive(Clone)]
struct Step {
    file: Rc<SourceFile>,
    modules: Vec<usize>,
    directory: Directory,
    depth: usize,
    /// Whether the file is only compiled for tests.
    file_is_for_tests: bool,
    /// Whether this module is.
    is_for_tests: bool,
}

impl Step {
    fn module(&self) -> &Module {
        self.file.module(&self.modules)
    }
}

impl Sources {
    /// Reads a file once.
    pub(crate) fn read(&mut self, path: &Path) -> Result<Rc<SourceFile>, String> {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let read = || {
            let text = fs::read(&path).map_err(|error| format!("cannot be read: {error}"))?;
            let text = String::from_utf8(text).map_err(|_| "is not UTF-8".to_owned())?;
            let file = SourceFile::parse(path.clone(), text).map_err(|error| error.to_string())?;
            Ok(Rc::new(file))
        };
        self.files.entry(path.clone()).or_insert_with(read).clone()
    }

    fn root(&mut self, root: &Root<'_>) -> Result<Step, String> {
        let file = self.read(root.file)?;
        let is_for_tests = root.is_for_tests || file.root.head.is_for_tests();
        Ok(Step {
            file,
            modules: Vec::new(),
            // Modules are looked for beside the path that Cargo names, even if it is a symbolic link.
            directory: Directory::beside(root.file),
            depth: 0,
            file_is_for_tests: is_for_tests,
            is_for_tests,
        })
    }

    /// Finds the function of a test in the target with this root file. Functions of the same name
    /// for different platforms are all found.
    pub(crate) fn locate(&mut self, root: &Root<'_>, name: &str) -> Result<Vec<Site>, Lost> {
        let lost = |reason: String| Lost {
            file: root.file.to_owned(),
            line: None,
            reason,
            depth: 0,
        };
        if name.contains(" - ") {
            return Err(lost("it is an example in the documentation".to_owned()));
        }
        let step = self
            .root(root)
            .map_err(|error| lost(format!("the file {error}")))?;
        let mut nearest = lost(String::new());
        let words: Vec<_> = name
            .split("::")
            .map(|word| word.trim_start_matches("r#"))
            .collect();
        let sites = self.find(&step, &words, &mut nearest);
        if sites.is_empty() {
            Err(nearest)
        } else {
            Ok(sites)
        }
    }

    fn find(&mut self, step: &Step, words: &[&str], nearest: &mut Lost) -> Vec<Site> {
        let Some((word, rest)) = words.split_first() else {
            return Vec::new();
        };
        let mut sites = Vec::new();
        if !rest.is_empty() {
            for next in self.modules(step, Some(word), nearest) {
                sites.extend(self.find(&next, rest, nearest));
            }
        }
        let functions = step.module().functions.iter().enumerate();
        let mut add = |rule: &dyn Fn(&super::items::Function) -> bool| {
            let found = functions.clone().filter(|(_, function)| rule(function));
            sites.extend(found.map(|(index, _)| Site {
                file: step.file.path.clone(),
                modules: step.modules.clone(),
                function: index,
                is_in_tests: step.file_is_for_tests,
            }));
            sites.is_empty()
        };
        let is_named = |function: &super::items::Function| {
            let has_name = function.name == *word && harness::may_be_test(function);
            has_name && (rest.is_empty() || harness::has_cases(function))
        };
        if add(&|_| false) && add(&is_named) && rest.is_empty() {
            add(&|function| harness::makes(function, word));
        }
        if sites.is_empty() && (nearest.reason.is_empty() || nearest.depth < step.depth) {
            *nearest = not_in(step, word, rest.is_empty());
        }
        sites
    }

    /// The modules of a module, or those of a name.
    fn modules(&mut self, step: &Step, name: Option<&str>, nearest: &mut Lost) -> Vec<Step> {
        let is_wanted = |found: &str| name.is_none_or(|name| name == found);
        let module = step.module();
        let mut found = Vec::new();
        for (index, inner) in module.modules.iter().enumerate() {
            if is_wanted(&inner.name) {
                let mut next = step.clone();
                next.modules.push(index);
                next.directory = step.directory.of_inline(inner);
                next.depth += 1;
                next.is_for_tests |= inner.head.is_for_tests();
                found.push(next);
            }
        }
        for inner in module.files.iter().filter(|inner| is_wanted(&inner.name)) {
            for (path, directory) in step.directory.files_of(inner) {
                match self.read(&path) {
                    Ok(file) => {
                        let is_for_tests = step.is_for_tests
                            || inner.head.is_for_tests()
                            || file.root.head.is_for_tests();
                        found.push(Step {
                            file,
                            modules: Vec::new(),
                            directory,
                            depth: step.depth + 1,
                            file_is_for_tests: is_for_tests,
                            is_for_tests,
                        });
                    }
                    Err(error) => {
                        *nearest = Lost {
                            file: path,
                            line: None,
                            reason: format!("the file {error}"),
                            depth: step.depth + 1,
                        }
                    }
                }
            }
        }
        found
    }

    /// All files of the target with this root file, each with the path of its module.
    pub(crate) fn files_of_target(&mut self, root: &Root<'_>) -> Result<Vec<FileOfTarget>, String> {
        let mut files = Vec::new();
        let mut ahead = vec![(self.root(root)?, Vec::new())];
        let mut ignored = Lost {
            file: root.file.to_owned(),
            line: None,
            reason: String::new(),
            depth: 0,
        };
        while let Some((step, path)) = ahead.pop() {
            if step.modules.is_empty() {
                let is_known = |known: &FileOfTarget| Rc::ptr_eq(&known.file, &step.file);
                if files.iter().any(is_known) {
                    continue; // A file that is a module of itself would never end.
                }
                files.push(FileOfTarget {
                    file: step.file.clone(),
                    module: path.clone(),
                    is_for_tests: step.file_is_for_tests,
                });
            }
            let inner = step.module().modules.iter().map(|inner| &inner.name);
            let outer = step.module().files.iter().map(|file| &file.name);
            let mut names: Vec<_> = inner.chain(outer).cloned().collect();
            names.dedup();
            for name in names {
                for next in self.modules(&step, Some(&name), &mut ignored) {
                    let mut path = path.clone();
                    path.push(name.clone());
                    ahead.push((next, path));
                }
            }
        }
        Ok(files)
    }
}

/// A file of a target.
#[derive(Debug)]
pub(crate) struct FileOfTarget {
    pub(crate) file: Rc<SourceFile>,
    /// The path of its module.
    pub(crate) module: Vec<String>,
    /// Whether it is only compiled for tests.
    pub(crate) is_for_tests: bool,
}

/// The reason why a module does not contain a test.
fn not_in(step: &Step, word: &str, is_last: bool) -> Lost {
    let all = &step.module().macros;
    let mut calls: Vec<_> = all.iter().filter(|call| call.may_make_tests).collect();
    if calls.is_empty() {
        calls = all.iter().collect();
    }
    let reason = match calls.as_slice() {
        [] if is_last => format!("there is no function `{word}` here"),
        [] => format!("there is no module `{word}` here"),
        [call] => format!("`{}` seems to make it", call.name),
        [first, ..] => format!("`{}` or another macro seems to make it", first.name),
    };
    Lost {
        file: step.file.path.clone(),
        line: calls.first().map(|call| call.line),
        reason,
        depth: step.depth,
    }
}
