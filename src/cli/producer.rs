//! `zhihui producer create`

use super::Call;
use crate::{
    hub::register::Registration,
    storage::producers::{ProducerAudience, ProducerCategories},
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// A module's credentials: an API token, shown once, and the AMQP user to expect.
    Create {
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
    },
}

pub(super) async fn run(call: Call, command: Command) -> anyhow::Result<()> {
    let Command::Create { name, label, audience, categories, trusted } = command;
    let everyone = audience.iter().any(|code| code == "everyone");
    let registration = Registration {
        name,
        label,
        audience: ProducerAudience {
            everyone,
            departments: audience.into_iter().filter(|code| code != "everyone").collect(),
        },
        categories: ProducerCategories { any: categories.is_empty(), names: categories },
        is_trusted: trusted,
    };
    let hub = super::hub(&call.config).await?;
    let made = hub.register_producer(registration).await?;
    if call.json {
        println!("{}", serde_json::json!({"name": made.name, "token": made.token, "amqp_user": made.amqp_user}));
    } else {
        println!(
            "模块 {} 已登记。\nAPI 令牌（只显示这一次）：{}\nAMQP 用户名：{}",
            made.name, made.token, made.amqp_user
        );
    }
    hub.broker.close().await;
    hub.db.close().await;
    Ok(())
}
