use super::annotate::{argument, edited, serial};
use crate::adopt::needs::Needs;

const TEST: &str = "#[test]\nfn adds() {}\n";

fn extended(attribute: &str, needs: &Needs) -> String {
    let text = format!("{attribute}\n{TEST}");
    let (text, refused) = edited(&text, &[("adds", needs.clone())], true);
    assert_eq!(refused, [""; 0], "{attribute}");
    text.strip_suffix(&format!("\n{TEST}"))
        .expect("the test is as it was")
        .to_owned()
}

fn refused(attribute: &str, needs: &Needs) -> String {
    let text = format!("{attribute}\n{TEST}");
    let (edited, refused) = edited(&text, &[("adds", needs.clone())], true);
    assert_eq!(edited, text);
    refused.concat()
}

#[test]
fn keys_join_those_that_are_there() {
    for (before, after) in [
        ("#[isolated]", "#[isolated(serial = \"db\")]"),
        ("#[isolated()]", "#[isolated(serial = \"db\")]"),
        (
            "#[isolated(tmpdir)]",
            "#[isolated(tmpdir, serial = \"db\")]",
        ),
        (
            "#[isolated(tmpdir,)]",
            "#[isolated(tmpdir, serial = \"db\",)]",
        ),
        (
            "#[isolated( serial )]",
            "#[isolated( serial = [\"default\", \"db\"] )]",
        ),
        (
            "#[isolated(serial = \"a\", process)]",
            "#[isolated(serial = [\"a\", \"db\"], process)]",
        ),
        (
            "#[isolated(serial = [\"a\", KEY])]",
            "#[isolated(serial = [\"a\", KEY, \"db\"])]",
        ),
        (
            "#[isolated(serial = self::KEY)]",
            "#[isolated(serial = [self::KEY, \"db\"])]",
        ),
        (
            "#[isolated_test::test(shared = \"a\")]",
            "#[isolated_test::test(shared = \"a\", serial = \"db\")]",
        ),
        (
            "#[isolated(serial = \"db\")]",
            "#[isolated(serial = \"db\")]",
        ),
        (
            "#[isolated(serial = r#\"db\"#)]",
            "#[isolated(serial = r#\"db\"#)]",
        ),
        ("#[isolated(alone)]", "#[isolated(alone)]"),
        (
            "#[isolated(\n    tmpdir,\n    process,\n)]",
            "#[isolated(\n    tmpdir,\n    process,\n    serial = \"db\",\n)]",
        ),
    ] {
        assert_eq!(extended(before, &serial(&["db"])), after);
    }
}

#[test]
fn serial_replaces_shared() {
    for (before, after) in [
        (
            "#[isolated(shared = \"db\", process)]",
            "#[isolated(serial = \"db\", process)]",
        ),
        (
            "#[isolated(shared = [\"a\", \"db\"])]",
            "#[isolated(shared = \"a\", serial = \"db\")]",
        ),
        (
            "#[isolated(serial = \"a\", shared = \"db\")]",
            "#[isolated(serial = [\"a\", \"db\"])]",
        ),
        (
            "#[isolated(shared = \"db\", serial = \"a\")]",
            "#[isolated(serial = [\"a\", \"db\"])]",
        ),
    ] {
        assert_eq!(extended(before, &serial(&["db"])), after);
    }
    let mut shared = Needs::default();
    shared.shared.push("db".to_owned());
    assert_eq!(
        extended("#[isolated(serial = \"db\")]", &shared),
        "#[isolated(serial = \"db\")]"
    );
}

#[test]
fn arguments_join_those_that_are_there() {
    for (before, wanted, after) in [
        (
            "#[isolated(serial)]",
            "process",
            "#[isolated(serial, process)]",
        ),
        (
            "#[isolated(timeout = \"1s\")]",
            "process",
            "#[isolated(timeout = \"1s\")]",
        ),
        (
            "#[isolated(port)]",
            "port(number = 7835)",
            "#[isolated(port, port_7835 = port(number = 7835))]",
        ),
        (
            "#[isolated(port(number=7835))]",
            "port(number = 7835)",
            "#[isolated(port(number=7835))]",
        ),
        (
            "#[isolated(env(A = 1))]",
            "env(B = \"b\")",
            "#[isolated(env(A = 1, B = \"b\"))]",
        ),
        (
            "#[isolated(env(A = 1))]",
            "env(A = 1)",
            "#[isolated(env(A = 1))]",
        ),
        (
            "#[isolated(env(AB = 1))]",
            "env(A = f(1), unset(C))",
            "#[isolated(env(AB = 1, A = f(1), unset(C)))]",
        ),
        (
            "#[isolated(env())]",
            "env(A = 1)",
            "#[isolated(env(A = 1))]",
        ),
    ] {
        assert_eq!(extended(before, &argument(wanted)), after);
    }
}

#[test]
fn what_would_change_the_meaning_is_refused() {
    let db = serial(&["db"]);
    assert_eq!(
        refused("#[isolated(off)]", &db),
        "1: it has `off`; remove that first"
    );
    let limit = "1: it has a `limit` on the key \"db\"; replace that";
    assert_eq!(refused("#[isolated(limit(\"db\", 2))]", &db), limit);
    let cwd = "1: it has `cwd = \"src\"`; write `cwd` instead";
    assert_eq!(refused("#[isolated(cwd = \"src\")]", &argument("cwd")), cwd);
    let env = "1: it sets `A` already; check its value";
    assert_eq!(
        refused("#[isolated(env(A = 2))]", &argument("env(B = 1, A = 1)")),
        env
    );
    assert_eq!(
        refused("#[isolated(env(unset(\"A\")))]", &argument("env(A = 1)")),
        env
    );
    let conditional = "1: its `isolated` stands in a `cfg_attr`; extend that";
    assert_eq!(
        refused("#[cfg_attr(unix, isolated(tmpdir))]", &db),
        conditional
    );
}
