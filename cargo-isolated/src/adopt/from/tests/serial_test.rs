use super::{Peer, converted};

fn edited(text: &str) -> String {
    let (text, notes) = converted(Peer::SerialTest, text, true);
    assert_eq!(notes, [""; 0]);
    text
}

#[test]
fn each_attribute_becomes_a_lock() {
    for (before, after) in [
        ("#[serial]", "serial"),
        ("#[serial(db)]", "serial = \"db\""),
        ("#[serial(db, \"a b\")]", "serial = [\"db\", \"a b\"]"),
        ("#[serial_test::serial(db)]", "serial = \"db\""),
        ("#[parallel]", "shared"),
        ("#[parallel(db)]", "shared = \"db\""),
        ("#[file_serial(db)]", "serial = \"db\""),
        ("#[file_parallel]", "shared"),
        ("#[serial(db, crate = x::serial_test)]", "serial = \"db\""),
    ] {
        let ours =
            format!("/// Adds.\n#[isolated_test::isolated({after})]\n#[test]\nfn adds() {{}}\n");
        // Below the test attribute, and above it.
        assert_eq!(
            edited(&format!("/// Adds.\n#[test]\n{before}\nfn adds() {{}}\n")),
            ours
        );
        assert_eq!(
            edited(&format!("/// Adds.\n{before}\n#[test]\nfn adds() {{}}\n")),
            ours
        );
    }
}

#[test]
fn attributes_of_one_test_are_joined() {
    assert_eq!(
        edited("#[serial(a)]\r\n#[tokio::test]\r\n#[parallel(b)]\r\nasync fn adds() {}\r\n"),
        "#[isolated_test::isolated(serial = \"a\", shared = \"b\")]\r\n#[tokio::test]\r\nasync fn adds() {}\r\n"
    );
    assert_eq!(
        edited("#[isolated(tmpdir)]\n#[test]\n#[serial(a)]\nfn adds() {}\n"),
        "#[isolated(tmpdir, serial = \"a\")]\n#[test]\nfn adds() {}\n"
    );
    assert_eq!(
        edited("#[test] #[serial] fn adds() {}\n"),
        "#[isolated_test::isolated(serial)]\n#[test] fn adds() {}\n"
    );
    assert_eq!(
        edited(
            "    #[serial(inner_attrs = [tokio::test, ntest::timeout(10)])]\n    async fn adds() {}\n"
        ),
        "    #[isolated_test::isolated(serial)]\n    #[tokio::test]\n    #[ntest::timeout(10)]\n    async fn adds() {}\n"
    );
}

#[test]
fn modules_are_converted() {
    let text = "#[cfg(test)]\n#[serial(db)]\nmod tests {\n    #[test]\n    fn adds() {}\n}\n";
    let ours = "#[isolated_test::isolated(serial = \"db\")]\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn adds() {}\n}\n";
    assert_eq!(
        converted(Peer::SerialTest, text, false),
        (ours.to_owned(), Vec::new())
    );
    let text = "#[test]\n#[serial]\nfn adds() {}\n";
    let ours = "#[cfg_attr(test, isolated_test::isolated(serial))]\n#[test]\nfn adds() {}\n";
    assert_eq!(converted(Peer::SerialTest, text, false).0, ours);
}

#[test]
fn what_means_something_else_stays() {
    for (text, note) in [
        (
            "#[test]\n#[file_serial(a, path => \"/x\")]\nfn adds() {}\n",
            "2: `#[file_serial(a, path => \"/x\")]` stays, because `path` has no equal; set `ISOLATED_DIR` for all locks",
        ),
        (
            "#[serial]\nfn helper() {}\n",
            "1: `#[serial]` stays, because the function is no test; lock a `Key` in it",
        ),
        (
            "#[serial]\nmod tests;\n",
            "1: `#[serial]` stays, because `mod tests;` has its tests in another file; write it there",
        ),
        (
            "#[cfg_attr(unix, serial)]\n#[test]\nfn adds() {}\n",
            "1: the attribute in `cfg_attr` stays; convert it manually",
        ),
        (
            "#[isolated(off)]\n#[serial]\n#[test]\nfn adds() {}\n",
            "2: `#[serial]` stays, because it has `off`; remove that first",
        ),
    ] {
        assert_eq!(
            converted(Peer::SerialTest, text, true),
            (text.to_owned(), vec![note.to_owned()])
        );
    }
    assert_eq!(
        edited("#[other::serial]\n#[test]\nfn adds() {}\n"),
        "#[other::serial]\n#[test]\nfn adds() {}\n"
    );
}
