use isolated_test::{Port, isolated};

#[isolated(port)]
#[test]
fn serves(port: Port, _port: u16) {
    drop(port);
}

fn main() {}
