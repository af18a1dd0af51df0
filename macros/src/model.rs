//! The requests of a test, with defaults filled in and parameters bound. The only syntax left is the
//! tokens of the user's own code.

mod lock;
mod outside;
mod resource;
mod surroundings;
mod values;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;
use syn::ext::IdentExt;

use crate::args::{Arg, Args, Inherited, Key, Value, Word};
use crate::attribute::Attribute;
use crate::errors::Errors;
use crate::harness;
use crate::mention::mentions;
use crate::test_fn::{Parameter, TestFn};

use self::lock::lock;
pub(crate) use self::lock::{Lock, Mode};
pub(crate) use self::outside::{Expression, alias};
pub(crate) use self::resource::{Kind, Protocol, Resource};
use self::resource::{options, port, tmpdir};
pub(crate) use self::surroundings::{At, Clock, Cwd, Refused, Surroundings, Timeout};

/// The requests of one attribute.
pub(crate) struct Wanted {
    pub(crate) resources: Vec<Resource>,
    pub(crate) locks: Vec<Lock>,
    pub(crate) alone: bool,
    pub(crate) surroundings: Surroundings,
    /// The path of `crate = path`.
    pub(crate) krate: Option<TokenStream>,
    pub(crate) test_attribute: Option<Ident>,
    /// Whether the user's own code calls the function, so that it needs no test attribute.
    pub(crate) is_called: bool,
    /// `off`: nothing that the enclosing modules request.
    pub(crate) off: Option<Ident>,
    /// The requests of the enclosing module or file.
    outer: Option<(usize, Box<Wanted>)>,
    /// The names of arguments with a mistake.
    pub(crate) failed: Vec<String>,
    /// Whether something is missing because of a mistake that is reported elsewhere.
    pub(crate) is_partial: bool,
}

/// A fully resolved test: what it requests, and which parameter receives which resource.
pub(crate) struct Model {
    pub(crate) wanted: Wanted,
    /// For each parameter, the index of its resource; `None` if another attribute fills it.
    pub(crate) bindings: Vec<Option<usize>>,
    /// For each resource, whether the test has it for itself: by value or by mutable reference.
    pub(crate) given: Vec<bool>,
    pub(crate) run: Run,
    /// Whether another attribute calls the function many times for one test.
    pub(crate) is_called_often: bool,
}

/// Where the test is isolated, and what judges its return value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    /// At the call of the function; the runtime judges the value.
    Here {
        /// Whether the run reports that a test attribute is outside the isolation, although it
        /// could be inside.
        warns: bool,
    },
    /// At the call of the function; the test attribute judges the value.
    Returning,
    /// At the call of the function, which runs in a subprocess.
    Apart,
    /// Around the test that another attribute generates, with or without a subprocess.
    Around,
}

impl Wanted {
    pub(crate) fn new(args: Args) -> Wanted {
        let mut wanted = Wanted {
            resources: Vec::new(),
            locks: Vec::new(),
            alone: false,
            surroundings: Surroundings::default(),
            krate: None,
            test_attribute: None,
            is_called: false,
            off: None,
            outer: None,
            failed: args.failed,
            is_partial: false,
        };
        for arg in args.list {
            wanted.add(arg);
        }
        wanted
    }

