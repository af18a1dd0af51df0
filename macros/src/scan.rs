//! Splits a comma-separated list without parsing its pieces.
//!
//! Expressions and types are carried as raw tokens, so that half-typed code still expands. A comma
//! inside parentheses, brackets or braces is already hidden in a group. The scanner must still find
//! out which `<` opens a list of generic arguments and which `|` opens the parameters of a closure.

use proc_macro2::{Delimiter, Group, Punct, Spacing, TokenStream, TokenTree};

/// The tokens up to a comma, and the comma; `None` at the end of the list.
pub(crate) struct Piece {
    pub(crate) tokens: TokenStream,
    pub(crate) comma: Option<Punct>,
}

/// Splits a list whose pieces are expressions.
pub(crate) fn expressions(list: TokenStream) -> Vec<Piece> {
    split(list, Grammar::Expressions)
}

/// Splits a list whose pieces are parameters: patterns with types, where every `<` is a bracket.
pub(crate) fn parameters(list: TokenStream) -> Vec<Piece> {
    split(list, Grammar::Types)
}

/// The first token, looking through the invisible groups that `macro_rules!` puts around fragments.
pub(crate) fn first(tokens: &TokenStream) -> Option<TokenTree> {
    match tokens.clone().into_iter().next()? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => first(&group.stream()),
        token => Some(token),
    }
}

/// The only token, looking through invisible groups; `None` if there are more.
pub(crate) fn only(tokens: &TokenStream) -> Option<TokenTree> {
    let mut rest = tokens.clone().into_iter();
    match (rest.next()?, rest.next()) {
        (TokenTree::Group(group), None) if group.delimiter() == Delimiter::None => {
            only(&group.stream())
        }
        (token, None) => Some(token),
        _ => None,
    }
}

/// The only token, if it is a group with this delimiter.
pub(crate) fn only_group(tokens: &TokenStream, delimiter: Delimiter) -> Option<Group> {
    match only(tokens)? {
        TokenTree::Group(group) if group.delimiter() == delimiter => Some(group),
        _ => None,
    }
}

/// Whether the last tokens are `::`.
pub(crate) fn ends_in_colons(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [.., first, second] if is_mark(first, ':') && is_mark(second, ':'))
}

/// Whether the first tokens are `::`.
pub(crate) fn begins_with_colons(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [first, second, ..] if is_mark(first, ':') && is_mark(second, ':'))
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == mark)
}

/// Whether the tokens contain a word, at any depth.
pub(crate) fn contains_word(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(found) => found == word,
        TokenTree::Group(group) => contains_word(group.stream(), word),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Grammar {
    Expressions,
    Types,
}

fn split(list: TokenStream, grammar: Grammar) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut tokens = TokenStream::new();
    let mut state = State::new(grammar);
    for token in list {
        match token {
            TokenTree::Punct(comma) if comma.as_char() == ',' && state.is_outermost() => {
                pieces.push(Piece {
                    tokens: std::mem::take(&mut tokens),
                    comma: Some(comma),
                });
                state = State::new(grammar);
            }
            token => {
                state.step(&token);
                tokens.extend([token]);
            }
        }
    }
    if !tokens.is_empty() {
        pieces.push(Piece {
            tokens,
            comma: None,
        });
    }
    pieces
}

/// The keywords after which an expression begins.
const BEFORE_AN_OPERAND: [&str; 11] = [
    "as", "async", "break", "else", "if", "in", "match", "move", "mut", "return", "static",
];

struct State {
    grammar: Grammar,
    angles: usize,
    in_closure_head: bool,
    in_cast: bool,
    /// Whether an operand comes next, so that `<` starts a qualified path and `|` a closure.
    operand_next: bool,
    /// The first half of an operator that may be `<<` or `||`.
    half_operator: Option<char>,
    /// The last two tokens, each `None` unless it is a `:` or is joined to the next one: `::` and
    /// `->` are two tokens each.
    marks: [Option<char>; 2],
}

impl State {
    fn new(grammar: Grammar) -> Self {
        State {
            grammar,
            angles: 0,
            in_closure_head: false,
            in_cast: false,
            operand_next: true,
            half_operator: None,
            marks: [None; 2],
        }
    }

    fn is_outermost(&self) -> bool {
        self.angles == 0 && !self.in_closure_head
    }

    fn step(&mut self, token: &TokenTree) {
        let mark = match token {
            TokenTree::Punct(mark) => Some(mark),
            _ => None,
        };
        if let Some(mark) = mark {
            self.step_mark(mark);
        } else {
            let word = token.to_string();
            self.in_cast |= word == "as";
            self.operand_next = BEFORE_AN_OPERAND.contains(&word.as_str());
        }
        let joint = mark.filter(|mark| mark.spacing() == Spacing::Joint || mark.as_char() == ':');
        self.marks = [self.marks[1], joint.map(Punct::as_char)];
    }

    fn step_mark(&mut self, mark: &Punct) {
        let in_types = self.grammar == Grammar::Types || self.in_cast;
        let after_colons = self.marks == [Some(':'), Some(':')];
        let after_dash = self.marks[1] == Some('-');
        let half_operator = self.half_operator.take();
        self.operand_next = match mark.as_char() {
            second @ ('<' | '|') if half_operator == Some(second) => true,
            '<' if in_types || self.angles > 0 || after_colons || self.operand_next => {
                self.angles += 1;
                true
            }
            '>' if self.angles > 0 && !after_dash => {
                self.angles -= 1;
                false
            }
            '|' if !in_types && self.in_closure_head => {
                self.in_closure_head = false;
                true
            }
            '|' if !in_types && self.angles == 0 && self.operand_next => {
                self.in_closure_head = true;
                true
            }
            '?' => false,
            ':' | '&' | '*' | '\'' => true,
            _ => {
                self.in_cast = false;
                let is_joint = mark.spacing() == Spacing::Joint;
                self.half_operator = is_joint.then_some(mark.as_char());
                true
            }
        };
    }
}
