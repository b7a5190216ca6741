//! `zhihui check`: everything that a start would need, tried, one line each.

use std::{collections::BTreeMap, process::ExitCode, time::Duration};

use channels::SendError;
use serde::Serialize;

use crate::{
    app,
    broker::{Broker, Health},
    cli::Call,
    config::Config,
    domain::{
        person::Role,
        send_rule::{self, SendRule},
    },
    hub::{Channels, check::invariants},
    storage::{Db, access, settings},
};

/// How long a broker may take to answer.
const BROKER: Duration = Duration::from_secs(6);

#[derive(clap::Args)]
pub(super) struct Options {
    /// Only ask a hub that runs on this machine whether it is alive.
    #[arg(long)]
    live: bool,
    /// Read every message and say which promise was broken, if any: nothing lost, nothing twice,
    /// nothing before its approval, every change in the audit.
    #[arg(long)]
    ledger: bool,
}

/// One line of the report.
#[derive(Serialize)]
struct Finding {
    part: String,
    ok: bool,
    /// It works, and is perhaps not what was meant.
    warning: bool,
    words: String,
}

pub(super) async fn run(call: Call, options: Options) -> anyhow::Result<ExitCode> {
    let config = &call.config;
    let findings = if options.live {
        vec![finding("hub", alive(config).await)]
    } else if options.ledger {
        ledger(config).await?
    } else {
        let mut findings = vec![
            finding("settings", Ok("可以使用".to_owned())),
            finding("secret_key", config.secret_key().map(|_| "可以读取".to_owned()).map_err(anyhow::Error::from)),
            finding("database", database(config).await),
            finding("broker", broker(config).await),
        ];
        findings.extend(slips());
        findings.extend(approvers(config).await);
        findings.extend(public_url(config));
        findings.extend(channels(config).await);
        findings
    };
    let fine = findings.iter().all(|finding| finding.ok);
    if call.json {
        say!("{}", serde_json::json!({"ok": fine, "findings": findings}));
    } else {
        for finding in &findings {
            say!("{} {}: {}", finding.mark(), finding.part, finding.words);
        }
    }
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Finding {
    fn mark(&self) -> &'static str {
        match (self.ok, self.warning) {
            (false, _) => "✗",
            (true, true) => "!",
            (true, false) => "✓",
        }
    }
}

fn finding(part: &str, result: anyhow::Result<String>) -> Finding {
    let (ok, words) = match result {
        Ok(words) => (true, words),
        Err(error) => (false, super::explain(&error)),
    };
    Finding { part: part.to_owned(), ok, warning: false, words }
}

fn warning(part: &str, words: String) -> Finding {
    Finding { part: part.to_owned(), ok: true, warning: true, words }
}

/// One line for each broken promise, or one that says that there is none.
async fn ledger(config: &Config) -> anyhow::Result<Vec<Finding>> {
    // A check changes nothing: what is not of this version is left to `zhihui migrate`.
    let db = Db::open(config.database.url.expose()).await?;
    let is_current = db.is_current().await;
    db.close().await;
    if !is_current {
        let why = "数据库不是此版本的结构，请先运行 zhihui migrate（或用与服务相同版本的程序检查）";
        return Ok(vec![finding("ledger", Err(anyhow::anyhow!(why)))]);
    }
    let hub = super::hub(config).await?;
    let violations = invariants::check(&hub).await?;
    hub.broker.close().await;
    hub.db.close().await;
    if violations.is_empty() {
        return Ok(vec![finding("ledger", Ok("每条消息、每个收件箱、每次审批与每条审计都相符".to_owned()))]);
    }
    let broken = |violation: invariants::Violation| Finding {
        part: format!("ledger {}", violation.id),
        ok: false,
        warning: false,
        words: violation.what,
    };
    Ok(violations.into_iter().map(broken).collect())
}

async fn database(config: &Config) -> anyhow::Result<String> {
    config.make_data_dir()?;
    let db = Db::open(config.database.url.expose()).await?;
    let version = db.version().await.unwrap_or(0);
    // Asks it something: a bare connection would not.
    drop(db.read_one_moment().await?);
    db.close().await;
    Ok(format!("{}，版本 {version}", db.name()))
}

