//! `pool`: a lock that is a resource.

use super::{assert_contains, expanded, messages};

/// A list of literals needs no evaluation as a constant.
#[test]
fn list_of_literals() {
    assert_contains(
        r#"device = pool("devices", ["a", "b"])"#,
        "#[test] fn calls(device: &str) { }",
        &[
            r#"spec!("calls", ::isolated_test::__private::ShouldPanic::No, [("device" Pool(0))],"#,
            r#"[(Pool(::isolated_test::__private::ClaimedKey::Text("devices"), &["a", "b"]))])"#,
            "calls(::isolated_test::__private::FromItem::from_item(cx.item(0)))",
        ],
    );
}

#[test]
fn constants_and_variables() {
    assert_contains(
        "device = pool(KEY, DEVICES), env(DEVICE = device)",
        "#[test] fn calls() { }",
        &[
            r#"spec!(const "calls","#,
            "Keyed(::isolated_test::__private::expr!(KEY)).key()), ::isolated_test::__private::expr!(DEVICES))",
            "let __isolated_device = cx.item(0);",
        ],
    );
}

/// A constant among the items makes the whole list an expression.
#[test]
fn list_with_a_constant() {
    assert_contains(
        r#"device = pool("devices", ["a", B])"#,
        "#[test] fn calls() { }",
        &[r#"spec!(const "calls","#, r#"expr!(&["a", B])"#],
    );
}

/// The position of a pool counts the locks before it and the pools before it.
#[test]
fn position_among_the_locks() {
    assert_contains(
        r#"first = pool("a", ["a"]), port, second = pool("b", ["b"]), serial = "c""#,
        "#[test] fn calls() { }",
        &[r#"("first" Pool(1))"#, r#"("second" Pool(2))"#],
    );
}

#[test]
fn names_of_a_module_stay_its_own() {
    assert_contains(
        r#"__inherited(1, device = pool(KEY, ["a", B]), other = pool("others", ["a"]))"#,
        "#[test] fn calls() { }",
        &[
            "expr!({ use super::*; KEY })",
            r#"expr!({ use super::*; &["a", B] })"#,
            r#"Text("others"), &["a"])"#,
        ],
    );
}

/// A test's own pool replaces an inherited lock on its key.
#[test]
fn inherited_lock_on_the_key() {
    let output = expanded(
        r#"device = pool("devices", ["a"]), __inherited(1, serial = "devices")"#,
        "#[test] fn calls() { }",
    );
    assert!(!output.contains("Exclusive"), "{output}");
}

#[test]
fn as_many_items_as_there_may_be() {
    let list = |items: usize| {
        let items: Vec<_> = (0..items).map(|item| format!("\"{item}\"")).collect();
        format!("device = pool(\"devices\", [{}])", items.join(", "))
    };
    let test = "#[test] fn calls() { }";
    assert!(messages(&list(256), test).is_empty());
    let message = "expected at most 256 items, found 257; make two pools";
    assert_eq!(messages(&list(257), test), [message]);
}

/// Users may call a resource of theirs `pool`, such as one of connections.
#[test]
fn resource_of_that_name() {
    let test = "#[test] fn connects(pool: &Pool) { }";
    assert!(messages("pool = Pool::new(4)", test).is_empty());
    assert!(messages("pool = pool(\"a\", [\"a\"])", test).is_empty());
    assert_eq!(
        messages("", test),
        [
            "parameter `pool` has no resource; write `pool = port`, `pool = tmpdir` or `pool = ...` as an \
             argument, or `test_attribute` if another attribute fills it"
        ]
    );
}
