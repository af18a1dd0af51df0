//! Finds the paths in the sources of a crate that begin with `crate` or `super`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::Uses;

/// Reads the crate whose sources are in this folder of the repository.
pub(super) fn uses(sources: &str) -> Uses {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(sources);
    let mut uses = Uses::new();
    read(&root, &[], &mut uses);
    let modules: BTreeSet<_> = uses.keys().cloned().collect();
    assert!(modules.len() > 1, "no modules in `{sources}`");
    // A name that is not a module is an item of the root.
    for (name, used) in &mut uses {
        *used = used
            .iter()
            .map(|used| if modules.contains(used) { used } else { "lib" }.to_owned())
            .filter(|used| used != name)
            .collect();
    }
    uses.insert("lib".to_owned(), modules);
    uses
}

/// Reads a folder with the files of a module or of the root.
fn read(folder: &Path, home: &[String], uses: &mut Uses) {
    for entry in fs::read_dir(folder).expect("the sources") {
        let path = entry.expect("the sources").path();
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let is_root = home.is_empty() && ["lib", "main"].contains(&&*name);
        if name == "tests" || is_root {
            continue;
        }
        let mut home = home.to_vec();
        if name != "mod" {
            home.push(name);
        }
        if path.is_dir() {
            read(&path, &home, uses);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("the sources");
            let tokens = text.parse().expect("tokens of Rust");
            collect(tokens, &home, uses.entry(home[0].clone()).or_default());
        }
    }
}

/// Adds the modules that the tokens of a module use.
fn collect(tokens: TokenStream, home: &[String], used: &mut BTreeSet<String>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        let rest = &tokens[at..];
        at += 1;
        match rest {
            [TokenTree::Punct(mark), TokenTree::Group(attribute), ..]
                if mark.as_char() == '#' && is_for_tests(attribute) =>
            {
                at += rest.iter().take_while(|token| !ends_an_item(token)).count();
            }
            [
                TokenTree::Ident(keyword),
                TokenTree::Ident(name),
                TokenTree::Group(body),
                ..,
            ] if keyword == "mod" => {
                let home = [home, &[name.to_string()]].concat();
                collect(body.stream(), &home, used);
                at += 2;
            }
            // The use belongs to the caller of the macro.
            [TokenTree::Punct(mark), TokenTree::Ident(word), ..]
                if mark.as_char() == '$' && word == "crate" =>
            {
                at += 1;
            }
            [TokenTree::Ident(word), ..] if word == "crate" || word == "super" => {
                let ups = rest.chunks(3).take_while(|step| is_step(step, "super"));
                let ups = ups.count();
                let steps = ups + usize::from(is_step(rest, "crate"));
                if steps > ups || ups == home.len() {
                    used.extend(firsts(&rest[3 * steps..]));
                }
                at += 3 * ups;
            }
            [TokenTree::Group(group), ..] => collect(group.stream(), home, used),
            _ => {}
        }
    }
}

/// The first names of the paths after `crate::`.
fn firsts(path: &[TokenTree]) -> Vec<String> {
    match path {
        [TokenTree::Group(group), ..] if group.delimiter() == Delimiter::Brace => {
            let tokens: Vec<_> = group.stream().into_iter().collect();
            let is_comma = |token: &TokenTree| token.to_string() == ",";
            tokens.split(is_comma).flat_map(firsts).collect()
        }
        [first, ..] => vec![first.to_string()],
        [] => Vec::new(),
    }
}

/// Whether the tokens begin with this word and `::`.
fn is_step(tokens: &[TokenTree], name: &str) -> bool {
    match tokens {
        [
            TokenTree::Ident(word),
            TokenTree::Punct(colon),
            TokenTree::Punct(_),
            ..,
        ] => word == name && colon.as_char() == ':',
        _ => false,
    }
}

/// Whether an attribute removes the item below it unless tests are built.
fn is_for_tests(attribute: &Group) -> bool {
    let text = attribute.stream().to_string();
    let mut words = text.split(|letter: char| !letter.is_alphanumeric());
    words.next() == Some("cfg") && words.any(|word| word == "test")
}

fn ends_an_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Punct(mark) => mark.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::collect;

    #[test]
    fn paths_are_found_wherever_they_stand() {
        let source = "
            //! [`crate::docs`]
            use crate::{a::{self, Of}, b as c};
            use super::{d, inner};
            pub(crate) fn f() { crate::e::g(); super::super::h!(crate::i) }
            mod inside { use super::super::super::j; use super::k; }
            macro_rules! m { () => { $crate::l::m() } }
            #[cfg(all(test, unix))] pub(crate) use crate::n;
            #[cfg(test)] mod tests { use crate::o; }
            #[cfg(unix)] use crate::p;
        ";
        let mut used = std::collections::BTreeSet::new();
        let home = ["outer", "inner"].map(str::to_owned);
        collect(source.parse().unwrap(), &home, &mut used);
        let used: Vec<_> = used.iter().map(String::as_str).collect();
        assert_eq!(used, ["a", "b", "e", "h", "i", "j", "p"]);
    }
}
