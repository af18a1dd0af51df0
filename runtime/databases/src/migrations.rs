//! Migrations in files: which ones there are, and in which order.

use std::collections::HashMap;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::content::Content;

/// One file with SQL.
#[derive(Debug)]
pub struct File {
    /// The path for people.
    pub shown: PathBuf,
    /// The content.
    pub sql: String,
    /// Whether all of it runs in one transaction, as tools for migrations do it.
    pub is_transaction: bool,
}

impl File {
    /// The input that distinguishes two templates.
    fn content(&self) -> [&str; 2] {
        [if self.is_transaction { "t" } else { "" }, &self.sql]
    }
}

/// Reads files and directories below the package of the test, in order, and begins the key of their
/// content. A process reads each of them once.
///
/// # Errors
///
/// Fails if one cannot be read, or if a directory has no migrations.
pub fn read(paths: &[PathBuf]) -> Result<(Arc<Vec<File>>, Content), String> {
    type Known = HashMap<(PathBuf, Vec<PathBuf>), (Arc<Vec<File>>, Content)>;
    static KNOWN: Mutex<Option<Known>> = Mutex::new(None);

    let root = match env::var_os("CARGO_MANIFEST_DIR") {
        Some(root) => root.into(),
        None => {
            env::current_dir().map_err(|error| format!("failed to find the package: {error}"))?
        }
    };
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    let place = (root, paths.to_owned());
    if let Some((files, content)) = known.get(&place) {
        return Ok((files.clone(), content.clone()));
    }
    let (mut all, mut content) = (Vec::new(), Content::new());
    for path in paths {
        all.extend(read_one(&place.0, path)?);
    }
    for file in &all {
        for part in file.content() {
            content.add(part);
        }
    }
    let all = Arc::new(all);
    known.insert(place, (all.clone(), content.clone()));
    Ok((all, content))
}

/// Reads the files of a directory, in order, or one file.
fn read_one(root: &Path, path: &Path) -> Result<Vec<File>, String> {
    let full = root.join(path);
    let unreadable = |path: &Path, error: &io::Error| {
        format!(
            "failed to read migrations from `{}`: {error}",
            path.display()
        )
    };
    let metadata = fs::metadata(&full).map_err(|error| unreadable(&full, &error))?;
    let paths = if metadata.is_dir() {
        list(&full).map_err(|error| unreadable(&full, &error))?
    } else {
        vec![full.clone()]
    };
    if paths.is_empty() {
        return Err(format!(
            "found no migrations in `{}`; expected files `*.sql` or directories with `up.sql`, or write \
             `empty()` instead",
            full.display()
        ));
    }
    let read = |path: PathBuf| {
        let sql = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
        let shown = path.strip_prefix(root).map(Path::to_owned);
        Ok(File {
            is_transaction: !opts_out(&path, &sql),
            shown: shown.unwrap_or(path),
            sql,
        })
    };
    paths.into_iter().map(read).collect()
}

/// The files that make up a directory of migrations, in the order of the tool that made it.
///
/// sqlx has `20240101_name.sql`, or `….up.sql` beside `….down.sql`; diesel has a directory for each
/// with `up.sql`; refinery has `V1__name.sql`. sqlx and refinery order by the number.
fn list(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(OsStr::to_str) else {
            continue;
        };
        let name = name.to_owned();
        if path.is_dir() {
            let up = path.join("up.sql");
            if up.is_file() {
                found.push((name, up));
            }
        } else if path.extension() == Some(OsStr::new("sql"))
            && !name.ends_with(".down.sql")
            && !name.starts_with('.')
        {
            found.push((name, path));
        }
    }
    let has_numbers = found.iter().all(|(name, _)| number(name).is_some());
    let by = |name: &str| number(name).filter(|_| has_numbers);
    found.sort_by(|(one, _), (other, _)| (by(one), one).cmp(&(by(other), other)));
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// The number with which a name begins, perhaps after the letter of refinery.
fn number(name: &str) -> Option<u128> {
    let is_of_refinery = name.starts_with(['V', 'U']) && name.contains("__");
    let name = if is_of_refinery { &name[1..] } else { name };
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    name[..digits].parse().ok()
}

