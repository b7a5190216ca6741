//! The command itself: one process on the embedded set, on this machine alone.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use channels::{
    Channel,
    simulated::{Carrier, Medium, Simulated},
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{LARGE, MOST, Opened, PASSWORD, folder::Folder, least, one_cpu::OneCpu};
use crate::{
    app::{self, App, Rated, Role},
    cli::Call,
    config::Config,
    domain::{calls::LIMITS, seal},
    hub::Hub,
    producers::{meeting, visitor},
    web::{DemoLink, Web},
};

#[derive(clap::Args)]
pub(in crate::cli) struct Options {
    /// How many people the university has; 300 at first.
    #[arg(long, value_name = "N", value_parser = people)]
    people: Option<usize>,
    /// Forgets what was tried and begins again.
    #[arg(long)]
    fresh: bool,
    /// Where to listen, on this machine alone. Without it 127.0.0.1:8080, or another port where
    /// that one is taken.
    #[arg(long, value_name = "ADDRESS", value_parser = loopback)]
    listen: Option<SocketAddr>,
    /// The demonstration's own folder.
    #[arg(long, value_name = "FOLDER", default_value = "data/demo")]
    data_dir: PathBuf,
}

fn people(text: &str) -> Result<usize, String> {
    let asked = text.parse::<usize>().ok().filter(|count| (least()..=MOST).contains(count));
    asked.ok_or_else(|| format!("the demonstration has {} to {MOST} people", least()))
}

/// Whoever opens the demonstration may be anybody in it: it stays on this machine.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| "an address such as 127.0.0.1:8080".to_owned())?;
    match address.ip().is_loopback() {
        true => Ok(address),
        false => Err("everybody may sign in as anybody: only addresses of this machine, such as 127.0.0.1".to_owned()),
    }
}

pub(in crate::cli) async fn run(call: Call, options: Options) -> anyhow::Result<()> {
    let mut folder = Folder::take(&options.data_dir, options.people, options.fresh)?;
    let (listener, is_other_port) = listen(options.listen).await?;
    let address = listener.local_addr()?;
    let config = settings(&options, address)?;
    let carrier = Carrier::new();
    let hub = app::hub(&config, phones_of(&carrier)).await?;
    if folder.is_empty {
        if folder.people > LARGE {
            eprintln!("founding a university of {} people, once; this takes a moment …", folder.people);
        }
        // Here, where nothing else runs: tests found universities beside each other.
        let _one_cpu = OneCpu::take();
        super::found(&hub, &carrier, folder.people).await?;
        folder.complete()?;
    }
    let opened = super::open(&hub, &carrier, folder.people).await?;
    carrier.set_callback(&hub.place.public_url, &seal::token().0)?;
    let demo = super::pages(&carrier, &opened.links);
    let web = Web::open(hub.clone(), Some(demo), config.web.trusted_proxies.clone())?;
    let stop = CancellationToken::new();
    work(&hub, carrier, &stop);
    let time = hub.clock_time(opened.rings.at);
    let app = App::start(hub, Role::All, web, listener).await?;
    let url = config.web.origin();
    if call.json {
        println!("{}", answer(&url, &options, &opened.links));
    } else {
        let (people, folder) = (folder.people, options.data_dir.as_path());
        let welcome = Welcome { url: &url, people, is_other_port, folder, opened: &opened, time: &time };
        print!("{}", welcome.text());
    }
    let ended = app.run_until(app::asked_to_stop()).await;
    stop.cancel();
    ended
}

/// The port that was asked for, or the usual one, or any; and whether it is any.
async fn listen(asked: Option<SocketAddr>) -> anyhow::Result<(TcpListener, bool)> {
    let usual = SocketAddr::from(([127, 0, 0, 1], 8080));
    let address = asked.unwrap_or(usual);
    match TcpListener::bind(address).await {
        Ok(listener) => Ok((listener, false)),
        Err(_) if asked.is_none() => Ok((TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?, true)),
        Err(error) => Err(anyhow::anyhow!("--listen: {address} cannot be used: {error}")),
    }
}

