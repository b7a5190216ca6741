//! `zhihui admin create`

use super::Call;

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Makes ACCOUNT an administrator; there are no default passwords.
    Create {
        account: String,
        /// The person's name, if the account is not in the directory yet.
        #[arg(long)]
        name: Option<String>,
        /// Even though there is an administrator already.
        #[arg(long)]
        force: bool,
    },
}

pub(super) async fn run(call: Call, command: Command) -> anyhow::Result<()> {
    let Command::Create { account, name, force } = command;
    let hub = super::hub(&call.config).await?;
    let token = hub.create_administrator(&account, name.as_deref().unwrap_or(&account), force).await?;
    let url = format!("{}/setup/{token}", hub.place.public_url);
    if call.json {
        say!("{}", serde_json::json!({"account": account, "setup_url": url}));
    } else {
        say!("管理员 {account} 已建立。请在 72 小时内打开以下一次性链接设置密码：\n{url}");
    }
    hub.broker.close().await;
    hub.db.close().await;
    Ok(())
}
