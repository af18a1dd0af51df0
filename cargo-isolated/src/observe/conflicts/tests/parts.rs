//! Parts of a larger conflict.

use super::{conflicts, files, record};
use crate::findings::Kind;
use crate::findings::Touch::{Change, Remove};

#[test]
fn files_in_a_shared_directory_are_not_repeated() {
    let test = || {
        let file = (Kind::File, "/d/a", Change);
        record(
            &[
                (Kind::File, "/d", Remove),
                (Kind::Directory, "/d", Remove),
                file,
            ],
            &[],
        )
    };
    assert_eq!(conflicts(&[test(), test()]), ["/d {0, 1} {}"]);
}

#[test]
fn the_journal_of_a_shared_database_is_not_repeated() {
    let both: &[_] = &[("/a.db", Change), ("/a.db-journal", Change)];
    assert_eq!(files(&[both, both]), ["/a.db {0, 1} {}"]);
    let journal: &[_] = &[("/a.db-journal", Change)];
    assert_eq!(files(&[journal, journal]), ["/a.db-journal {0, 1} {}"]);
}
