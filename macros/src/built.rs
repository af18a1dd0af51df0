//! The Cargo options that build a test again, derived from the compiler's invocation.
//!
//! At run time, a test cannot find out to which target of the package it belongs and which features
//! are enabled. The macro runs inside the compiler, whose command line and environment variables
//! contain both.

use std::env;
use std::path::Path;

/// The options of `cargo test` that build and run only this target, such as `-p shop --test pays`.
///
/// `None` if Cargo did not start the build, or if something other than a compiler expands the
/// macro.
pub(crate) fn options() -> Option<String> {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    options_of(&env::args().collect::<Vec<_>>(), &variable)
}

pub(crate) fn options_of(
    arguments: &[String],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    let package = variable("CARGO_PKG_NAME")?;
    if let Some(line) = variable("UNSTABLE_RUSTDOC_TEST_LINE") {
        // A doctest is identified by the line on which its text begins.
        return Some(format!("-p {package} --doc -- '(line {line})'"));
    }
    let command_line = CommandLine { arguments };
    let mut options = format!("-p {package} {}", command_line.target(variable)?);
    let enabled = command_line.features();
    let declares_default = command_line
        .values("--check-cfg")
        .any(|cfg| cfg.contains("\"default\""));
    if declares_default && !enabled.contains(&"default") {
        options.push_str(" --no-default-features");
    }
    let others: Vec<&str> = enabled
        .into_iter()
        .filter(|feature| *feature != "default")
        .collect();
    if !others.is_empty() {
        options.push_str(" --features ");
        options.push_str(&others.join(","));
    }
    match command_line.profile() {
        None | Some("debug") => {}
        Some("release") => options.push_str(" --release"),
        Some(profile) => {
            options.push_str(" --profile ");
            options.push_str(profile);
        }
    }
    if let Some(triple) = command_line.values("--target").next() {
        options.push_str(" --target ");
        options.push_str(triple);
    }
    Some(options)
}

/// The command line of the compiler.
struct CommandLine<'a> {
    arguments: &'a [String],
}

impl<'a> CommandLine<'a> {
    /// The values of an option: `--cfg value` or `--cfg=value`.
    fn values(&self, option: &'a str) -> impl Iterator<Item = &'a str> {
        let pairs = self.arguments.iter().zip(self.arguments.iter().skip(1));
        let apart = pairs.filter_map(move |(name, value)| (name == option).then_some(&**value));
        let joined = self.arguments.iter().filter_map(move |argument| {
            let value = argument.strip_prefix(option)?;
            value.strip_prefix('=')
        });
        apart.chain(joined)
    }

    fn features(&self) -> Vec<&'a str> {
        let value = |cfg: &'a str| {
            let quoted = cfg.strip_prefix("feature=\"")?;
            quoted.strip_suffix('"')
        };
        self.values("--cfg").filter_map(value).collect()
    }

    /// The option that selects the target.
    fn target(&self, variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        let krate = self.values("--crate-name").next()?;
        let mut paths = self.arguments.iter().skip(1).map(Path::new);
        let root = paths.find(|path| path.extension().is_some_and(|end| end == "rs"))?;
        let is_in = |folder: &str| root.components().any(|part| part.as_os_str() == folder);
        let is_example = self.folder().is_some_and(|folder| folder == "examples");
        let option = match variable("CARGO_BIN_NAME") {
            Some(name) if is_example => format!("--example {name}"),
            Some(name) => format!("--bin {name}"),
            None if variable("CARGO_TARGET_TMPDIR").is_none() => "--lib".to_owned(),
            None if is_in("benches") => format!("--bench {}", name_of(root, krate)),
            None => format!("--test {}", name_of(root, krate)),
        };
        Some(option)
    }

    /// The name of the output directory: `deps` or `examples`.
    fn folder(&self) -> Option<&'a str> {
        Path::new(self.values("--out-dir").next()?)
            .file_name()?
            .to_str()
    }

    /// The name of the profile's directory, which contains the output directory.
    fn profile(&self) -> Option<&'a str> {
        let output = Path::new(self.values("--out-dir").next()?);
        let mut folders = output.iter().rev().filter_map(|folder| folder.to_str());
        let _inner = folders.find(|folder| ["deps", "examples", "build"].contains(folder))?;
        folders.next()
    }
}

/// The name of a target, derived from the path of its root file. It may contain `-` where the name
/// of the crate contains `_`.
fn name_of(root: &Path, krate: &str) -> String {
    let words = [Some(root), root.parent()].map(|path| path?.file_stem()?.to_str());
    let mut names = words.into_iter().flatten();
    let name = names.find(|name| name.replace('-', "_") == krate);
    name.unwrap_or(krate).to_owned()
}
