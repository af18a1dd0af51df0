use std::path::PathBuf;

use super::parse::{described, directory_of, process_of, read_block, read_lock};
use super::{ProcessRecord, RecordedSubject, conflicts};
use crate::lock::key::Key;
use crate::lock::{Mode, Subject, Want};

#[test]
fn a_block_is_read_as_it_is_written() {
    let block = read_block(
        3,
        "+17 shop::pays\tshop\tsrc/a.rs:1\nfor g69cc0:1:16\ntest\n18 serial a b\nwithin g69cc0:1:16 internal limit c\nodd\n",
    );
    let block = block.unwrap();
    assert_eq!(
        (block.number, block.since, &*block.name),
        (3, 17, "shop::pays")
    );
    assert_eq!(block.tie.unwrap().to_string(), "for g69cc0:1:16");
    let held: Vec<_> = block
        .held
        .into_iter()
        .map(|held| (held.since, held.within, held.subject, held.mode))
        .collect();
    let within = Some("g69cc0:1:16".to_owned());
    assert_eq!(
        held,
        [
            (17, None, RecordedSubject::Everyone, Mode::Shared),
            (
                18,
                None,
                RecordedSubject::Key("a b".to_owned()),
                Mode::Exclusive
            ),
            (
                17,
                within,
                RecordedSubject::Internal("c".to_owned()),
                Mode::Limit(1)
            ),
        ]
    );
    assert!(read_block(1, "-17 shop::pays\tshop\tsrc/a.rs:1\ntest\n").is_none());
}

#[test]
fn a_block_says_what_it_waits_for() {
    let block = read_block(
        1,
        "+17 shop::pays\tshop\tsrc/a.rs:1\ntest\nwaits 19 serial db\n",
    )
    .unwrap();
    assert_eq!(block.held.len(), 1, "a lock that is awaited is not held");
    let wanted = block.waits.as_ref().unwrap();
    assert_eq!(wanted.since, 19);
    assert_eq!(wanted.subject.in_mode(wanted.mode), "serial \"db\"");

    let is_in_the_way = |line| read_lock(0, line).unwrap().is_in_the_way_of(wanted);
    for line in ["serial db", "shared db", "limit db"] {
        assert!(is_in_the_way(line), "{line}");
    }
    for line in ["serial card", "test", "within g69cc0:1:16 serial db"] {
        assert!(!is_in_the_way(line), "{line}");
    }
    let wanted = read_lock(0, "shared db").unwrap();
    let is_in_the_way = |line| read_lock(0, line).unwrap().is_in_the_way_of(&wanted);
    assert!(is_in_the_way("serial db") && !is_in_the_way("limit db"));
}

/// Otherwise, a program that another test has started would not know for which of them it acts.
#[test]
fn a_block_that_only_waits_has_started_no_program() {
    let blocks = [
        "+17 shop::pays\tshop\tsrc/a.rs:1\ntest\n",
        "+18 seeder\tshop\tsrc/b.rs:1\nwaits 19 serial db\n",
    ];
    let blocks = (1..).zip(blocks);
    let process = ProcessRecord {
        process: 7,
        directory: None,
        blocks: blocks
            .map(|(number, block)| read_block(number, block).unwrap())
            .collect(),
        record: "g69cc0".to_owned(),
    };
    let heads: Vec<_> = process.heads(20).iter().map(|head| head.number).collect();
    assert_eq!(heads, [1]);
}

#[test]
fn a_holder_of_another_scope_is_not_in_the_way() {
    let keys = [
        Key::new("db"),
        Key::new("db").scoped("shop"),
        Key::new("db").scoped("bank"),
    ];
    let want = |key| Want {
        subject: Subject::Key(key),
        mode: Mode::Exclusive,
    };
    for one in keys {
        for other in keys {
            let held = read_lock(0, &want(other).code()).unwrap();
            assert_eq!(
                conflicts(want(one), &held),
                one == other,
                "{one:?} {other:?}"
            );
        }
    }
}

#[test]
fn a_block_says_where_its_holder_stands() {
    assert_eq!(
        described("7 shop::pays\tshop\tsrc/a b.rs:12"),
        Some((7, "shop::pays", "package shop, src/a b.rs:12".to_owned()))
    );
    assert_eq!(
        described("7 seeder\t\ttools/seed.rs:1"),
        Some((7, "seeder", "tools/seed.rs:1".to_owned()))
    );
    assert_eq!(described("7 shop::pays"), None);
}

#[test]
fn only_records_of_this_version_are_read() {
    let header = "isolated-test record 1\ndirectory\nprocess 42\nin /a b\nprogram x\n";
    assert_eq!(process_of(header), Some(42));
    assert_eq!(directory_of(header), Some(PathBuf::from("/a b")));
    assert_eq!(directory_of("isolated-test record 1\nprocess 42\n"), None);
    assert_eq!(process_of("isolated-test record 2\nprocess 42\n"), None);
    assert_eq!(process_of("process 42\n"), None);
}