/// Whether a file asks for no transaction, in the words of sqlx or diesel.
fn opts_out(path: &Path, sql: &str) -> bool {
    let metadata = || fs::read_to_string(path.with_file_name("metadata.toml"));
    let words = |text: &str| text.split_whitespace().collect::<String>();
    sql.starts_with("-- no-transaction")
        || path.file_name() == Some(OsStr::new("up.sql"))
            && metadata().is_ok_and(|text| words(&text).contains("run_in_transaction=false"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use isolated_test::{TmpDir, isolated};

    use super::{number, read_one};

    fn write(dir: &TmpDir, files: &[&str]) {
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, *file).unwrap();
        }
    }

    fn names(dir: &TmpDir) -> Vec<PathBuf> {
        let files = read_one(dir.path(), Path::new("m")).unwrap();
        let shown = files.into_iter().map(|file| file.shown);
        shown
            .map(|path| path.strip_prefix("m").unwrap().to_owned())
            .collect()
    }

    #[isolated(tmpdir)]
    #[test]
    fn plain_files_are_ordered_by_name(tmpdir: &TmpDir) {
        write(
            tmpdir,
            &[
                "m/b.sql",
                "m/a.sql",
                "m/10.sql",
                "m/README.md",
                "m/.x.sql",
                "m/sub/c.sql",
            ],
        );
        assert_eq!(
            names(tmpdir),
            ["10.sql", "a.sql", "b.sql"].map(PathBuf::from)
        );
    }

    #[isolated(tmpdir)]
    #[test]
    fn those_of_sqlx_are_ordered_by_number_and_go_up(tmpdir: &TmpDir) {
        write(
            tmpdir,
            &[
                "m/10_c.up.sql",
                "m/10_c.down.sql",
                "m/2_b.sql",
                "m/0001_a.sql",
            ],
        );
        assert_eq!(
            names(tmpdir),
            ["0001_a.sql", "2_b.sql", "10_c.up.sql"].map(PathBuf::from)
        );
    }

    #[isolated(tmpdir)]
    #[test]
    fn those_of_diesel_are_directories(tmpdir: &TmpDir) {
        write(
            tmpdir,
            &[
                "m/2024-02-01-000000_b/up.sql",
                "m/2024-02-01-000000_b/down.sql",
                "m/2024-01-01-000000_a/up.sql",
                "m/00000000000000_diesel_initial_setup/up.sql",
            ],
        );
        let dirs = [
            "00000000000000_diesel_initial_setup",
            "2024-01-01-000000_a",
            "2024-02-01-000000_b",
        ];
        assert_eq!(names(tmpdir), dirs.map(|dir| Path::new(dir).join("up.sql")));
    }

    #[isolated(tmpdir)]
    #[test]
    fn those_of_refinery_are_ordered_by_version(tmpdir: &TmpDir) {
        write(tmpdir, &["m/V10__c.sql", "m/V9__b.sql", "m/V1__a.sql"]);
        assert_eq!(
            names(tmpdir),
            ["V1__a.sql", "V9__b.sql", "V10__c.sql"].map(PathBuf::from)
        );
        assert_eq!(number("Various.sql"), None);
    }

    #[isolated(tmpdir)]
    #[test]
    fn a_directory_without_migrations_is_refused(tmpdir: &TmpDir) {
        write(tmpdir, &["m/notes.txt"]);
        let error = read_one(tmpdir.path(), Path::new("m")).unwrap_err();
        let expected = format!(
            "found no migrations in `{}/m`; expected files",
            tmpdir.path().display()
        );
        assert!(error.starts_with(&expected), "{error}");
        let error = read_one(tmpdir.path(), Path::new("n")).unwrap_err();
        assert!(error.contains("/n`: No such file"), "{error}");
    }

    #[isolated(tmpdir)]
    #[test]
    fn a_file_may_opt_out_of_its_transaction(tmpdir: &TmpDir) {
        let write = |file: &str, text: &str| {
            let path = tmpdir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("m/1/up.sql", "SELECT 1");
        write("m/1/metadata.toml", "run_in_transaction = false\n");
        write("m/2.sql", "-- no-transaction\nSELECT 1");
        write("m/3.sql", "SELECT 1");
        let files = read_one(tmpdir.path(), Path::new("m")).unwrap();
        let transactions: Vec<_> = files.iter().map(|file| file.is_transaction).collect();
        assert_eq!(transactions, [false, false, true]);
    }
}
