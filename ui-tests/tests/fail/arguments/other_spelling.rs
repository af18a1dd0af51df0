use isolated_test::isolated;

#[isolated(tempdir, ports, parallel, file_serial = "tcp", exclusive, rng, uuid, semaphore, tcp)]
#[test]
fn adds() {}

fn main() {}
