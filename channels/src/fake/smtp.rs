//! A fake mail server: speaks enough SMTP for the mail channel, keeps the mails
//! and fails as told for an address.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufStream},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};

/// A mail that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub from: String,
    pub to: String,
    /// Head and body as they came, without the doubled dots of the transfer.
    pub raw: String,
}

impl Mail {
    /// A header's value, unfolded and decoded (UTF-8 in base64 words).
    pub fn header(&self, name: &str) -> Option<String> {
        let (head, _) = self.raw.split_once("\r\n\r\n")?;
        let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let mut headers = head.lines().filter_map(|line| line.split_once(':'));
        let (_, value) = headers.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        // White space between two encoded words is none (RFC 2047, 6.2).
        let value = value.trim().replace("?= =?", "?==?");
        let mut words = value.split("=?utf-8?b?");
        let first = words.next().unwrap_or_default().to_owned();
        Some(words.fold(first, |text, word| match word.split_once("?=") {
            Some((word, rest)) => text + &decode(word) + rest,
            None => text + word,
        }))
    }

    pub fn subject(&self) -> String {
        self.header("Subject").unwrap_or_default()
    }

    /// The decoded body.
    pub fn text(&self) -> String {
        let body = self.raw.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        match self.header("Content-Transfer-Encoding").as_deref() {
            Some("base64") => decode(body),
            _ => body.to_owned(),
        }
    }
}

fn decode(text: &str) -> String {
    let text: String = text.split_whitespace().collect();
    let bytes = BASE64_STANDARD.decode(text).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What goes wrong with the next mail to an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailFault {
    /// The recipient is answered with this line, as `550 5.1.1 no such user`.
    Recipient(String),
    /// The text is answered with this line, and not taken.
    Text(String),
    /// The connection is cut at the recipient: not taken.
    CutBefore,
    /// The mail is taken and the connection cut without an answer.
    CutAfter,
}

/// How a mail server is set up.
#[derive(Debug, Clone, Default)]
pub struct SmtpOptions {
    /// Must sign in so, by AUTH PLAIN.
    pub sign_in: Option<(String, String)>,
    /// Closes with 421 at the next mail after so many on one connection; 0: never.
    pub mails_per_connection: usize,
    /// Refuses every sender with this line.
    pub refuse_sender: Option<String>,
}

/// A running mail server; stops when dropped.
pub struct Smtp {
    pub addr: SocketAddr,
    state: Arc<Mutex<State>>,
    task: AbortHandle,
}

#[derive(Default)]
struct State {
    options: SmtpOptions,
    mails: Vec<Mail>,
    connections: usize,
    faults: HashMap<String, VecDeque<MailFault>>,
}

impl Drop for Smtp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Smtp {
    pub async fn start() -> Self {
        Self::start_with(SmtpOptions::default()).await
    }

    /// # Panics
    /// When loopback has no free port.
    pub async fn start_with(options: SmtpOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let addr = listener.local_addr().expect("a bound socket has an address");
        let state = Arc::new(Mutex::new(State { options, ..State::default() }));
        let kept = state.clone();
        let task = tokio::spawn(async move {
            // Connections end with this task.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                lock(&kept).connections += 1;
                connections.spawn(serve(stream, kept.clone()));
                while connections.try_join_next().is_some() {}
            }
        });
        Self { addr, state, task: task.abort_handle() }
    }

    /// For the settings, without credentials.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.addr)
    }

    /// Those taken so far, in their order.
    pub fn mails(&self) -> Vec<Mail> {
        lock(&self.state).mails.clone()
    }

    /// Connections made so far.
    pub fn connections(&self) -> usize {
        lock(&self.state).connections
    }

    /// What happens to the next mail for this address; several queue up.
    pub fn script(&self, address: &str, fault: MailFault) {
        lock(&self.state).faults.entry(address.to_owned()).or_default().push_back(fault);
    }
}

/// One conversation.
#[derive(Default)]
struct Talk {
    signed_in: bool,
    mails: usize,
    from: String,
    to: String,
    fault: Option<MailFault>,
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufStream::new(stream);
    let mut talk = Talk::default();
    let mut answer = "220 fake ESMTP".to_owned();
    let mut line = Vec::new();
    loop {
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        stream.flush().await?;
        if answer.starts_with("221") || answer.starts_with("421") {
            return Ok(());
        }
        line.clear();
        let heard = if answer.starts_with("354") {
            let raw = text(&mut stream).await?;
            talk.end(raw, &state)
        } else if stream.read_until(b'\n', &mut line).await? > 0 {
            talk.hear(String::from_utf8_lossy(&line).trim_end(), &state)
        } else {
            None
        };
        match heard {
            Some(heard) => answer = heard,
            None => return Ok(()),
        }
    }
}

/// A mail's text up to the lonely dot.
async fn text(stream: &mut BufStream<TcpStream>) -> std::io::Result<String> {
    let mut raw = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == ".\r\n" {
            return Ok(raw);
        }
        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

impl Talk {
    /// The answer to a command; `None` cuts the connection.
    fn hear(&mut self, line: &str, state: &Mutex<State>) -> Option<String> {
        let mut state = lock(state);
        let options = &state.options;
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let known = match verb.as_str() {
            "EHLO" if options.sign_in.is_some() => "250-fake\r\n250 AUTH PLAIN",
            "EHLO" => "250 fake",
            "AUTH" => {
                let right = |(user, password): &(String, String)| {
                    line.strip_prefix("AUTH PLAIN ").map(decode) == Some(format!("\0{user}\0{password}"))
                };
                self.signed_in = options.sign_in.as_ref().is_some_and(right);
                if self.signed_in { "235 welcome" } else { "535 5.7.8 wrong user or password" }
            }
            "MAIL" if options.sign_in.is_some() && !self.signed_in => "530 5.7.0 sign in first",
            "MAIL" if options.mails_per_connection > 0 && self.mails == options.mails_per_connection => {
                "421 4.7.0 enough for one connection"
            }
            "MAIL" => {
                self.from = angled(line);
                options.refuse_sender.as_deref().unwrap_or("250 ok")
            }
            "RCPT" => {
                self.to = angled(line);
                self.fault = state.faults.get_mut(&self.to).and_then(VecDeque::pop_front);
                match &self.fault {
                    Some(MailFault::Recipient(answer)) => answer,
                    Some(MailFault::CutBefore) => return None,
                    _ => "250 ok",
                }
            }
            "DATA" => "354 go on",
            "RSET" | "NOOP" => "250 ok",
            "QUIT" => "221 bye",
            _ => "500 unknown",
        };
        Some(known.to_owned())
    }

    fn end(&mut self, raw: String, state: &Mutex<State>) -> Option<String> {
        if let Some(MailFault::Text(answer)) = self.fault.take_if(|fault| matches!(fault, MailFault::Text(_))) {
            return Some(answer);
        }
        self.mails += 1;
        let mut state = lock(state);
        state.mails.push(Mail { from: self.from.clone(), to: self.to.clone(), raw });
        let number = state.mails.len();
        (self.fault != Some(MailFault::CutAfter)).then(|| format!("250 2.0.0 queued as {number}"))
    }
}

fn angled(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or("", |(address, _)| address).to_owned()
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
