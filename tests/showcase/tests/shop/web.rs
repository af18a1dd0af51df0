//! The web shop: a basket behind an axum server.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;

#[derive(Clone, Default)]
struct Basket(Arc<Mutex<Vec<String>>>);

impl Basket {
    fn with<T>(&self, act: impl FnOnce(&mut Vec<String>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Serves a fresh basket on `listener` until the task is dropped.
pub(crate) async fn serve(listener: TcpListener) -> io::Result<()> {
    axum::serve(listener, router()).await
}

fn router() -> Router {
    Router::new()
        .route("/health", get(|| async { "ok" }))
        .route("/items", get(list).post(add))
        .route("/items/{index}", get(item))
        .with_state(Basket::default())
}

async fn list(State(basket): State<Basket>) -> Json<Vec<String>> {
    Json(basket.with(|items| items.clone()))
}

async fn add(State(basket): State<Basket>, item: String) -> StatusCode {
    basket.with(|items| items.push(item));
    StatusCode::CREATED
}

async fn item(
    State(basket): State<Basket>,
    Path(index): Path<usize>,
) -> Result<String, StatusCode> {
    basket
        .with(|items| items.get(index).cloned())
        .ok_or(StatusCode::NOT_FOUND)
}
