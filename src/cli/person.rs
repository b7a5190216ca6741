//! `zhihui person`: who may sign in, and who may do what.

use super::Call;
use crate::{
    domain::person::{Role, State},
    hub::administer::By,
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Prints a one-time link for each account, with which its owner sets a password.
    Invite {
        #[arg(required = true)]
        accounts: Vec<String>,
    },
    /// Gives a role: approver, org_admin, system_admin or audit_admin.
    Grant {
        account: String,
        role: Role,
    },
    /// Takes a role back.
    Revoke {
        account: String,
        role: Role,
    },
    /// Lets nobody sign in with this account and sends it nothing, until it is thawed.
    Freeze {
        account: String,
    },
    Thaw {
        account: String,
    },
}

pub(super) async fn run(call: Call, command: Command) -> anyhow::Result<()> {
    let hub = super::hub(&call.config).await?;
    match command {
        Command::Invite { accounts } => {
            for account in accounts {
                let token = hub.invite(By::CommandLine, &account).await?;
                let url = format!("{}/setup/{token}", hub.place.public_url);
                if call.json {
                    println!("{}", serde_json::json!({"account": account, "setup_url": url}));
                } else {
                    println!("{account}\t{url}");
                }
            }
        }
        Command::Grant { account, role } => {
            hub.set_role(By::CommandLine, &account, role, true).await?;
            println!("{account} 已有角色 {role}");
        }
        Command::Revoke { account, role } => {
            hub.set_role(By::CommandLine, &account, role, false).await?;
            println!("{account} 已没有角色 {role}");
        }
        Command::Freeze { account } => {
            hub.set_person_state(By::CommandLine, &account, State::Frozen).await?;
            println!("{account} 已冻结");
        }
        Command::Thaw { account } => {
            hub.set_person_state(By::CommandLine, &account, State::Active).await?;
            println!("{account} 已解冻");
        }
    }
    hub.broker.close().await;
    hub.db.close().await;
    Ok(())
}
