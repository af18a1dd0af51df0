use super::{Key, LONGEST};

#[test]
fn file_names_are_injective_and_portable() {
    let names = [
        "tcp", "TCP", "Tcp", "t/cp", "t%2fcp", "t.cp", "ü", "a b", "con", "..",
    ];
    let mut encoded: Vec<_> = names
        .iter()
        .map(|name| Key::intern(name).expect("a valid key").file_name())
        .collect();
    for name in &encoded {
        assert!(
            name.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_%".contains(&b)),
            "{name} is not portable"
        );
    }
    encoded.sort();
    encoded.dedup();
    assert_eq!(encoded.len(), names.len());
    assert_eq!(Key::new("t/CP").file_name(), "k-t%2f%43%50");
}

#[test]
fn a_scoped_key_is_another_key_with_another_file() {
    const DB: Key = Key::new("db").scoped("shop");

    assert_eq!(DB.file_name(), "k-db@shop");
    assert_ne!(DB, Key::new("db"));
    let others = ["db", "db@shop", "db of shop", "db\u{a0}shop"].map(Key::new);
    let others = others.into_iter().chain([Key::new("shop").scoped("db")]);
    for other in others {
        assert_ne!(DB, other);
        assert_ne!(DB.file_name(), other.file_name());
    }
    assert_eq!(format!("{DB:?} {DB}"), "Key(\"db\" of \"shop\") db of shop");
    assert_eq!((DB.name(), DB.scope()), ("db", Some("shop")));
}

#[test]
#[should_panic(expected = "a key and its scope are at most 80 bytes long together")]
fn a_scope_that_is_too_long_is_refused() {
    let _ = Key::new("db").scoped(Box::leak("x".repeat(79).into()));
}

#[test]
fn internal_keys_are_others_and_come_last() {
    let (first, last) = (Key::new("a").internal(), Key::new("z"));
    assert!(last < first && first < Key::new("b").internal());
    assert_ne!(Key::new("a"), first);
    assert_eq!(first.file_name(), "i-a");
    assert_eq!(format!("{first:?}"), "Key(internal \"a\")");
}

#[test]
fn the_longest_key_fits_into_a_file_name() {
    let name = "Ü".repeat(LONGEST / 2);
    let key = Key::intern(&name).expect("a key of 80 bytes");
    assert!(key.file_name().len() + ".s4294967295".len() <= 255);
    let (name, scope) = key.name().split_at(20);
    let key = Key::intern(name).unwrap().scoped(scope);
    assert_eq!(key.file_name().len() + ".s4294967295".len(), 255);
}

#[test]
fn bad_names_say_why() {
    let message = |name: &str| Key::intern(name).expect_err("a bad key").to_string();
    assert_eq!(
        message(""),
        "failed to use \"\" as a key, because it is empty"
    );
    assert_eq!(
        message("a\nb"),
        "failed to use \"a\\nb\" as a key, because it has a control character"
    );
    assert!(message(&"x".repeat(81)).ends_with("because it is longer than 80 bytes"));
}

#[test]
fn interning_stores_a_name_once() {
    let first = Key::intern("interned-once").expect("a valid key");
    let second = Key::intern("interned-once").expect("a valid key");
    assert!(std::ptr::eq(first.name(), second.name()));
    assert_eq!(first, Key::new("interned-once"));
}
