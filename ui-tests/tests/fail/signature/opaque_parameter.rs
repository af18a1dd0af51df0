use isolated_test::isolated;

struct Db;

#[isolated(port, db = Db)]
#[test]
fn serves(port: impl Into<u16>, db: &impl Clone) {
    let _ = (port.into(), db.clone());
}

fn main() {}
