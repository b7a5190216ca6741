//! `zhihui send`: a message from a script, written to the database like any other; a running hub
//! sends it.

use std::{io::Read, path::PathBuf};

use anyhow::Context;

use super::Call;
use crate::{
    domain::{command, seal::sha256},
    hub::Source,
    storage::producers,
};

#[derive(clap::Args)]
pub(super) struct Options {
    /// The registered module that sends.
    #[arg(long, value_name = "NAME")]
    producer: String,
    /// Sent once however often it is called with the same key.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// The body of `message.send` as JSON; `-` reads standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
}

pub(super) async fn run(call: Call, options: Options) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    if options.file.as_os_str() == "-" {
        std::io::stdin().read_to_end(&mut bytes)?;
    } else {
        bytes = std::fs::read(&options.file).with_context(|| options.file.display().to_string())?;
    }
    let hub = super::hub(&call.config).await?;
    let value = command::parse(&bytes).map_err(crate::hub::Error::from)?;
    let draft = command::read_send(&value, hub.clock.now()).map_err(crate::hub::Error::from)?;
    let mut tx = hub.db.read().await?;
    let producer = producers::find_by_amqp_user(&mut tx, &options.producer)
        .await?
        .with_context(|| format!("没有名为 {} 的模块，请先运行 zhihui producer create", options.producer))?;
    drop(tx);
    let answer = hub.accept(&Source::Producer(producer), options.key.as_deref(), sha256(&bytes), draft).await?;
    if call.json {
        say!("{}", answer.document("zh-CN"));
    } else {
        say!("消息 {} 已接受：{} 人，状态 {}", answer.id, answer.recipients, answer.state);
        answer.warnings().iter().for_each(|warning| say!("注意：{}", warning.detail));
    }
    hub.broker.close().await;
    hub.db.close().await;
    Ok(())
}
