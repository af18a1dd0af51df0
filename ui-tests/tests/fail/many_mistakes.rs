use std::path::Path;

use isolated_test::isolated;

struct Db;
struct Error;

#[isolated(prot, tmpdir, tmpdir, serial = 3, shared = "", limit("db", 0), port = 8080)]
#[isolated]
#[should_panic]
const unsafe fn everything<T>(tmpdir: &Path, db: Db) -> Result<(), Error> {
    let not_a_number: u32 = "the body is checked as well";
    Ok(())
}

fn main() {}
