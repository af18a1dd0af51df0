//! Drops conflicts over a part of a resource if the whole resource is in conflict.

use std::collections::BTreeSet;
use std::path::Path;

use super::Shared;
use crate::findings::Kind;

/// The suffixes of the temporary files that `SQLite` keeps beside a database.
const BESIDE_A_DATABASE: [&str; 3] = ["-journal", "-shm", "-wal"];

/// Drops files and directories in a directory that the same tests share, and the temporary files of a
/// shared database.
pub(super) fn without_parts(shared: Vec<Shared>) -> Vec<Shared> {
    let is_part = |part: &Shared| {
        let is_path = |kind| matches!(kind, Kind::File | Kind::Directory);
        is_path(part.resource.kind)
            && shared.iter().any(|whole| {
                let tests: BTreeSet<_> = whole.tests().collect();
                let is_above = Path::new(&part.resource.name).starts_with(&whole.resource.name)
                    && part.resource.name != whole.resource.name;
                let is_same = part.resource.name == whole.resource.name
                    && (part.resource.kind, whole.resource.kind) == (Kind::File, Kind::Directory);
                let rest = part.resource.name.strip_prefix(&*whole.resource.name);
                let is_beside = rest.is_some_and(|rest| BESIDE_A_DATABASE.contains(&rest));
                is_path(whole.resource.kind)
                    && (is_above || is_same || is_beside)
                    && part.tests().all(|test| tests.contains(&test))
            })
    };
    let parts: Vec<_> = shared.iter().map(is_part).collect();
    let whole = shared
        .into_iter()
        .zip(parts)
        .filter(|(_, is_part)| !is_part);
    whole.map(|(shared, _)| shared).collect()
}
