//! An asynchronous test, with `sealed_test`.

use sealed_test::prelude::*;

#[tokio::test]
#[sealed_test]
async fn asynchronous() {}
