//! Builds `tools/stamp.c`, which also runs on tills that have no libraries.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=tools/stamp.c");
    let stamp = PathBuf::from(env::var_os("OUT_DIR").unwrap()).join("stamp");
    let built = Command::new(env::var_os("CC").unwrap_or_else(|| "cc".into()))
        .args(["-static", "-O1", "-o"])
        .arg(&stamp)
        .arg("tools/stamp.c")
        .status();
    if built.is_ok_and(|status| status.success()) {
        println!("cargo::rustc-env=LEDGER_STAMP={}", stamp.display());
    } else {
        println!("cargo::warning=`stamp` is not built: this needs a C compiler and a static libc");
    }
}
