//! The command itself: one process on the embedded set, on this machine alone.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use channels::{
    Channel,
    simulated::{Carrier, Medium, Simulated},
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{LARGE, MOST, PASSWORD, folder::Folder, least};
use crate::{
    app::{self, App, Rated, Role},
    cli::Call,
    config::Config,
    domain::seal,
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
        super::found(&hub, &carrier, folder.people).await?;
        folder.complete()?;
    }
    let links = super::open(&hub, &carrier, folder.people).await?;
    carrier.set_callback(&hub.place.public_url, &seal::token().0)?;
    let demo = super::pages(&carrier, &links);
    let web = Web::open(hub.clone(), Some(demo), config.web.trusted_proxies.clone())?;
    let stop = CancellationToken::new();
    work(&hub, carrier, &stop);
    let app = App::start(hub, Role::All, web, listener).await?;
    let url = config.web.origin();
    if call.json {
        println!("{}", answer(&url, &options, &links));
    } else {
        print!("{}", greeting(&url, folder.people, is_other_port, &options, &links));
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

fn greeting(url: &str, people: usize, is_other_port: bool, options: &Options, links: &[DemoLink]) -> String {
    let mut lines = vec![
        format!("知会 · demonstration: 青溪大学, {people} people, all of them invented."),
        "SMS, calls and DingTalk are simulated in this process: nothing leaves this machine.".to_owned(),
        String::new(),
        url.to_owned(),
    ];
    if is_other_port {
        lines.push("(port 8080 is taken, so another one was chosen)".to_owned());
    }
    lines.extend([String::new(), "Sign in with one click as".to_owned()]);
    for link in links {
        let (role, tries) = tries(&link.role);
        lines.push(String::new());
        lines.push(format!("{role} · {}，{}: {tries}", link.name, link.department));
        lines.push(format!("{url}/login/{}", link.token));
    }
    lines.extend([
        String::new(),
        format!("Where a password is asked for, it is {PASSWORD} for all five, until they change it."),
        format!("The phones of everybody: {url}/demo/phone"),
        "In about a minute the undertaker's rings: for five minutes he has not confirmed a booking.".to_owned(),
        String::new(),
        format!("What you do is kept in {}; --fresh begins again.", options.data_dir.display()),
        "Ctrl-C ends the demonstration.".to_owned(),
    ]);
    let indented = lines.iter().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") });
    format!("\n{}\n", indented.collect::<String>())
}

/// What to call a role, and what to try as one who has it.
fn tries(role: &str) -> (&'static str, &'static str) {
    match role {
        "staff" => ("教职工 staff", "read and answer, write to many and see it wait for consent, recall"),
        "head" => ("部门负责人 department head", "decide the broadcast to everybody that waits, see who has read what"),
        "approver" => ("审批人 approver", "decide what the office system wants to send to everybody"),
        "undertaker" => ("会议承接人员 undertaker", "confirm a booking, or wait and let the phone ring"),
        _ => (
            "管理员 administrator",
            "see how every part and channel does; recall what somebody else has sent, for which the password is asked",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