/// Settings of its own, whatever the real installation's say.
fn settings(options: &Options, address: SocketAddr) -> anyhow::Result<Config> {
    let data_dir = options.data_dir.to_str().map(str::to_owned);
    let data_dir = data_dir.ok_or_else(|| anyhow::anyhow!("--data-dir: the folder's name must be Unicode"))?;
    let config = Config::of(|name| match name {
        "ZHIHUI_DATA_DIR" => Some(data_dir.clone()),
        "ZHIHUI_LISTEN" => Some(address.to_string()),
        "ZHIHUI_ORGANISATION" => Some("青溪大学".to_owned()),
        _ => None,
    });
    Ok(config?)
}

fn phones_of(carrier: &Arc<Carrier>) -> Vec<Rated> {
    let channel = |medium| (Arc::new(Simulated::new(carrier.clone(), medium)) as Arc<dyn Channel>, None);
    [Medium::DingTalk, Medium::Sms, Medium::Voice].map(channel).into()
}

/// Starts what a real installation has elsewhere: the modules, and the carrier's sense of time.
fn work(hub: &Hub, carrier: Arc<Carrier>, stop: &CancellationToken) {
    tokio::spawn(meeting::hear(hub.clone(), stop.clone()));
    tokio::spawn(visitor::hear(hub.clone(), stop.clone()));
    let (clock, stop) = (hub.clock.clone(), stop.clone());
    tokio::spawn(async move {
        let mut seconds = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = seconds.tick() => carrier.tick(clock.now().timestamp_micros()),
            }
        }
    });
}

fn answer(url: &str, options: &Options, links: &[DemoLink]) -> serde_json::Value {
    let signin: serde_json::Map<_, _> =
        links.iter().map(|link| (link.role.clone(), json!(format!("{url}/login/{}", link.token)))).collect();
    json!({"url": url, "data_dir": options.data_dir, "signin": signin, "password": PASSWORD})
}

/// The folder's name as it was typed, and what the first lines say.
struct Welcome<'a> {
    url: &'a str,
    people: usize,
    is_other_port: bool,
    folder: &'a Path,
    opened: &'a Opened,
    /// When the phone rings.
    time: &'a str,
}

impl Welcome<'_> {
    /// Chinese first, then English.
    fn text(&self) -> String {
        let (url, people) = (self.url, self.people);
        let mut lines = vec![
            format!("知会演示：青溪大学，{people} 人，均为虚构。短信、电话、钉钉都是模拟的，什么都不会发出去。"),
            format!("Demonstration: a university of {people} people, all invented. Nothing leaves this machine."),
            String::new(),
            url.to_owned(),
        ];
        if self.is_other_port {
            lines.push("（8080 端口已被占用，换了一个  port 8080 is taken, so another one was chosen）".to_owned());
        }
        lines.extend([String::new(), "一键登录  Sign in with one click as".to_owned()]);
        for link in &self.opened.links {
            let (role, chinese, english) = tries(&link.role);
            lines.push(String::new());
            lines.push(format!("{role} · {}，{}：{chinese}", link.name, link.department));
            lines.push(english.to_owned());
            lines.push(format!("{url}/login/{}", link.token));
        }
        lines.push(String::new());
        lines.extend(self.of_the_phone());
        lines.extend([
            String::new(),
            format!("要求输入密码时，五人都是 {PASSWORD}  The password of all five, where one is asked for"),
            format!(
                "数据保存在 {}，模拟手机除外；--fresh 从头开始  What you do is kept there, except on the phones",
                self.folder.display()
            ),
            "Ctrl-C 结束  ends it".to_owned(),
        ]);
        let indented = lines.iter().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") });
        format!("\n{}\n", indented.collect::<String>())
    }

    fn of_the_phone(&self) -> Vec<String> {
        let Opened { links, rings, phone } = self.opened;
        let [(few, minutes), (most, hours)] = LIMITS;
        let (minutes, hours, time) = (minutes.num_minutes(), hours.num_hours(), self.time);
        let mut lines = Vec::new();
        if rings.is_late {
            lines.push(format!(
                "为不打扰，同一人 {minutes} 分钟内最多呼叫 {few} 次、{hours} 小时内最多 {most} 次。\
                 So as not to pester anybody, one person is called {few} times in {minutes} minutes, {most} in {hours} h at most."
            ));
        }
        if rings.is_passed_on {
            lines.push(format!("约 {time} 以前不再呼叫承接人；25 分钟后改呼他的代理人，或用 --fresh 从头开始。"));
            lines.push(format!("The undertaker is not called before about {time}; his deputy is, in 25 minutes."));
        } else {
            lines.push(format!("约 {time} 承接人的手机响一分钟（他几分钟没有确认一项预订），请先打开："));
            lines.push(format!("At about {time} the undertaker's phone rings for a minute; have it open:"));
        }
        // The phones are pages for whoever is signed in.
        if let Some(link) = links.iter().find(|link| link.role == "undertaker") {
            lines.push(format!("{}/login/{}?next=/demo/phone%3Faddress%3D{phone}", self.url, link.token));
        }
        lines.push(format!("所有手机（登录后）  The phones of everybody, once signed in: {}/demo/phone", self.url));
        lines
    }
}

