use isolated_test::isolated;

async fn connect() -> Result<u8, String> {
    Ok(1)
}

#[isolated(pool = value(connect()).await?)]
#[tokio::test]
async fn awaits(_pool: u8) {}

#[isolated(pool = value("1".parse())?)]
#[test]
fn asks(_pool: u8) {}

fn main() {}
