//! The host: provisions a resource, publishes its handle, and stays until it has had no user for a
//! while.

use std::error::Error as _;
use std::fs::File;
use std::io;
use std::process;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::identity::HostName;
use crate::config::{Keep, variables};
use crate::error::{BoxError, Error, ErrorKind, chain};
use crate::location::SourceLocation;
use crate::mutex::lock;
use crate::name::Name;
use crate::os::detached::Inherited;
use crate::os::flock::{self, Strength};
use crate::os::spawn_thread;
use crate::os::terminate::on_termination;
use crate::report;
use crate::resource::Resource;
use crate::resource::custom::Maker;
use crate::resource::request::{Kind, Protocol, Request};
use crate::run::end::End;
use crate::run::process::mark::{self, AskedHost};
use crate::run::process::protocol::HandleWire;
use crate::run::session::Session;
use crate::run::spec::{ShouldPanic, Spec};
use crate::state::host::{HostDir, touched};
use crate::state::state_dir;

/// How long the resource may take to be released.
const RELEASED_WITHIN: Duration = Duration::from_secs(60);

/// The resources that a host provisions: the last one is shared.
const RESOURCES: [Request; 3] = [
    Request {
        name: "port",
        kind: Kind::Port(Protocol::Tcp, 1),
    },
    Request {
        name: "tmpdir",
        kind: Kind::TmpDir {
            from: &[],
            keep: Some(Keep::Never),
        },
    },
    Request {
        name: "namespace",
        kind: Kind::Namespace,
    },
];

/// Describes a host as if it were a test. Its last resource is the shared one.
fn spec(resource: &'static str) -> &'static Spec {
    let [port, tmpdir, namespace] = RESOURCES;
    let shared = Request {
        name: resource,
        kind: Kind::Custom { by_value: false },
    };
    let resources = Box::leak(Box::new([port, tmpdir, namespace, shared]));
    Box::leak(Box::new(Spec { resources, ..SPEC }))
}

const SPEC: Spec = Spec {
    place: SourceLocation {
        module: module_path!(),
        file: file!(),
        line: line!(),
        package: None,
        build: None,
        package_root: None,
    },
    function: "serve",
    should_panic: ShouldPanic::No,
    resources: &[],
    locks: &[],
    process: None,
    is_called_often: false,
};

/// The host that this process is to become.
pub(super) fn asked() -> Option<&'static AskedHost> {
    mark::asked_host()
}

/// Becomes the host, if the name is the one that is asked for. Returns only with an error.
pub(super) fn serve<R: Resource>(
    asked: &AskedHost,
    name: &HostName,
    make: fn() -> R,
    after_failure: Duration,
) -> Result<(), BoxError> {
    if asked.name != name.dir() {
        let text = format!(
            "the host `{}` was asked for, and the test wants `{}`; a host cannot use another one; name \
             both in the attribute of the test",
            asked.name,
            name.dir()
        );
        return Err(text.into());
    }
    let inherited = Inherited::take_over(&asked.link)?;
    let dir = HostDir::at(state_dir()?, &asked.name);
    dir.note_start()?;
    let news = News::listen(&dir)?;
    // New users wait for a host that ends, and must get theirs before they give up.
    let patience = RELEASED_WITHIN.min(variables()?.lock_timeout / 2);
    let host = Name::of_host(name.resource);
    let mut custom = [Maker::new(&make).custom()];
    let session = Session::host(spec(name.resource), host.clone(), &mut custom);
    let published = session.and_then(|session| {
        let handle = session.handles()?.pop();
        let Some(HandleWire::Custom(handle)) = handle else {
            unreachable!("the last resource is the shared one, and it has a transfer");
        };
        let published = news.publish(|| dir.publish(&handle)).map_err(|error| {
            Error::path(ErrorKind::State, "publish the handle in", dir.path(), error)
        })?;
        Ok((session, published))
    });
    match published {
        Ok((session, published)) => {
            inherited.has_started();
            let result = news.linger(&dir, after_failure);
            if let Err(error) = &result {
                report::error(host.full(), error);
            }
            let released = end_within(patience);
            // From here on, no test finds the host. If it ends because it is unused, its lock keeps
            // new users waiting until this process has ended.
            flock::unlock(&published);
            let is_clean = session.finish(End::Returned { passed: true }).is_pass();
            drop(released);
            if let (Ok(Some(_users)), true) = (&result, is_clean) {
                let _ = dir.finish();
            }
            process::exit(i32::from(result.is_err()))
        }
        Err(error) => {
            let result = news.publish(|| dir.publish_failure(&reason(&error)));
            if let Err(error) = result {
                report::error(host.full(), &error);
            }
            inherited.has_started();
            process::exit(1)
        }
    }
}