/// What to call a role, and what to try as one who has it.
fn tries(role: &str) -> (&'static str, &'static str, &'static str) {
    match role {
        "staff" => (
            "教职工 staff",
            "读消息、答复；群发，看它等待审批；撤回",
            "read and answer, write to many and see it wait for consent, recall",
        ),
        "head" => (
            "部门负责人 department head",
            "审批待发的全校通知，看谁看过什么",
            "decide the broadcast to everybody that waits, see who has read what",
        ),
        "approver" => (
            "审批人 approver",
            "审批办公系统发给全校的消息",
            "decide what the office system wants to send to everybody",
        ),
        "undertaker" => {
            ("会议承接人员 undertaker", "确认承接，或者等电话响", "confirm a booking, or wait and let the phone ring")
        }
        _ => (
            "管理员 administrator",
            "看各部分和渠道的状态；撤回别人发的消息（要输入密码）",
            "see how every part and channel does; recall what somebody else has sent, with the password",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::producers::meeting::Rings;

    #[test]
    fn it_stays_on_this_machine() {
        assert!(loopback("127.0.0.1:8080").is_ok() && loopback("[::1]:0").is_ok());
        for address in ["0.0.0.0:8080", "192.168.1.2:80", "[::]:80", "localhost:80", ""] {
            assert!(loopback(address).is_err(), "{address}");
        }
    }

    #[test]
    fn its_settings_are_its_own() {
        let options = Options { people: None, fresh: false, listen: None, data_dir: PathBuf::from("data/demo") };
        let config = settings(&options, SocketAddr::from(([127, 0, 0, 1], 9))).expect("fine");
        assert_eq!(config.database.url.expose(), "sqlite:data/demo/zhihui.db");
        assert!(config.broker.url.expose().starts_with("memory:") && config.smtp.is_none() && config.sms.is_none());
        assert_eq!(config.web.origin(), "http://127.0.0.1:9");
    }

    #[test]
    fn the_greeting_says_when_the_phone_rings_and_why_not_sooner() {
        let at = crate::clock::Timestamp::UNIX_EPOCH;
        let greeting = |is_late, is_passed_on| {
            let rings = Rings { at, booked_at: at, is_late, is_passed_on };
            let link = |role: &str| DemoLink {
                role: role.to_owned(),
                name: "林知远".to_owned(),
                department: "后勤处".to_owned(),
                token: "t".to_owned(),
            };
            let opened = Opened { links: vec![link("staff"), link("undertaker")], rings, phone: "199".to_owned() };
            let folder = Path::new("data/demo");
            let (url, time) = ("http://u", "19:34");
            Welcome { url, people: 300, is_other_port: false, folder, opened: &opened, time }.text()
        };
        let soon = greeting(false, false);
        assert!(soon.contains("约 19:34 承接人的手机响") && !soon.contains("最多呼叫"), "{soon}");
        assert!(soon.contains("http://u/login/t?next=/demo/phone%3Faddress%3D199"), "{soon}");
        let late = greeting(true, false);
        assert!(
            late.contains("8 分钟内最多呼叫 2 次、1 小时内最多 4 次") && late.contains("约 19:34 承接人"),
            "{late}"
        );
        let never = greeting(true, true);
        assert!(never.contains("约 19:34 以前不再呼叫承接人") && !never.contains("手机响"), "{never}");
    }
}
