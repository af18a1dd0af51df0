use isolated_test::isolated;

#[isolated(port)]
#[isolated(tmpdir)]
mod tests {
    #[test]
    fn adds() {}
}

fn main() {}
