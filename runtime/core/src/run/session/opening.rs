//! Opens the session of a test, or gives up and releases what the test has already.

use std::sync::Arc;

use super::{End, Session};
use crate::error::{Error, chain};
use crate::location::Site;
use crate::lock::activity::Activity;
use crate::name::Name;
use crate::report;
use crate::resource::Outcome;
use crate::resource::custom::Custom;
use crate::resource::reclaim::Recorder;
use crate::run::context;
use crate::run::guard::tie_of_test;
use crate::run::process::network::Network;
use crate::run::resources::{Resources, skipped_by};
use crate::run::spec::Spec;
use crate::run::verdict::Verdict;
use crate::trace::Trace;

impl<'a> Session<'a> {
    /// Acquires the locks of the test and provisions its resources. Reports an error before it
    /// returns the verdict.
    ///
    /// With a subprocess, resources whose handles cannot be transferred are provisioned there.
    pub(crate) fn begin(
        spec: &'static Spec,
        name: Name,
        custom: &mut [Custom<'a>],
        network: &Network,
        in_subprocess: bool,
    ) -> Result<Box<Self>, Verdict> {
        let unable = |error: &Error| Verdict::Unable(error.to_string());
        let session = Self::new(spec, name, network, in_subprocess);
        let mut session = session.map_err(|error| unable(&error))?;
        match session.set_up(custom, network) {
            Ok(()) => Ok(session),
            Err(error) => Err(if let Some(reason) = skipped_by(&error) {
                session.finish(End::Skipped(reason.to_owned()))
            } else {
                session.give_up(&error);
                unable(&error)
            }),
        }
    }

    /// The same for a host, with the error that was reported.
    pub(crate) fn host(
        spec: &'static Spec,
        name: Name,
        custom: &mut [Custom<'a>],
    ) -> Result<Box<Self>, Error> {
        let mut session = Self::new(spec, name, &Network::Common, false)?;
        match session.set_up(custom, &Network::Common) {
            Ok(()) => Ok(session),
            Err(error) => {
                session.give_up(&error);
                Err(error)
            }
        }
    }

    /// A test that has nothing yet. Reports an error.
    fn new(
        spec: &'static Spec,
        name: Name,
        network: &Network,
        in_subprocess: bool,
    ) -> Result<Box<Self>, Error> {
        let caller = context::owner();
        let tie = tie_of_test(caller.as_deref());
        let begun = Activity::begin(name.clone(), Site::from(&spec.place), tie);
        let begun = begun.and_then(|activity| Ok((activity, Trace::begin(&name, &spec.place)?)));
        let (activity, trace) = begun.inspect_err(|error| report::error(name.full(), error))?;
        let activity = Arc::new(activity);
        let recorder = Recorder::Here(Arc::downgrade(&activity));
        let current = spec.begin(
            name,
            caller,
            Some(activity.mark()),
            recorder,
            !network.is_common(),
        );
        Ok(Box::new(Session {
            resources: Resources::new(spec, current, trace),
            activity,
            held: Vec::new(),
            claimed: None,
            waits: Vec::new(),
            is_open: true,
            in_subprocess,
            described: Vec::new(),
            was_clean: true,
            #[cfg(feature = "clock")]
            clock: None,
        }))
    }

    fn set_up(&mut self, custom: &mut [Custom<'a>], network: &Network) -> Result<(), Error> {
        self.lock(network)?;
        self.provision(custom, network)?;
        self.resources.trace.body();
        Ok(())
    }

    /// Reports why a test cannot begin, and releases what it has.
    fn give_up(&mut self, error: &Error) {
        report::error(self.activity.name(), error);
        let trace = &self.resources.trace;
        trace.over("unable", &chain(error), Outcome::Failed);
        self.report();
        self.close(Outcome::Failed);
    }
}
