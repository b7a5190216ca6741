//! `GET /static/{name}`: styles, scripts and pictures, by the name with the hash.

use axum::{extract::State, response::Response};

use super::path::Path;
use crate::web::Web;

pub async fn file(State(web): State<Web>, Path(name): Path<String>) -> Response {
    web.assets.respond(&name)
}
