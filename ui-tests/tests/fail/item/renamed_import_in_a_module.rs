use isolated_test::{isolated, isolated as iso};

#[isolated(tmpdir)]
mod tests {
    use super::iso;

    #[iso(port)]
    #[test]
    fn serves() {}
}

fn main() {}
