//! The grammar of the arguments, driven by one table. This module knows how an argument is written;
//! [`model`](crate::model) knows what it means.

mod clock;
mod duration;
mod form;
mod inherited;
mod literal;
mod moment;
mod names;
mod needless;
mod pool;
mod read;
mod value;
mod variables;
mod zone;

use proc_macro2::TokenStream;
use syn::{Ident, LitStr};

#[cfg(test)]
pub(crate) use self::duration::{Mistake, millis};
pub(crate) use self::inherited::Inherited;
pub(crate) use self::moment::Moment;
#[cfg(test)]
pub(crate) use self::moment::moment;
pub(crate) use self::variables::Variables;
pub(crate) use self::zone::Zone;

/// Identifies a row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Port,
    TmpDir,
    Namespace,
    Seed,
    Value,
    Awaited,
    Pool,
    Serial,
    Shared,
    Limit,
    Alone,
    Process,
    Env,
    Cwd,
    Timeout,
    Network,
    Clock,
    Retries,
    Quarantine,
    Off,
    Crate,
    TestAttribute,
    Inherited,
}

/// A row of the table: the name of an argument and its syntax.
pub(crate) struct Row {
    pub(crate) word: Word,
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
    /// Whether the argument is a resource, so that `name = …` can give it another name.
    pub(crate) is_resource: bool,
    /// The syntax, as messages show it after "write".
    pub(crate) usage: &'static str,
    /// The advice in the message about a duplicate; `None` if duplicates are allowed.
    pub(crate) again: Option<&'static str>,
}

/// The syntax after the name of an argument.
pub(crate) enum Takes {
    Nothing,
    /// Optionally, a list of options in parentheses.
    Options(&'static [Setting]),
    /// An expression in parentheses, after a name.
    Expression,
    /// Optionally, `=` and a key or a list of keys.
    Keys,
    /// A key and a number in parentheses.
    KeyAndNumber,
    /// A key and a list of items in parentheses, after a name.
    KeyAndItems,
    /// Environment variables in parentheses.
    Variables,
    /// Optionally, `=` and a directory, or a list of options for one of its own.
    Directory(&'static [Setting]),
    /// `=` and a duration.
    Duration,
    /// `=` and a time, or a list of options.
    Clock(&'static [Setting]),
    /// `=` and a number of at most `most`.
    Number {
        most: u32,
    },
    /// `=` and a reason as free text.
    Reason,
    /// Optionally, `=` and free text.
    PerhapsReason,
    /// `=` and a path.
    Path,
    /// A number of modules and more arguments, in parentheses; see [`Inherited`].
    Inherited,
}

/// One option of an argument.
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) form: Form,
}

/// The syntax of an option.
pub(crate) enum Form {
    Flag,
    Number {
        least: u32,
        most: u32,
    },
    /// A literal from 1 to 65535, or a constant.
    PortNumber,
    /// A string that is not empty, or a list of these.
    Paths,
    Choice(&'static [&'static str]),
    /// A string with a time, or an expression.
    Time,
    /// A literal above zero, with or without decimals.
    Speed,
}

const MOST_PORTS: u32 = 64;

const PORT: &[Setting] = &[
    Setting {
        name: "tcp",
        form: Form::Flag,
    },
    Setting {
        name: "udp",
        form: Form::Flag,
    },
    Setting {
        name: "count",
        form: Form::Number {
            least: 1,
            most: MOST_PORTS,
        },
    },
    Setting {
        name: "number",
        form: Form::PortNumber,
    },
];

const TMPDIR: &[Setting] = &[
    Setting {
        name: "from",
        form: Form::Paths,
    },
    Setting {
        name: "keep",
        form: Form::Choice(&["always", "failure", "never"]),
    },
];

const NETWORK: &[Setting] = &[Setting {
    name: "or",
    form: Form::Choice(&["skip", "serial"]),
}];

const CLOCK: &[Setting] = &[
    Setting {
        name: "at",
        form: Form::Time,
    },
    Setting {
        name: "frozen",
        form: Form::Flag,
    },
    Setting {
        name: "running",
        form: Form::Flag,
    },
    Setting {
        name: "speed",
        form: Form::Speed,
    },
];

const NAME_IT: &str = "give the second a name of its own";
const REMOVE: &str = "remove one";

