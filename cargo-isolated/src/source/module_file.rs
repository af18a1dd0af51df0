//! Where the file of `mod name;` is, by the rules of the compiler.

use std::path::{Path, PathBuf};

use super::items::{FileModule, Module};

/// Where the files of a module's own modules are.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    path: PathBuf,
    /// The name of the file without `.rs`, if modules are in a directory of that name.
    below: Option<String>,
}

impl Directory {
    /// For the root file of a target, `mod.rs`, and files that `#[path]` names.
    pub(super) fn beside(file: &Path) -> Directory {
        let path = file.parent().unwrap_or(Path::new("")).to_owned();
        Directory { path, below: None }
    }

    /// For an inline module.
    pub(super) fn of_inline(&self, module: &Module) -> Directory {
        let mut path = self.path.clone();
        if let Some(named) = module.head.paths().next() {
            path.push(named);
        } else {
            path.extend(&self.below);
            path.push(&module.name);
        }
        Directory { path, below: None }
    }

    /// The files that may hold a module and exist, each with the directory for its own modules.
    pub(super) fn files_of(&self, module: &FileModule) -> Vec<(PathBuf, Directory)> {
        let named = module.head.paths().map(|named| {
            let file = self.path.join(named);
            let directory = Directory::beside(&file);
            (file, directory)
        });
        let name = &module.name;
        let mut usual = self.path.clone();
        usual.extend(&self.below);
        let flat = usual.join(format!("{name}.rs"));
        let nested = usual.join(name).join("mod.rs");
        let of_nested = Directory::beside(&nested);
        let of_flat = Directory {
            path: usual,
            below: Some(name.clone()),
        };
        let usual = [(flat, of_flat), (nested, of_nested)];
        let all = named.chain(usual);
        // Without a condition, `#[path]` is the only file; with one, it is one of two.
        let is_plain = |module: &FileModule| {
            let mut attributes = module.head.attributes.iter();
            attributes.any(|attribute| attribute.is("path"))
        };
        let count = if is_plain(module) { 1 } else { usize::MAX };
        all.take(count).filter(|(file, _)| file.is_file()).collect()
    }
}
