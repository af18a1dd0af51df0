//! The program of this process, to be run again.

#![cfg_attr(
    target_os = "linux",
    expect(
        unsafe_code,
        reason = "the standard library does not know by which name a program was started"
    )
)]

use std::ffi::{CString, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::OnceLock;

/// The file of the program of this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Itself {
    /// On Linux usually `/proc/self/exe`, the very file that is running, even if it has been
    /// replaced since.
    path: PathBuf,
    /// The file name for display, with `_` for each colon, because a colon ends it in the mark of a
    /// process.
    pub(super) name: String,
    /// Whether the program runs in an emulator such as valgrind and not directly on the kernel.
    pub(super) is_emulated: bool,
}

impl Itself {
    fn at(path: &Path, named: &Path, is_emulated: bool) -> Self {
        let name = named.file_name().unwrap_or_default();
        Itself {
            path: path.to_owned(),
            name: name.to_string_lossy().replace(':', "_"),
            is_emulated,
        }
    }

    /// The file to run.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Finds the program, once.
    pub(super) fn find() -> io::Result<&'static Self> {
        static ITSELF: OnceLock<Result<Itself, String>> = OnceLock::new();

        let found = ITSELF.get_or_init(|| find().map_err(|error| error.to_string()));
        found.as_ref().map_err(|error| {
            let reason = format!("the file of the test binary is not known: {error}");
            io::Error::new(io::ErrorKind::NotFound, reason)
        })
    }
}

#[cfg(not(target_os = "linux"))]
fn find() -> io::Result<Itself> {
    let named = std::env::current_exe()?;
    Ok(Itself::at(&named, &named, false))
}

#[cfg(target_os = "linux")]
fn find() -> io::Result<Itself> {
    let running = Path::new("/proc/self/exe");
    let named = std::env::current_exe()?;
    // The usual case: the program was started by the name of the file that the kernel runs.
    if is_same(&started_as(), running) == Some(true) {
        return Ok(Itself::at(running, &named, false));
    }
    match mapped_from(find as fn() -> io::Result<Itself> as usize) {
        // The kernel runs the loader, which loaded this program.
        Some(file) if file != named => {
            if !file.exists() {
                let reason = format!("`{}` is gone", file.display());
                return Err(io::Error::new(io::ErrorKind::NotFound, reason));
            }
            Ok(Itself::at(&file, &file, false))
        }
        // Valgrind and QEMU report the right name, but the kernel runs them.
        _ if is_same(&named, running) == Some(false) => Ok(Itself::at(&named, &named, true)),
        _ => Ok(Itself::at(running, &named, false)),
    }
}

/// The name by which this program was started, as the kernel or the loader has passed it.
#[cfg(target_os = "linux")]
fn started_as() -> PathBuf {
    use std::ffi::{CStr, OsStr};

    // SAFETY: the call takes a number only; it returns null or a string that stays valid.
    let name = unsafe {
        let name = libc::getauxval(libc::AT_EXECFN) as *const libc::c_char;
        if name.is_null() {
            return PathBuf::new();
        }
        CStr::from_ptr(name)
    };
    PathBuf::from(OsStr::from_bytes(name.to_bytes()))
}

/// Whether two paths lead to the same file; `None` if one of them leads to none.
#[cfg(target_os = "linux")]
fn is_same(one: &Path, other: &Path) -> Option<bool> {
    use std::os::unix::fs::MetadataExt;

    let [one, other] = [one, other].map(|path| std::fs::metadata(path).ok());
    let (one, other) = (one?, other?);
    Some((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

/// The file from which the code at an address was loaded.
#[cfg(target_os = "linux")]
fn mapped_from(address: usize) -> Option<PathBuf> {
    use std::ffi::OsStr;

    let maps = std::fs::read("/proc/self/maps").ok()?;
    maps.split(|byte| *byte == b'\n').find_map(|line| {
        let range = std::str::from_utf8(line.split(|byte| *byte == b' ').next()?).ok()?;
        let (start, end) = range.split_once('-')?;
        let start = usize::from_str_radix(start, 16).ok()?;
        let end = usize::from_str_radix(end, 16).ok()?;
        if !(start..end).contains(&address) {
            return None;
        }
        let path = line.iter().position(|byte| *byte == b'/')?;
        Some(PathBuf::from(OsStr::from_bytes(&line[path..])))
    })
}

/// A program in the form that `execve` takes.
pub(super) struct Program {
    pub(super) path: CString,
    pub(super) arguments: Strings,
    pub(super) variables: Strings,
}

impl Program {
    /// Prepares this program with arguments and environment variables.
    pub(super) fn new(
        itself: &Itself,
        arguments: impl IntoIterator<Item = String>,
        variables: &[(OsString, OsString)],
    ) -> io::Result<Self> {
        let arguments = arguments.into_iter().map(String::into_bytes);
        let variables = variables
            .iter()
            .map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat());
        Ok(Program {
            path: CString::new(itself.path.as_os_str().as_bytes())?,
            arguments: Strings::new(arguments)?,
            variables: Strings::new(variables)?,
        })
    }
}

/// Strings, and a null-terminated list of pointers to them.
pub(super) struct Strings {
    pub(super) pointers: Vec<*const libc::c_char>,
    _texts: Vec<CString>,
}

impl Strings {
    fn new(texts: impl Iterator<Item = Vec<u8>>) -> io::Result<Self> {
        let texts = texts.map(CString::new).collect::<Result<Vec<_>, _>>();
        let texts = texts.map_err(|_| {
            let reason = "an argument or a variable contains a null byte";
            io::Error::new(io::ErrorKind::InvalidInput, reason)
        })?;
        let pointers = texts.iter().map(|text| text.as_ptr());
        Ok(Strings {
            pointers: pointers.chain([ptr::null()]).collect(),
            _texts: texts,
        })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{Itself, find, is_same, mapped_from};
    use std::path::Path;

    #[test]
    fn the_program_is_the_file_that_runs() {
        let itself = Itself::find().unwrap();
        assert_eq!(itself.path, Path::new("/proc/self/exe"));
        assert!(!itself.is_emulated);
    }

    #[test]
    fn the_name_of_the_program_is_that_of_its_file_without_colons() {
        let file = Path::new("deps/a:b");
        assert_eq!(Itself::at(file, file, false).name, "a_b");
    }

    #[test]
    fn the_code_of_this_program_is_in_its_file() {
        let here = find as fn() -> std::io::Result<Itself> as usize;
        let file = mapped_from(here).unwrap();
        assert_eq!(is_same(&file, Path::new("/proc/self/exe")), Some(true));
        assert_eq!(mapped_from(0), None);
    }
}
