use super::{RecordedSubject, conflicts, described, process_of, read_block, read_lock};
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
    let header = "isolated-test record 1\ndirectory\nprocess 42\nprogram x\n";
    assert_eq!(process_of(header), Some(42));
    assert_eq!(process_of("isolated-test record 2\nprocess 42\n"), None);
    assert_eq!(process_of("process 42\n"), None);
}
