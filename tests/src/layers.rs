//! The modules of a crate form no cycle: each can be read without the modules that use it.
//!
//! The modules are those that the crate root declares. Uses in code for tests do not count.

mod uses;

use std::collections::{BTreeMap, BTreeSet};

use self::uses::uses;

/// The modules that each module uses. The crate root is called `lib` and uses all of them.
type Uses = BTreeMap<String, BTreeSet<String>>;

#[test]
fn attribute() {
    assert_no_circle(&uses("macros/src"));
}

#[test]
fn command() {
    assert_no_circle(&uses("cargo-isolated/src"));
}

#[test]
fn databases() {
    assert_no_circle(&uses("runtime/databases/src"));
}

#[test]
fn postgres() {
    assert_no_circle(&uses("runtime/postgres/src"));
    assert_no_circle(&uses("runtime/postgres-locks/src"));
    assert_no_circle(&uses("runtime/postgres-wire/src"));
}

#[test]
fn sqlite() {
    assert_no_circle(&uses("runtime/sqlite/src"));
}

#[test]
fn runtime() {
    let layers = [
        "mutex",
        "os",
        "error random name output runner statistics",
        "config location",
        "state",
        "lock",
        "resource",
        "report trace inspect",
        "service",
        "run",
        "host",
        // Exported macros are items of the root.
        "lib",
        "private",
    ];
    assert_layers(&uses("runtime/core/src"), &layers);
}

#[track_caller]
fn assert_no_circle(uses: &Uses) {
    if let Some(circle) = circle(uses) {
        panic!("the modules form a circle: {}", circle.join(" → "));
    }
}

/// Each layer lists its modules, which use only modules of earlier layers.
#[track_caller]
fn assert_layers(uses: &Uses, layers: &[&str]) {
    let mistakes = mistakes(uses, layers);
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

fn mistakes(uses: &Uses, layers: &[&str]) -> Vec<String> {
    let layer = |name: &str| {
        let is_there = |layer: &&str| layer.split_whitespace().any(|module| module == name);
        layers.iter().position(is_there)
    };
    let modules = uses.iter().filter(|(name, _)| *name != "lib");
    let mut mistakes = Vec::new();
    for (name, used) in modules {
        let Some(own) = layer(name) else {
            mistakes.push(format!("`{name}` is in no layer"));
            continue;
        };
        let above = used
            .iter()
            .filter(|used| layer(used).is_none_or(|layer| layer >= own));
        mistakes.extend(
            above.map(|used| format!("`{name}` uses `{used}`, which is in no layer before it")),
        );
    }
    let listed = layers.iter().flat_map(|layer| layer.split_whitespace());
    let missing = listed.filter(|name| !uses.contains_key(*name));
    mistakes.extend(missing.map(|name| format!("there is no module `{name}`")));
    mistakes
}

/// The modules of one cycle, with the first repeated at the end.
fn circle(uses: &Uses) -> Option<Vec<&str>> {
    let mut seen = BTreeSet::new();
    uses.keys()
        .find_map(|name| circle_from(name, uses, &mut Vec::new(), &mut seen))
}

fn circle_from<'a>(
    name: &'a str,
    uses: &'a Uses,
    way: &mut Vec<&'a str>,
    seen: &mut BTreeSet<&'a str>,
) -> Option<Vec<&'a str>> {
    if let Some(start) = way.iter().position(|passed| *passed == name) {
        return Some([&way[start..], &[name]].concat());
    }
    if seen.contains(name) {
        return None;
    }
    way.push(name);
    let circle = uses[name]
        .iter()
        .find_map(|next| circle_from(next, uses, way, seen));
    way.pop();
    seen.insert(name);
    circle
}

#[cfg(test)]
mod tests {
    use super::{Uses, circle, mistakes};

    fn uses(edges: &[(&str, &str)]) -> Uses {
        let mut uses = Uses::new();
        for (user, used) in edges {
            uses.entry((*user).to_owned())
                .or_default()
                .insert((*used).to_owned());
            uses.entry((*used).to_owned()).or_default();
        }
        uses
    }

    #[test]
    fn a_circle_is_found_wherever_it_begins() {
        let mut edges = vec![("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("d", "e")];
        assert_eq!(circle(&uses(&edges)), None);
        edges.push(("e", "b"));
        assert_eq!(circle(&uses(&edges)).unwrap(), ["b", "d", "e", "b"]);
        assert_eq!(
            circle(&uses(&[("z", "a"), ("a", "z")])).unwrap(),
            ["a", "z", "a"]
        );
    }

    #[test]
    fn a_layer_uses_only_layers_before_it() {
        let uses = uses(&[("a", "b"), ("a", "c"), ("b", "c")]);
        assert_eq!(mistakes(&uses, &["c", "b", "a"]), [""; 0]);
        assert_eq!(
            mistakes(&uses, &["c d", "a b"]),
            [
                "`a` uses `b`, which is in no layer before it",
                "there is no module `d`"
            ]
        );
        assert_eq!(
            mistakes(&uses, &["b", "a"]),
            [
                "`a` uses `c`, which is in no layer before it",
                "`b` uses `c`, which is in no layer before it",
                "`c` is in no layer"
            ]
        );
    }
}
