//! The effect of a system call on resources outside of the test.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::calls::{At, Call, PathCall};
use super::files::Files;
use super::moment::Moment;
use super::process;
use super::sockets::{self, Address};
use super::watcher::Watcher;
use crate::findings::{Kind, Touch};
use crate::observe::record::Log;

impl Watcher<'_> {
    pub(super) fn effect(&mut self, moment: Moment<'_>, call: Call) {
        let is_test = moment.is_test;
        if let Call::Path(at, PathCall::Run) = call {
            // `argv` follows the path.
            let words = moment.words(at.path + 1);
            self.processes.run(moment.process, words);
        }
        match call {
            Call::Path(at, call) => self.path(moment, at, |files, log, path| match call {
                PathCall::Open(flags) => files.open(log, path, moment.flags(flags), is_test),
                PathCall::Run => files.open(log, path, libc::O_RDONLY, is_test),
                PathCall::Look => files.look(log, path, is_test),
                PathCall::Change => Files::change(log, path),
                PathCall::Remove => Files::remove(log, path),
                PathCall::MakeDir => files.make_dir(log, path, is_test),
                PathCall::Make => files.make(log, path, is_test),
            }),
            Call::Rename(from, to) => {
                let to = moment.path(to).map(|(to, _)| to);
                self.path(moment, from, |files, log, from| {
                    if let Some(to) = &to {
                        files.rename(log, from, to, is_test);
                    }
                });
            }
            Call::List => {
                if let Some(dir) = process::descriptor(moment.report.thread, moment.number(0)) {
                    let dir = dir.to_string_lossy();
                    self.log.add(Kind::Directory, &dir, Touch::List);
                }
            }
            Call::ChangeDir if is_test => {
                self.touch(Kind::WorkingDirectory, "working directory", Touch::Change);
            }
            Call::ChangeDir => self.processes.moves(moment.process),
            Call::AskDir => self.of_process(
                moment,
                Kind::WorkingDirectory,
                "working directory",
                Touch::Use,
            ),
            // A lock of the program cannot guard it, because each new file uses the umask.
            Call::Umask if is_test => self.log.add(Kind::Umask, "umask", Touch::Change),
            Call::SetHandler => self.of_process(
                moment,
                Kind::Signal,
                &signal(moment.number(0)),
                Touch::Change,
            ),
            Call::Signal { process, number } => {
                if i64::from(moment.number(process)) == i64::from(moment.process.id) {
                    let name = signal(moment.number(number));
                    self.of_process(moment, Kind::Signal, &name, Touch::Use);
                }
            }
            Call::Bind => self.socket(moment, 1, true),
            Call::Connect => self.socket(moment, 1, false),
            Call::Send => self.socket(moment, 4, false),
            Call::AskPort => {
                let socket = sockets::copy(moment.process.id, moment.number(0));
                let kind = socket.as_ref().and_then(sockets::kind);
                if let Some((kind, port)) = kind.zip(socket.and_then(sockets::port)) {
                    self.ports.ask(kind, port);
                }
            }
            Call::Ipc { kind, flags } => {
                let key = moment.number(0);
                let touch = if moment.number(flags) & libc::IPC_CREAT == 0 {
                    Touch::Use
                } else {
                    Touch::Change
                };
                if key != libc::IPC_PRIVATE {
                    self.log.add(kind, &format!("{key:#x}"), touch);
                }
            }
            Call::OpenQueue | Call::RemoveQueue => {
                let touch = match call {
                    Call::RemoveQueue => Touch::Remove,
                    _ if moment.number(1) & libc::O_CREAT != 0 => Touch::Change,
                    _ => Touch::Use,
                };
                if let Some(name) = moment.text(0) {
                    let name = format!("/{}", String::from_utf8_lossy(&name));
                    self.log.add(Kind::MessageQueue, &name, touch);
                }
            }
            Call::Umask | Call::Name | Call::EndThread | Call::EndProcess | Call::Enter => {}
        }
    }

    /// Records a touch of a resource that only the threads of a process share.
    fn of_process(&mut self, moment: Moment<'_>, kind: Kind, name: &str, touch: Touch) {
        if moment.is_test {
            self.touch(kind, name, touch);
        }
    }

    fn path(&mut self, moment: Moment<'_>, at: At, act: impl FnOnce(&mut Files, &mut Log, &Path)) {
        let Some((path, is_relative)) = moment.path(at) else {
            return;
        };
        // A child starts in the working directory of the test.
        if is_relative && (moment.is_test || !self.processes.has_moved(moment.process)) {
            self.relative.insert(path.to_string_lossy().into_owned());
            self.touch(Kind::WorkingDirectory, "working directory", Touch::Use);
        }
        if moment.process.shares_mounts || process::is_same_place(moment.report.thread, &path) {
            act(&mut self.files, &mut self.log, &path);
        }
    }

    fn socket(&mut self, moment: Moment<'_>, address: usize, binds: bool) {
        let [at, length] = [address, address + 1].map(|argument| moment.report.arguments[argument]);
        let touch = if binds { Touch::Change } else { Touch::Use };
        match sockets::address(moment.report.thread, at, length) {
            Some(Address::Port(port)) if moment.process.shares_network => {
                let socket = sockets::copy(moment.process.id, moment.number(0));
                if let Some(kind) = socket.as_ref().and_then(sockets::kind) {
                    if binds {
                        self.ports.bind(kind, port);
                    } else {
                        self.ports.connect(kind, port);
                    }
                }
            }
            Some(Address::Abstract(name)) if moment.process.shares_network => {
                let name = String::from_utf8_lossy(&name).into_owned();
                self.log.add(Kind::AbstractSocket, &name, touch);
            }
            Some(Address::Path(path)) => {
                let path = moment.in_working_directory(OsStr::from_bytes(&path));
                if let Some(path) = path.to_str() {
                    self.log.add(Kind::UnixSocket, path, touch);
                }
            }
            _ => {}
        }
    }
}

fn signal(number: i32) -> String {
    match nix::sys::signal::Signal::try_from(number) {
        Ok(signal) => signal.as_str().to_owned(),
        Err(_) => format!("signal {number}"),
    }
}
