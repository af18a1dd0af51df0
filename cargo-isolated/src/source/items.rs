//! The items of a source file that matter for tests.

use std::ops::Range;

use proc_macro2::{TokenStream, TokenTree};

/// An inline module, or all of a file.
#[derive(Debug, Default)]
pub(crate) struct Module {
    pub(crate) name: String,
    /// For a file, its inner attributes.
    pub(crate) head: Head,
    /// `#![isolated(...)]` of `isolate_file!`.
    pub(crate) file_attribute: Option<Attribute>,
    pub(crate) functions: Vec<Function>,
    pub(crate) modules: Vec<Module>,
    pub(crate) files: Vec<FileModule>,
    pub(crate) uses: Vec<Use>,
    pub(crate) macros: Vec<MacroCall>,
}

/// The attributes of an item.
#[derive(Debug, Default)]
pub(crate) struct Head {
    /// Without those of doc comments.
    pub(crate) attributes: Vec<Attribute>,
    /// Where another attribute would begin: after the doc comments.
    pub(crate) begin: usize,
}

/// An attribute.
#[derive(Debug)]
pub(crate) struct Attribute {
    /// The segments of its path.
    pub(crate) path: Vec<String>,
    /// All of it, from `#` to `]`.
    pub(crate) range: Range<usize>,
    /// The end of its path.
    pub(crate) path_end: usize,
    /// The content of its parentheses.
    pub(crate) content: Option<Content>,
    /// The value after `=`, if it is a string.
    pub(crate) value: Option<String>,
    /// The paths of the attributes that a `cfg_attr` adds, and their values.
    pub(crate) conditional: Vec<(Vec<String>, Option<String>)>,
}

/// Tokens and their range.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) range: Range<usize>,
    pub(crate) tokens: TokenStream,
    /// The offset of the text that the spans of the tokens count from.
    pub(crate) base: usize,
}

#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) head: Head,
    pub(crate) parameters: Vec<String>,
    /// The content of its braces.
    pub(crate) body: Range<usize>,
}

/// `mod name;`
#[derive(Debug)]
pub(crate) struct FileModule {
    pub(crate) name: String,
    pub(crate) head: Head,
}

/// A `use` declaration.
#[derive(Debug)]
pub(crate) struct Use {
    /// From `use` to `;`.
    pub(crate) range: Range<usize>,
    /// Whether it has neither attributes nor `pub`.
    pub(crate) is_plain: bool,
}

/// A macro call that is an item, or the definition of a macro.
#[derive(Debug)]
pub(crate) struct MacroCall {
    /// `tests!`, `macro_rules! tests`.
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) may_make_tests: bool,
}

impl Attribute {
    /// Whether the path ends with this name.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.path.last().is_some_and(|last| last == name)
    }

    /// The values of `#[name = "..."]`, also in `cfg_attr`.
    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let own = (self.is(name)).then_some(self.value.as_deref());
        let conditional = self
            .conditional
            .iter()
            .filter(move |(path, _)| path.last().is_some_and(|last| last == name));
        let conditional = conditional.map(|(_, value)| value.as_deref());
        own.into_iter().chain(conditional).flatten()
    }
}

impl Head {
    /// Whether the item is only compiled for tests, where a dev-dependency is known.
    pub(crate) fn is_for_tests(&self) -> bool {
        let mut conditions = self
            .attributes
            .iter()
            .filter(|attribute| attribute.is("cfg"));
        conditions.any(|condition| {
            let content = condition.content.as_ref();
            content.is_some_and(|content| implies_test(content.tokens.clone()))
        })
    }

    /// The files that `#[path = "..."]` names.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        let attributes = self.attributes.iter();
        attributes.flat_map(|attribute| attribute.values("path"))
    }
}

impl Module {
    /// This module and all inline modules in it, with the indices that lead to them.
    pub(crate) fn all(&self) -> Vec<(Vec<usize>, &Module)> {
        let mut all = vec![(Vec::new(), self)];
        for (index, module) in self.modules.iter().enumerate() {
            for (mut indices, module) in module.all() {
                indices.insert(0, index);
                all.push((indices, module));
            }
        }
        all
    }
}

/// Whether a condition holds in tests only: `test`, `all(test, unix)`.
fn implies_test(condition: TokenStream) -> bool {
    let tokens: Vec<_> = condition.into_iter().collect();
    let mut pieces =
        tokens.split(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ','));
    pieces.any(|piece| match piece {
        [TokenTree::Ident(word)] => word == "test",
        [TokenTree::Ident(word), TokenTree::Group(group)] => {
            word == "all" && implies_test(group.stream())
        }
        _ => false,
    })
}
