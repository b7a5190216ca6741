//! A small HTTP/1.1 server with keep-alive, fast enough to be the measuring
//! instrument: one task a connection, no allocation for a request beyond its answer.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};

/// A request with a `Content-Length`, complete.
pub struct Request<'a> {
    /// Request line and header lines, without the empty line.
    head: &'a [u8],
    pub body: &'a [u8],
}

impl Request<'_> {
    pub fn is(&self, method: &str) -> bool {
        self.head.starts_with(method.as_bytes()) && self.head.get(method.len()) == Some(&b' ')
    }

    /// The path and query.
    pub fn path(&self) -> &str {
        let line = self.head.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let path = line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        std::str::from_utf8(path).unwrap_or_default()
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.head.split(|byte| *byte == b'\n').skip(1);
        let texts = lines.filter_map(|line| std::str::from_utf8(line).ok());
        texts.filter_map(|line| line.split_once(':')).map(|(key, value)| (key, value.trim()))
    }
}

/// What the server does with a request.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    pub status: u16,
    /// Further header lines, each ending in CR LF.
    pub headers: String,
    pub body: String,
    pub after: Duration,
    /// Closes the connection without a word.
    pub cut: bool,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, body: body.into(), ..Self::default() }
    }

    pub fn cut() -> Self {
        Self { cut: true, ..Self::default() }
    }
}

/// A running server; stops when dropped.
pub struct Server {
    pub addr: SocketAddr,
    task: AbortHandle,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Listens on a free port of loopback.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start<F>(answer: F) -> Self
    where
        F: Fn(Request<'_>) -> Reply + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let addr = listener.local_addr().expect("a bound socket has an address");
        let task = tokio::spawn(accept(listener, Arc::new(answer))).abort_handle();
        Self { addr, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

/// Connections end with this task.
async fn accept<F>(listener: TcpListener, answer: Arc<F>)
where
    F: Fn(Request<'_>) -> Reply + Send + Sync + 'static,
{
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, answer.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// One request after the other, until either side closes.
async fn serve<F>(mut stream: TcpStream, answer: Arc<F>) -> std::io::Result<()>
where
    F: Fn(Request<'_>) -> Reply + Send + Sync + 'static,
{
    stream.set_nodelay(true)?;
    let (mut read, mut out) = (Vec::with_capacity(4_096), Vec::with_capacity(512));
    loop {
        let (head, end) = loop {
            if let Some((head, end)) = complete(&read) {
                break (head, end);
            }
            if stream.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
        };
        let request = Request { head: &read[..head], body: &read[head + 4..end] };
        let bodiless = request.is("HEAD");
        let reply = answer(request);
        read.drain(..end);
        if !reply.after.is_zero() {
            tokio::time::sleep(reply.after).await;
        }
        if reply.cut {
            return Ok(());
        }
        out.clear();
        write(&mut out, &reply, bodiless);
        stream.write_all(&out).await?;
    }
}

/// Where the head and the whole first request end, once all of it is there.
fn complete(read: &[u8]) -> Option<(usize, usize)> {
    let head = read.windows(4).position(|four| four == b"\r\n\r\n")?;
    let request = Request { head: &read[..head], body: &[] };
    let length = request.header("content-length").map_or(Some(0), |text| text.parse().ok())?;
    let end = head + 4 + length;
    (read.len() >= end).then_some((head, end))
}

fn write(out: &mut Vec<u8>, reply: &Reply, bodiless: bool) {
    let Reply { status, headers, body, .. } = reply;
    let body = if bodiless { "" } else { body };
    let length = body.len();
    out.extend_from_slice(format!("HTTP/1.1 {status} -\r\n{headers}Content-Length: {length}\r\n\r\n{body}").as_bytes());
}
