use isolated_test::isolated;

#[isolated(serial = MISSING)]
mod tests {
    #[isolated_test::isolated(test_attribute = "called by nobody")]
    fn adds() {}
}

fn main() {}
