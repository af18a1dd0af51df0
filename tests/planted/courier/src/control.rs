//! The socket through which a running courier is asked for its state.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};

/// Answers one question.
pub fn answer(listener: &UnixListener, state: &str) -> io::Result<String> {
    let (mut stream, _) = listener.accept()?;
    let mut question = String::new();
    stream.read_to_string(&mut question)?;
    stream.write_all(state.as_bytes())?;
    Ok(question)
}

/// Asks a question.
pub fn ask(mut stream: UnixStream, question: &str) -> io::Result<String> {
    stream.write_all(question.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
