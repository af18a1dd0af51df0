//! Reads the items of a file from its syntax tree.

use std::ops::Range;

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, FnArg, Item, Lit, Meta, Pat, Token, Visibility};

use super::items::{Attribute, Content, FileModule, Function, Head, Module, Use};

/// Reads a file whose Rust begins at `base`.
pub(super) fn module_of_file(text: &str, base: usize, file: &syn::File) -> Module {
    let reader = Reader { text, base };
    let head = reader.inner_head(&file.attrs);
    let mut module = Module {
        head,
        ..Module::default()
    };
    reader.add_items(&mut module, &file.items);
    module
}

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    base: usize,
}

impl Reader<'_> {
    pub(super) fn range(&self, span: Span) -> Range<usize> {
        let range = span.byte_range();
        self.base + range.start..self.base + range.end
    }

    pub(super) fn add_items(&self, module: &mut Module, items: &[Item]) {
        for item in items {
            match item {
                Item::Fn(item) => module.functions.push(self.function(item)),
                Item::Mod(item) => self.add_module(module, item),
                Item::Use(item) => module.uses.push(self.use_of(item)),
                Item::Macro(item) => self.add_macro(module, item),
                _ => {}
            }
        }
    }

    fn use_of(&self, item: &syn::ItemUse) -> Use {
        let keyword = self.range(item.use_token.span).start;
        let end = self.range(item.semi_token.span).end;
        Use {
            range: keyword..end,
            is_plain: item.attrs.is_empty() && matches!(item.vis, Visibility::Inherited),
        }
    }

    fn function(&self, item: &syn::ItemFn) -> Function {
        let begin = match &item.vis {
            Visibility::Inherited => item.sig.span(),
            visibility => visibility.span(),
        };
        let braces = item.block.brace_token.span;
        Function {
            name: item.sig.ident.unraw().to_string(),
            head: self.head(&item.attrs, begin),
            parameters: item.sig.inputs.iter().filter_map(parameter).collect(),
            body: self.range(braces.open()).end..self.range(braces.close()).start,
        }
    }

    fn add_module(&self, module: &mut Module, item: &syn::ItemMod) {
        let name = item.ident.unraw().to_string();
        let begin = match &item.vis {
            Visibility::Inherited => item.mod_token.span,
            visibility => visibility.span(),
        };
        let head = self.head(&item.attrs, begin);
        let Some((_, items)) = &item.content else {
            module.files.push(FileModule { name, head });
            return;
        };
        let mut inner = Module {
            name,
            head,
            ..Module::default()
        };
        self.add_items(&mut inner, items);
        module.modules.push(inner);
    }

    pub(super) fn head(&self, attributes: &[syn::Attribute], item: Span) -> Head {
        let is_comment = |attribute: &&syn::Attribute| {
            let begin = self.range(attribute.pound_token.span).start;
            self.text[begin..].starts_with('/')
        };
        let attributes: Vec<_> = attributes
            .iter()
            .filter(|attribute| !is_comment(attribute))
            .filter(|attribute| matches!(attribute.style, syn::AttrStyle::Outer))
            .map(|attribute| self.attribute(attribute))
            .collect();
        let item = self.range(item).start;
        let begin = attributes.first().map_or(item, |first| first.range.start);
        Head { attributes, begin }
    }

    fn inner_head(&self, attributes: &[syn::Attribute]) -> Head {
        let inner = attributes
            .iter()
            .filter(|attribute| !attribute.path().is_ident("doc"));
        Head {
            attributes: inner.map(|attribute| self.attribute(attribute)).collect(),
            begin: self.base,
        }
    }

    pub(super) fn attribute(&self, attribute: &syn::Attribute) -> Attribute {
        let begin = self.range(attribute.pound_token.span).start;
        let end = self.range(attribute.bracket_token.span.close()).end;
        let content = match &attribute.meta {
            Meta::List(list) => {
                let delimiters = list.delimiter.span();
                let inside =
                    self.range(delimiters.open()).end..self.range(delimiters.close()).start;
                Some(Content {
                    range: inside,
                    tokens: list.tokens.clone(),
                    base: self.base,
                })
            }
            _ => None,
        };
        let last = attribute.path().segments.last();
        let conditional = if attribute.path().is_ident("cfg_attr") {
            let metas = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
            let metas = metas.into_iter().flatten().skip(1);
            metas
                .map(|meta| (path(meta.path()), string(&meta)))
                .collect()
        } else {
            Vec::new()
        };
        Attribute {
            path: path(attribute.path()),
            range: begin..end,
            path_end: last.map_or(end, |last| self.range(last.ident.span()).end),
            content,
            value: string(&attribute.meta),
            conditional,
        }
    }
}

fn path(path: &syn::Path) -> Vec<String> {
    let segments = path.segments.iter();
    segments
        .map(|segment| segment.ident.unraw().to_string())
        .collect()
}

fn string(meta: &Meta) -> Option<String> {
    match meta {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

fn parameter(argument: &FnArg) -> Option<String> {
    match argument {
        FnArg::Typed(argument) => match &*argument.pat {
            Pat::Ident(name) => Some(name.ident.unraw().to_string()),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    }
}
