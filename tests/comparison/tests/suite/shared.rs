//! The suite with one server that all tests share.

#[macro_use]
mod tests;

use std::env;
use std::fs::File;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;

use isolated_test::{BoxError, Current, Once, Outcome, Resource, Transfer};

/// Notes each start and end in a file that the command names.
struct Server;

impl Resource for Server {
    type Handle = SocketAddr;

    fn provision(&mut self, host: &Current) -> Result<SocketAddr, BoxError> {
        note("start")?;
        let listener = host.port().listen()?;
        let addr = listener.local_addr()?;
        thread::spawn(move || listener.incoming().for_each(drop));
        Ok(addr)
    }

    fn release(&mut self, _outcome: Outcome) -> Result<(), BoxError> {
        Ok(note("end")?)
    }

    fn transfer() -> Transfer<SocketAddr> {
        Transfer::as_text()
    }
}

const SERVER: Once<Server> = Once::new("server", || Server);

fn note(word: &str) -> io::Result<()> {
    let path = env::var_os("COMPARE_NOTES").ok_or(io::ErrorKind::NotFound)?;
    let mut notes = File::options().create(true).append(true).open(path)?;
    notes.write_all(format!("{word}\n").as_bytes())
}

macro_rules! user {
    ($name:ident $module:ident $key:literal) => {
        #[isolated_test::isolated(server = crate::SERVER)]
        #[test]
        fn $name(server: std::net::SocketAddr) {
            crate::connect(server);
        }
    };
}

fn connect(server: SocketAddr) {
    TcpStream::connect(server).expect("the server is running");
    tests::five_milliseconds();
}

suite!(user, user);
