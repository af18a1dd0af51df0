use isolated_test::isolated;

async fn connect() -> u8 {
    1
}

#[isolated(pool = value(connect().await))]
#[test]
fn has_a_pool(_pool: u8) {}

#[isolated(pool = value(connect().await), size = value(pool + 1))]
mod tests {
    #[test]
    fn needs_a_pool(_size: u8) {}
}

fn main() {}
