//! Removes imports that a conversion made unused.

use proc_macro2::{TokenStream, TokenTree};
use syn::{ItemUse, UseTree};

use crate::source::edits::Edits;
use crate::source::file::SourceFile;

/// The text without unused imports of these items of a crate.
pub(super) fn without_unused(file: &SourceFile, name: &str, items: &[&str]) -> String {
    let mut uses = Vec::new();
    for (_, module) in file.root.all() {
        for found in module.uses.iter().filter(|found| found.is_plain) {
            let item = syn::parse_str::<ItemUse>(&file.text[found.range.clone()]);
            uses.extend(item.ok().map(|item| (found.range.clone(), item)));
        }
    }
    let mut without = Edits::default();
    for (range, _) in &uses {
        without.replace(range.clone(), "");
    }
    let rest = without.apply(&file.text);
    let is_used = |item: &str| !items.contains(&item) || mentions(&rest, item);
    let mut edits = Edits::default();
    for (range, item) in uses {
        let before = kept(&item.tree, Some(name), items, &|_| true);
        match kept(&item.tree, Some(name), items, &is_used) {
            None => edits.replace(file.whole_lines(&range).unwrap_or(range), ""),
            after if after == before => {}
            Some(after) => {
                let colons = if item.leading_colon.is_some() {
                    "::"
                } else {
                    ""
                };
                edits.replace(range, format!("use {colons}{after};"));
            }
        }
    }
    edits.apply(&file.text)
}

/// The used part of an import. `name` is the crate to look for, or `None` below that crate.
fn kept(
    tree: &UseTree,
    name: Option<&str>,
    items: &[&str],
    is_used: &impl Fn(&str) -> bool,
) -> Option<String> {
    let is_theirs = name.is_none();
    match tree {
        UseTree::Path(path) => {
            let ident = &path.ident;
            let rest = if is_theirs || name.is_some_and(|name| ident == name) {
                kept(&path.tree, None, items, is_used)?
            } else {
                kept(&path.tree, Some(""), items, is_used)? // It leads to another crate.
            };
            Some(format!("{ident}::{rest}"))
        }
        UseTree::Name(item) => {
            let item = item.ident.to_string();
            (!is_theirs || is_used(&item)).then_some(item)
        }
        // Attributes of another name are not converted, so they are used.
        UseTree::Rename(item) => Some(format!("{} as {}", item.ident, item.rename)),
        UseTree::Glob(_) => {
            let is_kept = !is_theirs || items.iter().any(|item| is_used(item));
            is_kept.then(|| "*".to_owned())
        }
        UseTree::Group(group) => {
            let trees = group.items.iter();
            let list: Vec<_> = trees
                .filter_map(|tree| kept(tree, name, items, is_used))
                .collect();
            match list.as_slice() {
                [] => None,
                [item] if item != "self" => Some(item.clone()),
                list => Some(format!("{{{}}}", list.join(", "))),
            }
        }
    }
}

/// Whether a text contains a word, other than as an argument of our attribute.
pub(super) fn mentions(text: &str, word: &str) -> bool {
    match text.parse::<TokenStream>() {
        Ok(tokens) => contains(tokens, word),
        Err(_) => text.contains(word),
    }
}

fn contains(tokens: TokenStream, word: &str) -> bool {
    let mut is_after_ours = false;
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(found) => {
            is_after_ours = found == "isolated";
            found == word
        }
        TokenTree::Group(group) => {
            let is_ours = std::mem::take(&mut is_after_ours);
            !is_ours && contains(group.stream(), word)
        }
        _ => {
            is_after_ours = false;
            false
        }
    })
}