/// Ends this process if the resource is not released within this time. The release is over when the
/// returned value is dropped.
fn end_within(limit: Duration) -> Sender<()> {
    let (released, is_released) = channel();
    let end = move || {
        if let Err(RecvTimeoutError::Timeout) = is_released.recv_timeout(limit) {
            report::not_released(limit);
            process::exit(1);
        }
    };
    // If no thread can be started, the release has no time limit.
    let _ = spawn_thread("isolated-test-end", end);
    released
}

/// Why the host could not start, without the name of the resource, which the test adds.
fn reason(error: &Error) -> String {
    let source = error
        .source()
        .filter(|_| error.kind() == ErrorKind::Resource);
    source.map_or_else(|| chain(error), chain)
}

/// The events for which a host waits.
struct News {
    sender: Sender<Event>,
    receiver: Receiver<Event>,
    /// Whether the handle is published, or why the host could not start.
    is_published: Arc<Mutex<bool>>,
}

enum Event {
    /// No test uses the host at the moment.
    Unused(io::Result<File>),
    Terminated,
}

impl News {
    /// Waits for the request to end, and for the end of the last user. A host that is still starting
    /// ends at once when no test waits for it.
    fn listen(dir: &HostDir) -> io::Result<Self> {
        let (sender, receiver) = channel();
        let terminated = sender.clone();
        on_termination(move || {
            let _ = terminated.send(Event::Terminated);
        })?;
        let news = News {
            sender,
            receiver,
            is_published: Arc::default(),
        };
        news.watch_users(dir)?;
        Ok(news)
    }

    /// Waits in a thread until no test uses the host.
    fn watch_users(&self, dir: &HostDir) -> io::Result<()> {
        let users = dir.users()?;
        let (sender, is_published) = (self.sender.clone(), self.is_published.clone());
        spawn_thread("isolated-test-users", move || {
            let unused = flock::lock(&users, Strength::Exclusive).map(|()| users);
            let is_published = lock(&is_published);
            if !*is_published {
                report::unwanted_host();
                process::exit(1);
            }
            let _ = sender.send(Event::Unused(unused));
        })
    }

    /// Publishes the handle, or why there is none.
    fn publish<T>(&self, publish: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let mut is_published = lock(&self.is_published);
        *is_published = true;
        publish()
    }

    /// Waits until the host has had no user for a while. Returns the lock that keeps new users
    /// waiting, or `None` if the process is asked to end.
    fn linger(&self, dir: &HostDir, after_failure: Duration) -> io::Result<Option<File>> {
        let variables = variables().map_err(io::Error::other)?;
        let are_kept = variables.keep != Some(Keep::Never);
        loop {
            let Ok(Event::Unused(users)) = self.receiver.recv() else {
                return Ok(None);
            };
            let users = users?;
            let last = touched(&users)?;
            flock::unlock(&users);
            let mut time = variables.linger;
            if are_kept && dir.has_failure() {
                time = time.max(after_failure);
            }
            if self.receiver.recv_timeout(time).is_ok() {
                return Ok(None);
            }
            // A test may have come and gone meanwhile, or use another file, because this one was
            // removed.
            if flock::try_lock(&users, Strength::Exclusive)? {
                if touched(&users)? == last && dir.is_current(&users)? {
                    return Ok(Some(users));
                }
                flock::unlock(&users);
            }
            self.watch_users(dir)?;
        }
    }
}
