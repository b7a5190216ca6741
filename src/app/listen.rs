//! Accepting connections and talking HTTP on them. Whoever does not finish his headers in time is
//! hung up on, and so is a connection that is only kept: axum's own loop waits for ever.

use std::{convert::Infallible, io::ErrorKind, net::SocketAddr, pin::pin, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use super::hear_out::lend;

/// Within this the headers of a request are there.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// The process has no room for another connection; some will end.
const NO_ROOM: Duration = Duration::from_secs(1);

/// Serves `routes` until `stop`, then lets every request that has begun come to its end.
pub async fn serve(listener: TcpListener, routes: Router, patience: Duration, stop: CancellationToken) {
    let open = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                open.spawn(talk(stream, peer, routes.clone(), patience, stop.clone()));
            }
            // Gone before it was taken: its own trouble.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a connection could not be accepted");
                tokio::time::sleep(NO_ROOM).await;
            }
        }
    }
    drop(listener);
    open.close();
    open.wait().await;
}

/// One connection, until either side has had enough of it.
async fn talk(stream: TcpStream, peer: SocketAddr, routes: Router, patience: Duration, stop: CancellationToken) {
    let service = service_fn(|request| answer(routes.clone(), peer, request));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(patience);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(error = &error as &dyn std::error::Error, "a connection ended badly");
    }
}

async fn answer(routes: Router, peer: SocketAddr, request: Request<Incoming>) -> Result<Response, Infallible> {
    let (mut request, rest) = lend(request);
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = routes.oneshot(request.map(Body::from_stream)).await;
    rest.hear_out().await;
    response
}

#[cfg(test)]
mod tests {
    use axum::{
        http::StatusCode,
        routing::{get, post},
    };
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const ASKED: &[u8] = b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n";

    async fn begin(patience: Duration) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let stop = CancellationToken::new();
        let routes = Router::new()
            .route("/busy", post(|| async { StatusCode::TOO_MANY_REQUESTS }))
            .route("/", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() }));
        let serving = tokio::spawn(serve(listener, routes, patience, stop.clone()));
        (address, stop, serving)
    }

    #[tokio::test]
    async fn whoever_does_not_finish_his_headers_is_hung_up_on() {
        let (address, ..) = begin(Duration::from_millis(200)).await;
        let mut slow = TcpStream::connect(address).await.expect("it listens");
        slow.write_all(b"GET / HTTP/1.1\r\nHost: hub\r\nX-Slow: a").await.expect("a line");
        let mut quick = TcpStream::connect(address).await.expect("others are served meanwhile");
        quick.write_all(ASKED).await.expect("a request");
        let mut answer = String::new();
        let ended = tokio::time::timeout(Duration::from_secs(10), quick.read_to_string(&mut answer)).await;
        assert!(ended.is_ok(), "a connection that asks nothing more is ended too");
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("127.0.0.1"), "{answer}");
        let mut said = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(10), slow.read_to_end(&mut said)).await;
        assert!(ended.is_ok(), "it still waits");
        assert!(!said.starts_with(b"HTTP/1.1 200"), "nothing was asked");
    }

    /// Most programs send all before they listen.
    #[tokio::test]
    async fn whoever_is_refused_before_he_has_sent_everything_hears_why() {
        let (address, ..) = begin(PATIENCE).await;
        let head = |more: &str| format!("POST /busy HTTP/1.1\r\nHost: hub\r\nContent-Length: 20000000\r\n{more}\r\n");
        let mut busy = TcpStream::connect(address).await.expect("it listens");
        busy.write_all(head("").as_bytes()).await.expect("a head");
        busy.write_all(&vec![b'x'; 20_000_000]).await.expect("all of it is heard");
        let mut begun = [0; 12];
        busy.read_exact(&mut begun).await.expect("an answer");
        assert_eq!(&begun, b"HTTP/1.1 429");
        busy.write_all(ASKED).await.expect("the line is still good");
        let mut asking = TcpStream::connect(address).await.expect("it listens");
        asking.write_all(head("Expect: 100-continue\r\n").as_bytes()).await.expect("a head");
        asking.read_exact(&mut begun).await.expect("whoever asks first is told at once");
        assert_eq!(&begun, b"HTTP/1.1 429");
    }

    /// What a proxy before us takes for one request must not be two for us.
    #[tokio::test]
    async fn two_lengths_are_one_too_many() {
        let (address, ..) = begin(PATIENCE).await;
        for lengths in
            ["Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5"]
        {
            let mut proxy = TcpStream::connect(address).await.expect("it listens");
            let request = format!("POST / HTTP/1.1\r\nHost: hub\r\n{lengths}\r\n\r\n0\r\n\r\n");
            proxy.write_all(&[request.as_bytes(), ASKED].concat()).await.expect("two in one");
            let mut said = String::new();
            let ended = tokio::time::timeout(Duration::from_secs(10), proxy.read_to_string(&mut said)).await;
            assert!(ended.is_ok(), "the line is ended");
            assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "the second request is not answered: {said}");
        }
    }

    #[tokio::test]
    async fn a_stop_ends_idle_connections_and_takes_no_new_ones() {
        let (address, stop, serving) = begin(PATIENCE).await;
        let mut kept = TcpStream::connect(address).await.expect("it listens");
        kept.write_all(ASKED).await.expect("a request");
        let mut begun = [0; 12];
        kept.read_exact(&mut begun).await.expect("an answer");
        assert_eq!(&begun, b"HTTP/1.1 200");
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(10), serving).await.expect("in time").expect("no panic");
        assert!(TcpStream::connect(address).await.is_err());
    }
}
