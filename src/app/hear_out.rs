//! Hearing a request out that was answered before its end: whoever is still sending does not
//! listen, and a connection that is closed on him takes the answer with it.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{body::Bytes, http::header::EXPECT};
use futures_util::Stream;
use hyper::{
    Request,
    body::{Body, Incoming},
};
use tokio::sync::oneshot;

/// More than any endpoint takes twice; what is larger is a flood.
const MOST: u64 = 64 * 1024 * 1024;
/// So long an answer waits for its listener.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request's body in the hands of its endpoint. What it leaves unread comes back.
pub struct Lent {
    body: Option<Incoming>,
    /// Not before it was asked for (`Expect`), and nobody has asked.
    waits: bool,
    back: Option<oneshot::Sender<Incoming>>,
}

/// The rest of a body, once its endpoint has let go of it.
pub struct Rest(oneshot::Receiver<Incoming>);

pub fn lend(request: Request<Incoming>) -> (Request<Lent>, Rest) {
    let waits = request.headers().contains_key(EXPECT);
    let (back, rest) = oneshot::channel();
    (request.map(|body| Lent { body: Some(body), waits, back: Some(back) }), Rest(rest))
}

impl Rest {
    /// Reads what is still being sent, and forgets it.
    pub async fn hear_out(mut self) {
        let Ok(mut body) = self.0.try_recv() else { return };
        let hearing = async {
            let mut heard = 0;
            while let Some(Ok(frame)) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
                heard += frame.data_ref().map_or(0, |bytes| u64::try_from(bytes.len()).unwrap_or(MOST));
                if heard > MOST {
                    break;
                }
            }
        };
        // Too slow or too much: the answer may be lost, but it is given.
        let _ = tokio::time::timeout(PATIENCE, hearing).await;
    }
}

impl Stream for Lent {
    type Item = Result<Bytes, hyper::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.waits = false;
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        loop {
            match ready!(Pin::new(&mut *body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    // What else a frame may be, a trailer, nobody reads.
                    if let Ok(bytes) = frame.into_data() {
                        return Poll::Ready(Some(Ok(bytes)));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(body), Some(back)) = (self.body.take(), self.back.take())
            && !(body.is_end_stream() || self.waits || body.size_hint().lower() > MOST)
        {
            // nobody waits for it: the connection is gone
            let _ = back.send(body);
        }
    }
}
