use isolated_test::isolated;

#[isolated(port)]
mod tests {
    pub fn helper() {}

    mod deeper {}
}

fn main() {}
