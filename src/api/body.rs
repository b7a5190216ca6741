//! Reading what is posted: of the right type, not too large, in time.

use std::time::Duration;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, header},
};
use futures_util::StreamExt;
use serde_json::Value;

use crate::{
    api::ApiError,
    domain::{Problem, command, problem::Class},
    hub::engine::room::{Held, Room, Who},
};

/// Everything but attachments; a list of 100,000 accounts fits.
pub const WITHOUT_FILES: usize = 4 * 1024 * 1024;
/// 20 MB of attachments in base64, and the rest.
pub const WITH_FILES: usize = 30 * 1024 * 1024;
/// What a provider reports.
pub const CALLBACK: usize = 64 * 1024;
/// So long a body may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A module's JSON body of at most `limit` bytes, how many it has, and the room that it takes up
/// until its work is done.
///
/// # Errors
/// 408, 413, 415, 429 and 400 as the bad-input catalogue has them.
pub async fn json(room: &Room, request: Request, limit: usize) -> Result<(Value, usize, Held), ApiError> {
    let (parts, body) = request.into_parts();
    check_type(&parts.headers)?;
    let (bytes, mut held) =
        Reading { room, who: Who::Known, limit, patience: PATIENCE }.all(&parts.headers, body).await?;
    room.cover_values(&mut held, command::most_values(&bytes)).await?;
    Ok((command::parse(&bytes)?, bytes.len(), held))
}

/// The bare bytes of a stranger.
pub async fn bytes(room: &Room, headers: &HeaderMap, body: Body, limit: usize) -> Result<(Vec<u8>, Held), ApiError> {
    Reading { room, who: Who::Stranger, limit, patience: PATIENCE }.all(headers, body).await
}

struct Reading<'a> {
    room: &'a Room,
    who: Who,
    limit: usize,
    patience: Duration,
}

impl Reading<'_> {
    /// What is announced is judged, and has its room, before any of it is read.
    async fn all(self, headers: &HeaderMap, body: Body) -> Result<(Vec<u8>, Held), ApiError> {
        let Self { room, who, limit, patience } = self;
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if announced.is_some_and(|length: usize| length > limit) {
            return Err(too_large(limit).into());
        }
        let mut held = Held::default();
        room.cover(&mut held, announced.unwrap_or_default(), announced.unwrap_or(limit), who).await?;
        let mut chunks = body.into_data_stream();
        let mut bytes = Vec::with_capacity(announced.unwrap_or_default());
        let reading = async {
            while let Some(chunk) = chunks.next().await {
                let chunk = chunk.map_err(|_| cut_off())?;
                let length = bytes.len() + chunk.len();
                if length > limit {
                    return Err(too_large(limit));
                }
                room.cover(&mut held, length, limit, who).await?;
                bytes.extend_from_slice(&chunk);
            }
            Ok(())
        };
        tokio::time::timeout(patience, reading).await.map_err(|_| ApiError::Slow)??;
        Ok((bytes, held))
    }
}

/// More than this endpoint takes.
pub fn too_large(limit: usize) -> Problem {
    let (chinese, unit) = if limit < 1024 * 1024 { (limit / 1024, "KB") } else { (limit / (1024 * 1024), "MB") };
    Problem::new(Class::TooLarge, "BODY_SIZE", "", format!("请求体不超过 {chinese} {unit}"))
        .in_english(format!("the body has at most {chinese} {unit}"))
}

fn cut_off() -> Problem {
    Problem::new(Class::Unreadable, "BODY_INCOMPLETE", "", "请求体没有传完").in_english("the body ended too early")
}

fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = text(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        let found = if media_type.is_empty() { "（无）" } else { media_type };
        return Err(Problem::new(
            Class::WrongType,
            "CONTENT_TYPE",
            "",
            format!("Content-Type 应为 application/json，当前为 {found}"),
        )
        .in_english("the Content-Type must be application/json"));
    }
    let encoding = text(header::CONTENT_ENCODING);
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        return Err(Problem::new(
            Class::WrongType,
            "CONTENT_ENCODING",
            "",
            format!("不接受压缩的请求体（{encoding}）"),
        )
        .in_english(format!("bodies with Content-Encoding {encoding} are not taken")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn a_body_that_never_ends_is_not_waited_for() {
        let drop = || Ok::<_, std::convert::Infallible>(Bytes::from_static(b"{"));
        let endless = Body::from_stream(stream::once(async move { drop() }).chain(stream::pending()));
        let room = Room::default();
        let within = |patience| Reading { room: &room, who: Who::Stranger, limit: CALLBACK, patience };
        let slow = within(Duration::from_millis(20)).all(&HeaderMap::new(), endless).await;
        assert!(matches!(slow, Err(ApiError::Slow)), "{slow:?}");
        let flood = Body::from_stream(stream::repeat_with(drop));
        let large = within(PATIENCE).all(&HeaderMap::new(), flood).await;
        assert!(matches!(large, Err(ApiError::Problem(problem)) if problem.code == "BODY_SIZE"));
    }
}
