//! Lists the public items of a crate, one a line, from what rustdoc writes about the crate as JSON.

use std::env;
use std::error::Error;

use public_api::Builder;

/// Auto traits that programs cannot name, so nothing can depend on them. Compilers add and remove some.
const INTERNAL: [&str; 2] = ["core::marker::Freeze", "core::marker::UnsafeUnpin"];

fn main() -> Result<(), Box<dyn Error>> {
    let json = env::args_os()
        .nth(1)
        .ok_or("expected a JSON file of rustdoc")?;
    // Blanket impls such as `impl<T> Into<T>` are those of the standard library.
    let api = Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .build()?;
    for item in api.items().map(ToString::to_string) {
        if !INTERNAL.iter().any(|name| item.contains(name)) {
            println!("{item}");
        }
    }
    Ok(())
}
