//! Compiles the library in `shim/`, which the processes of a test load before all others.
//!
//! If it cannot be compiled, as where the target has no linker, the crate contains the reason instead:
//! `cargo check` needs no linker, and a test with a clock then fails with that reason.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=shim");
    println!("cargo::rerun-if-changed=src/page.rs");
    let out = env::var_os("OUT_DIR").expect("Cargo sets `OUT_DIR`");
    let library = Path::new(&out).join("clock.so");
    let text = match compile(&library) {
        Ok(()) => "Ok(include_bytes!(concat!(env!(\"OUT_DIR\"), \"/clock.so\")))".to_owned(),
        Err(reason) => format!("Err({reason:?})"),
    };
    fs::write(Path::new(&out).join("library.rs"), text).expect("failed to write into `OUT_DIR`");
}

fn compile(library: &Path) -> Result<(), String> {
    let variable = |name| env::var(name).unwrap_or_default();
    let is_supported = variable("CARGO_CFG_TARGET_OS") == "linux"
        && variable("CARGO_CFG_TARGET_ENV") == "gnu"
        && variable("CARGO_CFG_TARGET_POINTER_WIDTH") == "64";
    if !is_supported {
        return Err("only 64-bit Linux with glibc can set it".to_owned());
    }
    let mut rustc = Command::new(variable("RUSTC"));
    rustc
        .args([
            "--edition=2024",
            "--crate-type=cdylib",
            "--crate-name=clock",
        ])
        .args(["--target", &variable("TARGET")])
        .args([
            "-Cpanic=abort",
            "-Copt-level=3",
            "-Ccodegen-units=1",
            "-Cstrip=symbols",
        ])
        // The symbols of the C library are found in the process, whatever its version.
        .arg("-Clink-arg=-nostdlib");
    // Until glibc 2.34, `dlsym` was in a library of its own.
    rustc.args(["-Clink-arg=-Wl,--as-needed", "-Clink-arg=-ldl"]);
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        rustc.arg(format!("-Clinker={linker}"));
    }
    rustc.arg("-o").arg(library).arg("shim/lib.rs");
    let ended = rustc
        .output()
        .map_err(|error| format!("rustc could not be started: {error}"))?;
    if ended.status.success() {
        return Ok(());
    }
    let errors = String::from_utf8_lossy(&ended.stderr);
    Err(format!(
        "its library could not be compiled: {}",
        errors.trim()
    ))
}
