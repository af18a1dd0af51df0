//! A test's side of the exchange with its host; see `broker`.

use std::io::{self, BufReader};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::broker::line;

/// The use of a database or a schema. Whenever it ends without a word, as in a killed process, that is
/// dropped.
pub(crate) struct Lease {
    stream: BufReader<UnixStream>,
}

/// The database that the host gives.
pub(crate) struct Given {
    pub(crate) url: String,
    /// The schema in that database, or nothing if the test has asked for none.
    pub(crate) schema: String,
    /// The major version of the server.
    pub(crate) version: u32,
    /// Where the test may create a directory, which the host removes.
    pub(crate) dir: PathBuf,
}

/// The end of a database after its test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is dropped later. One that tests share stays.
    Drop,
    /// It stays for people.
    Keep,
    /// No further test may share it.
    Spoiled,
}

/// Why a template could not be built.
pub(crate) struct BuildError {
    pub(crate) why: String,
    pub(crate) is_lasting: bool,
}

/// How long a wait stays silent.
const NOTICE: Duration = Duration::from_secs(3);

impl Lease {
    /// Takes a database, or with `share` one that tests share, or with `schema` a schema in one. `build` fills
    /// the template if there is none, or the schema.
    pub(crate) fn take(
        host: &Path,
        [how, key, wish, who]: [&str; 4],
        build: impl FnOnce(&str) -> Result<(), BuildError>,
    ) -> Result<(Self, Given), String> {
        let lost = |error: io::Error| {
            format!("the host of the server does not answer: {error}; see its log")
        };
        let stream = UnixStream::connect(host).map_err(lost)?;
        let mut lease = Lease {
            stream: BufReader::new(stream),
        };
        let process = std::process::id().to_string();
        lease.say(&[how, key, wish, who, &process]).map_err(lost)?;
        let mut build = Some(build);
        let mut cause = None;
        loop {
            let words = lease.hear(cause.as_deref(), who).map_err(lost)?;
            match &*words.iter().map(String::as_str).collect::<Vec<_>>() {
                ["wait", why] => cause = Some((*why).to_owned()),
                ["build", url] => {
                    cause = None;
                    let build = build.take().ok_or("the host has garbled its answer")?;
                    match build(url) {
                        Ok(()) => lease.say(&["built"]).map_err(lost)?,
                        Err(BuildError { why, is_lasting }) => {
                            let how = if is_lasting { "lasting" } else { "passing" };
                            lease.say(&["failed", how, &why]).map_err(lost)?;
                        }
                    }
                }
                ["given", url, version, dir, schema] => {
                    let given = Given {
                        url: (*url).to_owned(),
                        schema: (*schema).to_owned(),
                        version: version.parse().unwrap_or(0),
                        dir: dir.into(),
                    };
                    return Ok((lease, given));
                }
                ["failed", why] => return Err((*why).to_owned()),
                _ => return Err(lost(io::ErrorKind::UnexpectedEof.into())),
            }
        }
    }

    /// Ends the use.
    pub(crate) fn end(mut self, fate: Fate) -> io::Result<()> {
        let said = self.say(&[match fate {
            Fate::Drop => "drop",
            Fate::Keep => "keep",
            Fate::Spoiled => "spoiled",
        }]);
        said.map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => io::Error::other("the host of the server has ended"),
            _ => error,
        })
    }

    fn say(&mut self, words: &[&str]) -> io::Result<()> {
        line::write(self.stream.get_mut(), words)
    }

    /// Waits for the next answer. Prints a line if that takes long, and the host has given a cause.
    fn hear(&mut self, cause: Option<&str>, who: &str) -> io::Result<Vec<String>> {
        if let Some(cause) = cause {
            self.stream.get_ref().set_read_timeout(Some(NOTICE))?;
            // Nothing is lost: an answer is sent as a whole, and this only waits for its beginning.
            if io::BufRead::fill_buf(&mut self.stream).is_err() {
                eprintln!("isolated-test: {who}: waiting for {cause}");
            }
            self.stream.get_ref().set_read_timeout(None)?;
        }
        Ok(line::read(&mut self.stream)?.unwrap_or_default())
    }
}
