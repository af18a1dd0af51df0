//! Routes to places.

use std::fs;
use std::io;
use std::path::Path;

/// The direction to a place, from a file with lines such as `bank,north`.
pub fn direction(routes: &Path, place: &str) -> io::Result<Option<String>> {
    Ok(fs::read_to_string(routes)?
        .lines()
        .filter_map(|line| line.split_once(','))
        .find(|(name, _)| *name == place)
        .map(|(_, direction)| direction.to_owned()))
}
