use isolated_test::isolated;

#[isolated(db = awaited(Db::new()))]
#[test]
fn has_a_database(_db: u8) {}

#[isolated(db = awaited(Db::new()), size = value(db + 1))]
mod tests {
    #[test]
    fn needs_a_database(_size: u8) {}
}

fn main() {}