    fn add(&mut self, Arg { name, row, value }: Arg) {
        match (row.map(|row| row.word), value) {
            (Some(Word::Port), value) => self.ask(name, port(options(value))),
            (Some(Word::TmpDir), value) => self.ask(name, tmpdir(options(value))),
            (Some(Word::Namespace), _) => self.ask(name, Kind::Namespace),
            (Some(Word::Seed), _) => self.ask(name, Kind::Seed),
            (Some(Word::Value), Value::Expression(tokens)) => {
                self.ask(name, Kind::Value(tokens.into()));
            }
            (Some(Word::Awaited), Value::Expression(tokens)) => {
                self.ask(name, Kind::Awaited(tokens.into()));
            }
            (Some(Word::Pool), Value::Pool(key, items)) => {
                let lock = lock(&name, Mode::Pool(items), Some(key));
                self.ask(name, Kind::Pool(lock));
            }
            (Some(Word::Serial), Value::Keys(keys)) => self.lock(&name, keys, || Mode::Exclusive),
            (Some(Word::Shared), Value::Keys(keys)) => self.lock(&name, keys, || Mode::Shared),
            (Some(Word::Limit), Value::Limit(key, number)) => {
                self.lock(&name, vec![key], || Mode::Limit(number.clone()));
            }
            (Some(Word::Alone), _) => self.alone = true,
            (
                Some(
                    word @ (Word::Process
                    | Word::Env
                    | Word::Cwd
                    | Word::Timeout
                    | Word::Network
                    | Word::Clock
                    | Word::Retries
                    | Word::Quarantine),
                ),
                value,
            ) => self.surroundings.ask(word, name, value),
            (Some(Word::Off), _) => self.off = Some(name),
            (Some(Word::Crate), Value::Path(path)) => self.krate = Some(path),
            (Some(Word::TestAttribute), value) => {
                self.test_attribute = Some(name);
                self.is_called = matches!(value, Value::Expression(_));
            }
            (Some(Word::Inherited), Value::Inherited(inherited)) => self.inherit(inherited),
            (None, Value::Expression(tokens)) => self.ask(name, Kind::Custom(tokens)),
            // The grammar produces no other values for these arguments.
            (
                Some(
                    Word::Value
                    | Word::Awaited
                    | Word::Pool
                    | Word::Serial
                    | Word::Shared
                    | Word::Limit
                    | Word::Crate
                    | Word::Inherited,
                )
                | None,
                _,
            ) => {}
        }
    }

    fn ask(&mut self, name: Ident, kind: Kind) {
        self.resources.push(Resource {
            name,
            kind,
            is_inherited: false,
        });
    }

    fn lock(&mut self, argument: &Ident, keys: Vec<Key>, mode: impl Fn() -> Mode) {
        if keys.is_empty() {
            self.locks.push(lock(argument, mode(), None));
        }
        let keys = keys.into_iter();
        self.locks
            .extend(keys.map(|key| lock(argument, mode(), Some(key))));
    }

    fn inherit(&mut self, Inherited { modules, arguments }: Inherited) {
        // The attribute of the module reports its own mistakes.
        let mut errors = Errors::new();
        let mut wanted = Box::new(Wanted::new(Args::read(arguments, &mut errors)));
        wanted.is_partial |= errors.finish().is_some();
        self.outer = Some((modules, wanted));
    }

    /// Whether an enclosing module requests something.
    pub(crate) fn inherits(&self) -> bool {
        self.outer.is_some()
    }

    /// Whether the attribute itself requests something.
    pub(crate) fn requests_anything(&self) -> bool {
        !self.resources.is_empty()
            || !self.locks.is_empty()
            || self.alone
            || !self.surroundings.asked_by.is_empty()
    }

    /// The path of the crate `isolated-test`.
    pub(crate) fn krate(&self) -> TokenStream {
        match (&self.krate, &self.outer) {
            (Some(path), _) => path.clone(),
            (None, Some((_, outer))) => outer.krate(),
            (None, None) => quote!(::isolated_test),
        }
    }

    /// Adds what the enclosing modules request, unless the test overrides it.
    pub(crate) fn merged(self) -> Wanted {
        self.merged_below(0)
    }

    /// Like [`merged`](Wanted::merged), for a test that is this number of modules below the attribute.
    fn merged_below(mut self, modules: usize) -> Wanted {
        let krate = self.krate();
        let outer = self.outer.take();
        self.move_below(modules);
        if let Some((between, outer)) = outer {
            let Wanted {
                mut resources,
                mut locks,
                alone,
                surroundings,
                is_partial,
                ..
            } = outer.merged_below(modules + between);
            // Two expressions with one spelling may be different keys, so both locks stay.
            locks.retain(|theirs| {
                matches!(theirs.key, Some(Key::Expression(_)))
                    || !self.locks_and_pools().any(|ours| ours.text == theirs.text)
            });
            resources.retain(|theirs| {
                !self
                    .resources
                    .iter()
                    .any(|ours| ours.has_name(&theirs.name))
            });
            for theirs in &mut resources {
                theirs.is_inherited = true;
            }
            resources.append(&mut self.resources);
            self.locks.append(&mut locks);
            self.resources = resources;
            self.alone |= alone;
            self.surroundings.inherit(surroundings);
            self.is_partial |= is_partial;
        }
        self.krate = Some(krate);
        self
    }

