use isolated_test::{Key, isolated};

const TCP: Key = Key::new("tcp");

#[isolated(serial = TCP, shared = TCP)]
#[test]
fn adds() {}

fn main() {}
