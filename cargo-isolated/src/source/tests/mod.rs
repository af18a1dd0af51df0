//! Finding tests in small trees of files.

mod locate;
mod modules;

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::locate::{Lost, Root, Site, Sources};

/// A directory with these files.
fn tree(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
    dir
}

/// `file:line` of each place where another attribute of the test would begin.
fn found(dir: &Path, root: &str, name: &str) -> Result<Vec<String>, Lost> {
    let mut sources = Sources::default();
    let file = dir.join(root);
    let root = Root {
        file: &file,
        is_for_tests: true,
    };
    let sites = sources.locate(&root, name)?;
    let shown = |site: &Site| {
        let file = sources.read(&site.file).expect("it was read");
        let function = &file.module(&site.modules).functions[site.function];
        let dir = dir.canonicalize().expect("the directory");
        let path = site
            .file
            .strip_prefix(dir)
            .expect("a path in the directory");
        let path = path.to_str().expect("UTF-8").replace('\\', "/");
        format!("{path}:{}", file.line(function.head.begin))
    };
    Ok(sites.iter().map(shown).collect())
}