    /// The locks, including those of pools.
    pub(crate) fn locks_and_pools(&self) -> impl Iterator<Item = &Lock> {
        let pools = self
            .resources
            .iter()
            .filter_map(|resource| match &resource.kind {
                Kind::Pool(lock) => Some(lock),
                _ => None,
            });
        self.locks.iter().chain(pools)
    }

    /// Whether an expression names one of these parameters and therefore needs its value.
    fn mentions_any(&self, parameters: &[&Parameter]) -> bool {
        let resources = self.resources.iter();
        let custom = resources.filter_map(|resource| match &resource.kind {
            Kind::Custom(expression) => Some(expression),
            _ => None,
        });
        let mut expressions =
            custom.chain(self.surroundings.expressions().map(|value| &value.tokens));
        expressions.any(|expression| {
            let mut names = parameters
                .iter()
                .filter_map(|parameter| parameter.name.as_ref());
            names.any(|name| mentions(expression, name))
        })
    }

    /// The index of the resource with the name of the parameter, with or without one leading
    /// underscore.
    fn bound_to(&self, parameter: &Parameter) -> Option<usize> {
        let named = |name: &str| {
            let mut resources = self.resources.iter();
            resources.position(|resource| resource.name.unraw() == name)
        };
        let name = parameter.name.as_ref()?.unraw().to_string();
        named(&name).or_else(|| named(name.strip_prefix('_')?))
    }
}

impl Model {
    pub(crate) fn new(mut wanted: Wanted, function: &TestFn) -> Model {
        wanted.have_a_directory_to_work_in();
        wanted.settle_values(function);
        let bindings: Vec<_> = function
            .parameters
            .iter()
            .map(|parameter| wanted.bound_to(parameter))
            .collect();
        let given = wanted
            .resources
            .iter()
            .enumerate()
            .map(|(index, _)| {
                let mut parameters = function.parameters.iter().zip(&bindings);
                parameters
                    .any(|(parameter, bound)| *bound == Some(index) && parameter.is_exclusive())
            })
            .collect();
        let run = run(&wanted, function, &bindings);
        Model {
            wanted,
            bindings,
            given,
            run,
            is_called_often: harness::calls_often(&function.attributes).is_some(),
        }
    }

    /// Whether the wrapper returns the value to the test attribute.
    ///
    /// The attributes of async runtimes repeat the return type in a place where not every type is
    /// allowed.
    pub(crate) fn returns(&self, function: &TestFn) -> bool {
        match self.run {
            Run::Here { .. } | Run::Apart => false,
            Run::Returning => true,
            Run::Around => function.asyncness.is_none() || function.returns_a_named_type(),
        }
    }

    /// Whether parameters are left for another attribute to fill.
    pub(crate) fn has_foreign_parameters(&self) -> bool {
        self.bindings.iter().any(Option::is_none)
    }
}

/// Decides where a test is isolated: around everything that its attributes generate, if they allow
/// it.
fn run(wanted: &Wanted, function: &TestFn, bindings: &[Option<usize>]) -> Run {
    let has_process = !wanted.surroundings.asked_by.is_empty();
    let attributes = &function.attributes;
    let is_judged = harness::judges_value(attributes);
    // The runtime cannot pass a value out of a subprocess to the attribute that judges it, but the
    // attribute can judge it inside the subprocess.
    let must_be_around = has_process && is_judged;
    let foreign = function.parameters.iter().zip(bindings);
    let foreign: Vec<&Parameter> = foreign
        .filter(|(_, bound)| bound.is_none())
        .map(|(parameter, _)| parameter)
        .collect();
    let is_wrapped = function.asyncness.is_some()
        || !foreign.is_empty()
        || wanted.test_attribute.is_some()
        || !harness::is_plain(attributes);
    let makes_a_test = !wanted.is_called && !attributes.iter().all(Attribute::makes_no_test);
    if is_wrapped
        && makes_a_test
        && harness::copies_attributes(attributes, function.asyncness.is_some())
        && (must_be_around || !wanted.mentions_any(&foreign))
    {
        Run::Around
    } else if has_process {
        Run::Apart
    } else if function.returns_a_value() && is_judged {
        Run::Returning
    } else {
        let warns = makes_a_test && harness::calls_often(attributes).is_none();
        Run::Here { warns }
    }
}
