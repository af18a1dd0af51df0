//! The HTTP client of the tests: blocking, with a time limit, and with every status as an answer
//! rather than an error.

use std::fmt::Display;
use std::time::Duration;

use ureq::Agent;

const PATIENCE: Duration = Duration::from_secs(20);

/// The answer of a server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

/// Gets `path` from the server on `addr`.
pub(crate) fn get(addr: impl Display, path: &str) -> Result<Answer, ureq::Error> {
    answer(agent().get(format!("http://{addr}{path}")).call()?)
}

/// Posts `body` to `path` of the server on `addr`.
pub(crate) fn post(addr: impl Display, path: &str, body: &str) -> Result<Answer, ureq::Error> {
    answer(agent().post(format!("http://{addr}{path}")).send(body)?)
}

fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .timeout_global(Some(PATIENCE))
        .build()
        .into()
}

fn answer(mut response: ureq::http::Response<ureq::Body>) -> Result<Answer, ureq::Error> {
    let location = response
        .headers()
        .get("location")
        .and_then(|value| value.to_str().ok());
    Ok(Answer {
        status: response.status().as_u16(),
        location: location.map(str::to_owned),
        body: response.body_mut().read_to_string()?,
    })
}
