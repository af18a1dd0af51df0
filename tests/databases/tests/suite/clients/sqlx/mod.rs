//! sqlx in two major versions, in one package.

mod version_07 {
    use sqlx_07 as client;

    include!("version.rs");
}

mod version_08 {
    use sqlx as client;

    include!("version.rs");
}
