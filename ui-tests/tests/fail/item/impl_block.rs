use isolated_test::isolated;

struct Server;

#[isolated]
impl Server {
    fn serve(&self) {}
}

fn main() {}
