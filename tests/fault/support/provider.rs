//! An SMS gateway that remembers what it took and when: the second witness.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use channels::fake::http::{Reply, Server};
use zhihui::{clock::Clock, hub::check::witness::Seen};

pub struct Provider {
    server: Server,
    seen: Arc<Mutex<Vec<Seen>>>,
    cuts: Arc<AtomicBool>,
}

impl Provider {
    /// Takes everything and answers after `latency`.
    pub async fn start(latency: Duration) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let cuts = Arc::new(AtomicBool::new(false));
        let (log, cut) = (seen.clone(), cuts.clone());
        let server = Server::start(move |request| {
            let Ok(sms) = serde_json::from_slice::<serde_json::Value>(request.body) else {
                return Reply::new(400, r#"{"code":400,"msg":"not an SMS"}"#);
            };
            let key = sms["ref"].as_str().unwrap_or_default().to_owned();
            log.lock().unwrap().push(Seen { channel: "sms".to_owned(), key, at: Clock::System.now() });
            let answer =
                if cut.load(Ordering::Relaxed) { Reply::cut() } else { Reply::new(200, r#"{"code":0,"msgid":"m"}"#) };
            Reply { after: latency, ..answer }
        })
        .await;
        Self { server, seen, cuts }
    }

    pub fn url(&self) -> String {
        format!("{}/sms", self.server.url())
    }

    /// Everything that it took, in order.
    pub fn log(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// From now on the connection is cut after the message was taken, or not any more.
    pub fn cuts(&self, on: bool) {
        self.cuts.store(on, Ordering::Relaxed);
    }
}
