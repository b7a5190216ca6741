//! `zhihui person`: who may sign in, and who may do what.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::{
    cli::Call,
    domain::person::{Role, State},
    hub::{self, people::administer::By},
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
        #[arg(value_parser = role())]
        role: Role,
    },
    /// Takes a role back.
    Revoke {
        account: String,
        #[arg(value_parser = role())]
        role: Role,
    },
    /// Lets nobody sign in with this account and sends it nothing, until it is thawed.
    Freeze { account: String },
    /// Lets a frozen account sign in and receive again.
    Thaw { account: String },
}

/// The words of the roles, which a wrong one is answered with.
fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.iter().map(|role| role.as_str())).try_map(|word| word.parse::<Role>())
}

/// Whoever typed the account is told which one it was that nobody has.
fn named<T>(account: &str, done: hub::Result<T>) -> anyhow::Result<T> {
    match done {
        Err(hub::Error::Problem(problem)) if problem.code == "NOT_FOUND" => {
            anyhow::bail!("NOT_FOUND 没有账号“{account}”，或者已停用")
        }
        done => Ok(done?),
    }
}

pub(super) async fn run(call: Call, command: Command) -> anyhow::Result<()> {
    let hub = super::hub(&call.config).await?;
    match command {
        Command::Invite { accounts } => {
            for account in accounts {
                let token = named(&account, hub.invite(By::CommandLine, &account).await)?;
                let url = format!("{}/setup/{token}", hub.place.public_url);
                if call.json {
                    say!("{}", serde_json::json!({"account": account, "setup_url": url}));
                } else {
                    say!("{account}\t{url}");
                }
            }
        }
        Command::Grant { account, role } => {
            named(&account, hub.set_role(By::CommandLine, &account, role, true).await)?;
            say!("{account} 已有角色 {role}");
        }
        Command::Revoke { account, role } => {
            named(&account, hub.set_role(By::CommandLine, &account, role, false).await)?;
            say!("{account} 已没有角色 {role}");
        }
        Command::Freeze { account } => {
            named(&account, hub.set_person_state(By::CommandLine, &account, State::Frozen).await)?;
            say!("{account} 已冻结");
        }
        Command::Thaw { account } => {
            named(&account, hub.set_person_state(By::CommandLine, &account, State::Active).await)?;
            say!("{account} 已解冻");
        }
    }
    hub.broker.close().await;
    hub.db.close().await;
    Ok(())
}
