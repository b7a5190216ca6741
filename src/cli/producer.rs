//! `zhihui producer create`, `disable`, `renew`

use crate::{
    cli::Call,
    hub::{
        Hub,
        people::register::{Registered, Registration},
    },
    storage::producers::{ProducerAudience, ProducerCategories},
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// A module's credentials: an API token, shown once, and the AMQP user to expect.
    Create(Create),
    /// Takes a module's credentials away for good; its name stays taken.
    Disable { name: String },
    /// A new API token in place of the one before, which ends at once.
    Renew { name: String },
}

#[derive(clap::Args)]
pub(super) struct Create {
    name: String,
    /// `everyone`, or the codes of departments that it may address with all below them.
    #[arg(long, num_args = 1.., value_name = "everyone|DEPARTMENT")]
    audience: Vec<String>,
    /// Categories that it may send; none means all.
    #[arg(long = "category", num_args = 1.., value_name = "NAME")]
    categories: Vec<String>,
    /// How people see it as a sender, such as 访客预约; without it its name.
    #[arg(long)]
    label: Option<String>,
    /// Its sends need no approval.
    #[arg(long)]
    trusted: bool,
}

pub(super) async fn run(call: Call, command: Command) -> anyhow::Result<()> {
    let hub = super::hub(&call.config).await?;
    match command {
        Command::Create(create) => {
            let made = hub.register_producer(registration(create)).await?;
            show(&call, "已登记", &made);
        }
        Command::Renew { name } => show(&call, "已换令牌", &hub.renew_token(&name).await?),
        Command::Disable { name } => disable(&call, &hub, &name).await?,
    }
    hub.broker.close().await;
    hub.db.close().await;
    Ok(())
}

fn registration(create: Create) -> Registration {
    let Create { name, label, audience, categories, trusted } = create;
    let everyone = audience.iter().any(|code| code == "everyone");
    Registration {
        name,
        label,
        audience: ProducerAudience {
            everyone,
            departments: audience.into_iter().filter(|code| code != "everyone").collect(),
        },
        categories: ProducerCategories { any: categories.is_empty(), names: categories },
        is_trusted: trusted,
    }
}

fn show(call: &Call, what: &str, made: &Registered) {
    if call.json {
        say!("{}", serde_json::json!({"name": made.name, "token": made.token, "amqp_user": made.amqp_user}));
    } else {
        say!("模块 {} {what}。\nAPI 令牌（只显示这一次）：{}\nAMQP 用户名：{}", made.name, made.token, made.amqp_user);
    }
}

async fn disable(call: &Call, hub: &Hub, name: &str) -> anyhow::Result<()> {
    hub.disable_producer(name).await?;
    if call.json {
        say!("{}", serde_json::json!({"name": name, "disabled": true}));
    } else {
        say!("模块 {name} 已停用，其令牌和 AMQP 账号不再有效。");
    }
    Ok(())
}
