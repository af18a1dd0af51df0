use isolated_test::{Port, TmpDir, isolated};

struct Db;

#[isolated(tmpdir)]
#[test]
fn serves(_port: Port, _tmpdri: TmpDir, _db: Db) {}

fn main() {}
