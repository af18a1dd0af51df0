//! The configuration of the program: environment variables first, then `shop.conf` in the working
//! directory.

use std::io::ErrorKind;
use std::{env, fs, io};

/// The value of a setting such as `tax`, from the variable `SHOP_TAX` or from a line of the file.
pub(crate) fn setting(name: &str) -> io::Result<Option<String>> {
    let variable = format!("SHOP_{}", name.to_uppercase());
    if let Ok(value) = env::var(variable) {
        return Ok(Some(value));
    }
    let file = match fs::read_to_string("shop.conf") {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let value = file
        .lines()
        .filter_map(|line| line.split_once('='))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim().to_owned());
    Ok(value)
}
