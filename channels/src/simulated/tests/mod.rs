//! The simulated carrier as the hub sees it: over its channels and its callbacks.

mod calls;
mod messages;

use std::sync::Mutex;

use super::{post::lock, *};
use crate::{
    Button, Status,
    fake::http::{Reply, Server},
};

const NOW: i64 = 1_790_000_000;

/// A hub that believes callbacks as the real one does, and keeps the reports.
struct Hub {
    carrier: Arc<Carrier>,
    reports: Arc<Mutex<Vec<Report>>>,
    paths: Arc<Mutex<Vec<String>>>,
    _server: Server,
}

impl Hub {
    async fn new() -> Self {
        let carrier = Carrier::new();
        carrier.tick(NOW * 1_000_000);
        let (reports, paths) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let (kept, seen) = (reports.clone(), paths.clone());
        let channel = Simulated::new(carrier.clone(), Medium::Sms);
        let server = Server::start(move |request| {
            let headers: Vec<_> = request.headers().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
            lock(&seen).push(request.path().to_owned());
            match channel.callback(&headers, request.body, NOW) {
                Ok(reports) => {
                    lock(&kept).extend(reports);
                    Reply::new(200, "")
                }
                Err(_) => Reply::new(401, ""),
            }
        })
        .await;
        carrier.set_callback(&server.url(), "secret").unwrap();
        Self { carrier, reports, paths, _server: server }
    }

    fn channel(&self, medium: Medium) -> Simulated {
        Simulated::new(self.carrier.clone(), medium)
    }

    async fn reports(&self) -> Vec<(String, Status, String, Option<String>)> {
        self.carrier.settled().await;
        let reports = std::mem::take(&mut *lock(&self.reports));
        let told = |report: Report| (report.key, report.status, report.detail, report.pressed);
        reports.into_iter().map(told).collect()
    }

    /// Calls and answers the call's id.
    async fn calls(&self, buttons: &[&str]) -> String {
        let answer = self.channel(Medium::Voice).send(&[outgoing("k1", buttons)]).await;
        answer[0].as_ref().unwrap().reference.clone().unwrap()
    }
}

fn outgoing(key: &str, buttons: &[&str]) -> Outgoing {
    let button = |id: &&str| Button { id: (*id).to_owned(), label: format!("按钮 {id}") };
    Outgoing {
        idempotency_key: key.to_owned(),
        address: "13800000001".to_owned(),
        name: "李雷".to_owned(),
        title: "会议通知".to_owned(),
        text: "请确认".to_owned(),
        link: None,
        buttons: buttons.iter().map(button).collect(),
    }
}

fn told(status: Status, detail: &str, pressed: Option<&str>) -> (String, Status, String, Option<String>) {
    ("k1".to_owned(), status, detail.to_owned(), pressed.map(str::to_owned))
}

fn after_seconds(hub: &Hub, seconds: i64) {
    hub.carrier.tick((NOW + seconds) * 1_000_000);
}
