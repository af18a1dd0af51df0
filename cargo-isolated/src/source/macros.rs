//! Macro calls that are items, and the tests in those that are known.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::Parser;

use super::file::line;
use super::harness;
use super::items::{Function, MacroCall, Module};
use super::read::Reader;

/// Words in the names of macros that may make tests. `macros/src/module/made.rs` has the same list,
/// in a crate that shares no code.
const WORDS: [&str; 8] = [
    "test",
    "tests",
    "testcase",
    "testcases",
    "case",
    "cases",
    "proptest",
    "quickcheck",
];

impl Reader<'_> {
    pub(super) fn add_macro(&self, module: &mut Module, item: &syn::ItemMacro) {
        let tokens = &item.mac.tokens;
        let last = item.mac.path.segments.last();
        let name = last.map_or_else(String::new, |segment| segment.ident.to_string());
        match name.as_str() {
            "isolate_file" => {
                if let Ok(file) = syn::parse2::<syn::File>(tokens.clone()) {
                    let mut attributes =
                        file.attrs.iter().map(|attribute| self.attribute(attribute));
                    module.file_attribute = attributes.find(|attribute| attribute.is("isolated"));
                    return self.add_items(module, &file.items);
                }
            }
            "cfg_if" => {
                let branches = branches(tokens.clone());
                if let Ok(files) = branches.collect::<syn::Result<Vec<_>>>() {
                    let files = files.iter();
                    return files.for_each(|file| self.add_items(module, &file.items));
                }
            }
            "proptest" => module.functions.extend(self.properties(tokens.clone())),
            _ => {}
        }
        let defined = item.ident.as_ref();
        module.macros.push(MacroCall {
            may_make_tests: may_make_tests(&name, tokens),
            name: match defined {
                Some(defined) => format!("{name}! {defined}"),
                None => format!("{name}!"),
            },
            line: line(
                self.text,
                self.range(item.mac.path.segments[0].ident.span()).start,
            ),
        });
    }

    /// The functions of `proptest!`, whose parameters are not those of Rust.
    fn properties(&self, tokens: TokenStream) -> Vec<Function> {
        let mut functions = Vec::new();
        let mut attributes = TokenStream::new();
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match (&token, tokens.peek()) {
                (TokenTree::Punct(mark), Some(TokenTree::Group(group)))
                    if mark.as_char() == '#' && group.delimiter() == Delimiter::Bracket =>
                {
                    attributes.extend([token.clone(), TokenTree::Group(group.clone())]);
                    tokens.next();
                }
                (TokenTree::Ident(word), Some(TokenTree::Ident(name))) if word == "fn" => {
                    let name = name.to_string();
                    let above = std::mem::take(&mut attributes);
                    let above = syn::Attribute::parse_outer.parse2(above);
                    let is_body = |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
                    let body = tokens.find(is_body).map(|body| self.range(body.span()));
                    functions.extend(above.ok().zip(body).map(|(above, body)| Function {
                        name,
                        head: self.head(&above, word.span()),
                        parameters: Vec::new(),
                        body: body.start + 1..body.end - 1,
                    }));
                }
                _ => {}
            }
        }
        functions
    }
}

/// The blocks of `cfg_if!`.
fn branches(tokens: TokenStream) -> impl Iterator<Item = syn::Result<syn::File>> {
    tokens.into_iter().filter_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
            Some(syn::parse2(group.stream()))
        }
        _ => None,
    })
}

/// Whether a macro may make tests, judging by its name or by tests in its input, as the attribute on a
/// module does.
fn may_make_tests(name: &str, tokens: &TokenStream) -> bool {
    let name = name.to_lowercase();
    let mut words = name.split(|letter: char| !letter.is_alphabetic());
    words.any(|word| WORDS.contains(&word)) || contains_tests(tokens.clone())
}

fn contains_tests(tokens: TokenStream) -> bool {
    let tokens: Vec<_> = tokens.into_iter().collect();
    tokens.iter().enumerate().any(|(index, token)| {
        let TokenTree::Group(group) = token else {
            return false;
        };
        let before = index.checked_sub(1).map(|before| &tokens[before]);
        let is_attribute = matches!(before, Some(TokenTree::Punct(mark)) if mark.as_char() == '#');
        if is_attribute {
            let words = group.stream().into_iter();
            let path = words.take_while(|token| !matches!(token, TokenTree::Group(_)));
            let last = path
                .filter(|token| matches!(token, TokenTree::Ident(_)))
                .last();
            return last.is_some_and(|last| harness::is_test_name(&last.to_string()));
        }
        contains_tests(group.stream())
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::WORDS;

    #[test]
    fn the_words_are_those_of_the_attribute_on_a_module() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../macros/src/module/made.rs");
        let text = fs::read_to_string(path).expect("the source of the attribute");
        let (_, list) = text.split_once("const WORDS").expect("the list");
        let (list, _) = list
            .split_once(';')
            .and_then(|(_, list)| list.split_once(';'))
            .expect("its end");
        let words: Vec<_> = list.split('"').skip(1).step_by(2).collect();
        assert_eq!(words, WORDS);
    }
}
