use isolated_test::isolated;

const NUMBER: u32 = 1;

#[isolated(env(TIME = vec![NUMBER]))]
mod tests {
    #[isolated_test::isolated(test_attribute = "called by nobody")]
    fn adds() {}
}

fn main() {}
