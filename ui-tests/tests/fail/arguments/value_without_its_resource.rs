use isolated_test::isolated;

#[isolated(url = value(port.addr()))]
#[test]
fn has_an_address(_url: std::net::SocketAddr) {}

fn main() {}
