//! The requests of the arguments for the subprocess of a test (environment variables, working
//! directory, timeout, network, clock, handling of failures), and how that is inherited from a module.

use std::mem;

use proc_macro2::{Literal, TokenStream};
use syn::Ident;

use super::resource::tmpdir;
use super::{Expression, Kind, Resource, Wanted};
use crate::args::{Choice, Moment, Time, Value, Word};

/// The requests for the subprocess.
#[derive(Default)]
pub(crate) struct Surroundings {
    /// The arguments that imply a subprocess. Without any, the test has no subprocess.
    pub(crate) asked_by: Vec<Ident>,
    pub(crate) variables: Vec<Variable>,
    /// Whether all other environment variables are removed.
    pub(crate) is_clear: bool,
    pub(crate) cwd: Option<Cwd>,
    pub(crate) timeout: Option<Timeout>,
    pub(crate) network: Option<Refused>,
    pub(crate) clock: Option<Clock>,
    /// The maximum number of retries after a failure.
    pub(crate) retries: Option<TokenStream>,
    /// Why a failure does not count.
    pub(crate) quarantine: Option<TokenStream>,
}

/// An environment variable.
pub(crate) struct Variable {
    pub(crate) name: String,
    /// `None` if the variable is unset.
    pub(crate) value: Option<Expression>,
}

/// The working directory.
pub(crate) enum Cwd {
    /// The first temporary directory of the test.
    First(Ident),
    /// A temporary directory of its own, with these options.
    Own(Ident, Vec<(&'static str, Choice)>),
    Given(Expression),
}

/// The time limit of the test.
pub(crate) enum Timeout {
    Millis(u64),
    Given(Expression),
}

/// The clock of the test.
pub(crate) struct Clock {
    /// The name of the argument.
    pub(crate) name: Ident,
    pub(crate) at: At,
    /// How many seconds pass in one, as a literal.
    pub(crate) speed: Literal,
}

/// The time at which a clock begins.
pub(crate) enum At {
    Literal(Moment),
    Given(Expression),
}

/// The behaviour of the test if the system refuses a separate network.
#[derive(Clone, Copy)]
pub(crate) enum Refused {
    Fail,
    Skip,
    Serial,
}

impl Surroundings {
    pub(super) fn ask(&mut self, word: Word, name: Ident, value: Value) {
        self.asked_by.push(name.clone());
        match (word, value) {
            (Word::Env, Value::Variables(variables)) => {
                self.is_clear = variables.is_clear;
                let variables = variables.list.into_iter();
                self.variables = variables
                    .map(|variable| Variable {
                        name: variable.name,
                        value: variable.value.map(Expression::from),
                    })
                    .collect();
            }
            (Word::Cwd, Value::Expression(tokens)) => self.cwd = Some(Cwd::Given(tokens.into())),
            (Word::Cwd, Value::Options(options)) => self.cwd = Some(Cwd::Own(name, options)),
            (Word::Cwd, _) => self.cwd = Some(Cwd::First(name)),
            (Word::Timeout, Value::Millis(millis)) => self.timeout = Some(Timeout::Millis(millis)),
            (Word::Timeout, Value::Expression(tokens)) => {
                self.timeout = Some(Timeout::Given(tokens.into()));
            }
            (Word::Network, value) => self.network = Some(refused(&value)),
            (Word::Clock, Value::Clock(clock)) => {
                let speed = clock.speed();
                let at = match clock.at {
                    Time::Literal(moment) => At::Literal(moment),
                    Time::Given(tokens) => At::Given(tokens.into()),
                };
                self.clock = Some(Clock { name, at, speed });
            }
            (Word::Retries, Value::Expression(tokens)) => self.retries = Some(tokens),
            (Word::Quarantine, Value::Expression(tokens)) => self.quarantine = Some(tokens),
            // The other arguments only request a subprocess.
            _ => {}
        }
    }

    /// Adds what an enclosing module requests, unless the test overrides it.
    pub(super) fn inherit(&mut self, outer: Surroundings) {
        let Surroundings {
            mut asked_by,
            mut variables,
            is_clear,
            cwd,
            timeout,
            network,
            clock,
            retries,
            quarantine,
        } = outer;
        let ours = &mut self.variables;
        let is_ours = |name: &str| ours.iter().any(|variable| variable.name == name);
        variables.retain(|theirs| !is_ours(&theirs.name));
        variables.append(ours);
        self.variables = variables;
        self.is_clear |= is_clear;
        self.asked_by.append(&mut asked_by);
        self.cwd = self.cwd.take().or(cwd);
        self.timeout = self.timeout.take().or(timeout);
        self.network = self.network.or(network);
        self.clock = self.clock.take().or(clock);
        self.retries = self.retries.take().or(retries);
        self.quarantine = self.quarantine.take().or(quarantine);
    }

    /// The expressions that are evaluated before the subprocess starts.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let values = self.variables.iter();
        let cwd = match &self.cwd {
            Some(Cwd::Given(directory)) => Some(directory),
            _ => None,
        };
        let timeout = match &self.timeout {
            Some(Timeout::Given(limit)) => Some(limit),
            _ => None,
        };
        let clock = match &self.clock {
            Some(Clock {
                at: At::Given(at), ..
            }) => Some(at),
            _ => None,
        };
        let values = values.filter_map(|variable| variable.value.as_ref());
        values.chain(cwd).chain(timeout).chain(clock)
    }

    pub(super) fn expressions_mut(&mut self) -> impl Iterator<Item = &mut Expression> {
        let values = self.variables.iter_mut();
        let cwd = match &mut self.cwd {
            Some(Cwd::Given(directory)) => Some(directory),
            _ => None,
        };
        let timeout = match &mut self.timeout {
            Some(Timeout::Given(limit)) => Some(limit),
            _ => None,
        };
        let clock = match &mut self.clock {
            Some(Clock {
                at: At::Given(at), ..
            }) => Some(at),
            _ => None,
        };
        let values = values.filter_map(|variable| variable.value.as_mut());
        values.chain(cwd).chain(timeout).chain(clock)
    }
}

impl Wanted {
    /// Adds the temporary directory in which the test is to work, unless `cwd` selects another one.
    pub(super) fn have_a_directory_to_work_in(&mut self) {
        let is_there = self.directory_to_work_in().is_some();
        let (name, options) = match &mut self.surroundings.cwd {
            Some(Cwd::Own(name, options)) => (name, mem::take(options)),
            Some(Cwd::First(name)) if !is_there => (name, Vec::new()),
            _ => return,
        };
        let (name, kind) = (name.clone(), tmpdir(options));
        self.resources.push(Resource {
            name,
            kind,
            is_inherited: false,
        });
    }

    /// The index of the temporary directory in which the test works.
    pub(crate) fn directory_to_work_in(&self) -> Option<usize> {
        let is_directory = |resource: &Resource| matches!(resource.kind, Kind::TmpDir { .. });
        match &self.surroundings.cwd {
            Some(Cwd::First(_)) => self.resources.iter().position(is_directory),
            Some(Cwd::Own(name, _)) => self.resources.iter().position(|one| one.has_name(name)),
            Some(Cwd::Given(_)) | None => None,
        }
    }
}

fn refused(value: &Value) -> Refused {
    let Value::Options(options) = value else {
        return Refused::Fail;
    };
    match options.first() {
        Some((_, Choice::OneOf("skip"))) => Refused::Skip,
        Some((_, Choice::OneOf("serial"))) => Refused::Serial,
        _ => Refused::Fail,
    }
}