#[rustfmt::skip] // One line each, so that the columns can be read.
pub(crate) static ARGUMENTS: &[Row] = &[
    Row { word: Word::Port, name: "port", takes: Takes::Options(PORT), is_resource: true, usage: "port", again: Some(NAME_IT) },
    Row { word: Word::TmpDir, name: "tmpdir", takes: Takes::Options(TMPDIR), is_resource: true, usage: "tmpdir", again: Some(NAME_IT) },
    Row { word: Word::Namespace, name: "namespace", takes: Takes::Nothing, is_resource: true, usage: "namespace", again: Some(NAME_IT) },
    Row { word: Word::Seed, name: "seed", takes: Takes::Nothing, is_resource: true, usage: "seed", again: Some(NAME_IT) },
    Row { word: Word::Value, name: "value", takes: Takes::Expression, is_resource: true, usage: "pool = value(...)", again: Some(NAME_IT) },
    Row { word: Word::Awaited, name: "awaited", takes: Takes::Expression, is_resource: true, usage: "db = awaited(...)", again: Some(NAME_IT) },
    Row { word: Word::Pool, name: "pool", takes: Takes::KeyAndItems, is_resource: true, usage: "device = pool(\"...\", [\"a\", \"b\"])", again: Some(NAME_IT) },
    Row { word: Word::Serial, name: "serial", takes: Takes::Keys, is_resource: false, usage: "serial = \"...\"", again: Some("write a list: `serial = [\"a\", \"b\"]`") },
    Row { word: Word::Shared, name: "shared", takes: Takes::Keys, is_resource: false, usage: "shared = \"...\"", again: Some("write a list: `shared = [\"a\", \"b\"]`") },
    Row { word: Word::Limit, name: "limit", takes: Takes::KeyAndNumber, is_resource: false, usage: "limit(\"...\", 4)", again: None },
    Row { word: Word::Alone, name: "alone", takes: Takes::Nothing, is_resource: false, usage: "alone", again: Some(REMOVE) },
    Row { word: Word::Process, name: "process", takes: Takes::Nothing, is_resource: false, usage: "process", again: Some(REMOVE) },
    Row { word: Word::Env, name: "env", takes: Takes::Variables, is_resource: false, usage: "env(NAME = ...)", again: Some("write one list: `env(A = ..., B = ...)`") },
    Row { word: Word::Cwd, name: "cwd", takes: Takes::Directory(TMPDIR), is_resource: false, usage: "cwd = ...", again: Some(REMOVE) },
    Row { word: Word::Timeout, name: "timeout", takes: Takes::Duration, is_resource: false, usage: "timeout = \"30s\"", again: Some(REMOVE) },
    Row { word: Word::Network, name: "network", takes: Takes::Options(NETWORK), is_resource: false, usage: "network", again: Some(REMOVE) },
    Row { word: Word::Clock, name: "clock", takes: Takes::Clock(CLOCK), is_resource: false, usage: "clock = \"2026-02-28T23:59:59Z\"", again: Some(REMOVE) },
    Row { word: Word::Retries, name: "retries", takes: Takes::Number { most: 100 }, is_resource: false, usage: "retries = 3", again: Some(REMOVE) },
    Row { word: Word::Quarantine, name: "quarantine", takes: Takes::Reason, is_resource: false, usage: "quarantine = \"reason or link\"", again: Some(REMOVE) },
    Row { word: Word::Off, name: "off", takes: Takes::Nothing, is_resource: false, usage: "off", again: Some(REMOVE) },
    Row { word: Word::Crate, name: "crate", takes: Takes::Path, is_resource: false, usage: "crate = path", again: Some(REMOVE) },
    Row { word: Word::TestAttribute, name: "test_attribute", takes: Takes::PerhapsReason, is_resource: false, usage: "test_attribute", again: Some(REMOVE) },
    // Only the macro itself writes this one, and no user has an item of that name.
    Row { word: Word::Inherited, name: inherited::NAME, takes: Takes::Inherited, is_resource: false, usage: inherited::NAME, again: Some(REMOVE) },
];

impl Row {
    /// Whether only the macro itself writes this argument.
    pub(crate) fn is_hidden(&self) -> bool {
        self.word == Word::Inherited
    }

    /// Whether the argument has to follow a name that the user chooses. So its own name is free for a
    /// resource of the user's, such as a pool of connections.
    pub(crate) fn needs_name(&self) -> bool {
        matches!(self.takes, Takes::Expression | Takes::KeyAndItems)
    }
}

/// The arguments of one attribute.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) list: Vec<Arg>,
    /// The names of arguments with a mistake, which are missing from `list`.
    pub(crate) failed: Vec<String>,
}

/// A well-formed argument.
pub(crate) struct Arg {
    /// The name left of `=`, or the argument's own name.
    pub(crate) name: Ident,
    /// The row in the table; `None` for a custom resource.
    pub(crate) row: Option<&'static Row>,
    pub(crate) value: Value,
}

/// The value of an argument, as written.
pub(crate) enum Value {
    Nothing,
    Options(Vec<(&'static str, Choice)>),
    Keys(Vec<Key>),
    Limit(Key, TokenStream),
    Pool(Key, Items),
    Variables(Variables),
    /// A duration in milliseconds.
    Millis(u64),
    Clock(Clock),
    Path(TokenStream),
    Inherited(Inherited),
    Expression(TokenStream),
}

/// A clock: the time at which it begins, and how many seconds pass in one.
pub(crate) struct Clock {
    pub(crate) at: Time,
    pub(crate) speed: f64,
}

/// A time.
pub(crate) enum Time {
    Literal(Moment),
    Given(TokenStream),
}

/// The value of an option.
pub(crate) enum Choice {
    Flag,
    Number(u32),
    Paths(Vec<LitStr>),
    OneOf(&'static str),
    /// How many seconds pass in one.
    Speed(f64),
    /// A literal or a constant expression.
    Constant(TokenStream),
}

/// The items of a pool: a reference to an array.
pub(crate) struct Items {
    pub(crate) tokens: TokenStream,
    /// Whether all items are literals.
    pub(crate) is_literal: bool,
}

/// A key: a string literal, or an expression that yields a string or a `Key`.
pub(crate) enum Key {
    Text(LitStr),
    Expression(TokenStream),
}

impl Key {
    /// The key as text, for comparisons and messages.
    pub(crate) fn text(&self) -> String {
        match self {
            Key::Text(text) => format!("\"{}\"", text.value()),
            Key::Expression(tokens) => tokens.to_string(),
        }
    }
}