async fn broker(config: &Config) -> anyhow::Result<String> {
    let broker = Broker::connect(config.broker.url.expose(), &config.broker.prefix, &[]).await?;
    if matches!(broker.health(), Health::Local) {
        return Ok("在进程内".to_owned());
    }
    let waited = tokio::time::timeout(BROKER, async {
        while !broker.health().takes_messages() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let health = broker.health();
    broker.close().await;
    match (waited, health) {
        (Ok(()), _) => Ok("RabbitMQ，已连接".to_owned()),
        (Err(_), Health::Reconnecting { reason, .. }) => anyhow::bail!("RabbitMQ 连接失败：{reason}"),
        (Err(_), _) => anyhow::bail!("RabbitMQ 因内存或磁盘告警暂停接收消息"),
    }
}

/// Links that open on no phone: allowed, and found out too late.
fn public_url(config: &Config) -> Option<Finding> {
    let leads_nowhere = config.web.public_url.is_none() || config.links_lead_nowhere();
    leads_nowhere.then(|| {
        let origin = config.web.origin();
        warning("public_url", format!("链接以 {origin} 开头，手机和别的电脑上打不开；请设为用户访问的网址"))
    })
}

/// Variables that look like settings and are none.
fn slips() -> Vec<Finding> {
    let names = Config::unknown_variables(std::env::vars().map(|(name, _)| name));
    let line = |name: String| warning("settings", format!("没有环境变量 {name} 这项设置，它不起作用"));
    names.into_iter().map(line).collect()
}

/// Without an approver every broadcast is refused, and nobody approves his own.
async fn approvers(config: &Config) -> Option<Finding> {
    let count = async {
        let db = Db::open(config.database.url.expose()).await?;
        let mut tx = db.read().await?;
        let holders = access::list_holders(&mut tx, Role::Approver).await?;
        drop(tx);
        db.close().await;
        anyhow::Ok(holders.len())
    };
    // A database that cannot be asked has a line of its own; one without tables has nobody.
    too_few(count.await.unwrap_or(0))
}

fn too_few(approvers: usize) -> Option<Finding> {
    let words = match approvers {
        0 => "没有审批人：需要审批的消息都会以 APPR_NONE 拒绝",
        1 => "只有一位审批人：他自己的群发没有人能批，建议两位",
        _ => return None,
    };
    Some(warning("approver", format!("{words}（zhihui person grant 账号 approver）")))
}

async fn channels(config: &Config) -> Vec<Finding> {
    let channels = match app::channels(config) {
        Ok(channels) => channels,
        Err(error) => return vec![finding("channels", Err(error))],
    };
    let mut findings = Vec::new();
    for (channel, _) in &channels {
        let part = format!("channel {}", channel.name());
        let result = channel.check().await.map(|()| "可以连接".to_owned());
        let result = result.map_err(|error| {
            let words = in_chinese(&error);
            anyhow::Error::from(error).context(words)
        });
        findings.push(finding(&part, result));
    }
    findings.extend(missing(&rules(config).await, &Channels::new(channels)));
    findings
}

/// What to think of it, before the words of the libraries.
fn in_chinese(error: &SendError) -> &'static str {
    match error {
        SendError::Refused { .. } => "服务商拒绝，请检查地址和密钥",
        SendError::Temporary { .. } => "连不上服务商，或它正忙，请检查地址、网络和账号",
        SendError::Ambiguous(_) => "没有收到服务商的答复",
    }
}

/// Those of this installation; of a database that nobody has set up yet, those that it will begin
/// with.
async fn rules(config: &Config) -> Vec<SendRule> {
    let kept = async {
        let db = Db::open(config.database.url.expose()).await?;
        let mut tx = db.read().await?;
        let rows = settings::list_send_rules(&mut tx).await?;
        drop(tx);
        db.close().await;
        anyhow::Ok(rows)
    };
    match kept.await {
        Ok(rows) if !rows.is_empty() => rows
            .into_iter()
            .map(|row| SendRule { name: row.name, label: row.label, steps: row.definition.0.steps })
            .collect(),
        _ => send_rule::shipped(),
    }
}

/// One line for each channel that rules name and nobody has set up: allowed, and easily overlooked.
fn missing(rules: &[SendRule], channels: &Channels) -> Vec<Finding> {
    let mut named: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for rule in rules {
        for channel in channels.missing(&rule.rounds()) {
            named.entry(channel).or_default().push(&rule.name);
        }
    }
    let line = |(channel, rules): (String, Vec<&str>)| {
        let words = format!("没有配置；发送规则 {} 要用到它，目前只有站内送达", rules.join("、"));
        warning(&format!("channel {channel}"), words)
    };
    named.into_iter().map(line).collect()
}

async fn alive(config: &Config) -> anyhow::Result<String> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], config.web.listen.port()));
    let ask = async {
        let mut stream = tokio::net::TcpStream::connect(address).await?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        anyhow::ensure!(answer.starts_with("HTTP/1.1 200"), "{address} 没有正常回答");
        Ok(format!("{address} 正常"))
    };
    tokio::time::timeout(Duration::from_secs(3), ask).await?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_that_rules_name_and_nobody_set_up_is_said_once_and_is_no_failure() {
        let found = missing(&send_rule::shipped(), &Channels::default());
        let parts: Vec<_> = found.iter().map(|finding| finding.part.as_str()).collect();
        assert_eq!(parts, ["channel dingtalk", "channel email", "channel sms", "channel voice"]);
        assert!(found.iter().all(|finding| finding.ok && finding.mark() == "!"));
        assert!(found[3].words.contains("urgent、undertaker"), "{}", found[3].words);
        assert!(missing(&send_rule::shipped()[..1], &Channels::default()).is_empty());
    }

    #[test]
    fn one_approver_is_too_few_and_two_are_enough() {
        let said = |count| too_few(count).map(|finding| (finding.mark(), finding.words.contains("APPR_NONE")));
        assert_eq!([said(0), said(1), said(2)], [Some(("!", true)), Some(("!", false)), None]);
    }

    #[test]
    fn an_unset_address_is_a_warning() {
        let of = |url: Option<&str>| {
            let config = Config::of(|name| url.filter(|_| name == "ZHIHUI_PUBLIC_URL").map(str::to_owned));
            public_url(&config.expect("fine")).map(|finding| finding.mark())
        };
        assert_eq!([of(None), of(Some("https://zhihui.example.edu"))], [Some("!"), None]);
    }

    #[test]
    fn a_channel_that_fails_is_told_in_chinese_first() {
        let error = SendError::temporary("error sending request");
        let words = in_chinese(&error);
        let found = finding("channel sms", Err(anyhow::Error::from(error).context(words)));
        assert!(found.words.starts_with("连不上服务商"), "{}", found.words);
        assert!(found.words.ends_with("error sending request"), "{}", found.words);
    }
}
