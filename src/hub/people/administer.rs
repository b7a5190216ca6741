//! Who administers: the first administrator, set-up links, roles, freezing and resigning people.

use serde_json::json;

use super::sign_in::SignedIn;
use crate::{
    clock::Timestamp,
    domain::{
        PersonId, Problem, account,
        person::{Role, State},
        seal,
        sign_in::{LinkPurpose, SETUP_LINK},
    },
    hub::{
        Error, Hub, Result,
        policy::{self, Action, Facts},
    },
    storage::{
        Tx, access, audit,
        people::{self, Person, Profile},
        sessions,
    },
};

/// What the first administrator is: settings and people are theirs, the audit is not.
const FIRST: [Role; 2] = [Role::SystemAdmin, Role::OrgAdmin];

/// Who administers.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    Person(&'a SignedIn),
    /// Whoever may run commands on the hub's machine has its database and its key anyway.
    CommandLine,
}

impl<'a> From<&'a SignedIn> for By<'a> {
    fn from(who: &'a SignedIn) -> Self {
        Self::Person(who)
    }
}

impl By<'_> {
    fn actor(&self) -> String {
        match self {
            Self::Person(who) => who.actor(),
            Self::CommandLine => "hub".to_owned(),
        }
    }
}

impl Hub {
    /// Makes `account` an administrator, adding the person when there is none, and returns the
    /// token of a one-time set-up link. It is valid for 72 hours and kept only as a hash.
    ///
    /// # Errors
    /// `ADMIN_EXISTS` when there is an administrator already, unless `is_forced`; `ACCOUNT`.
    pub async fn create_administrator(&self, account: &str, name: &str, is_forced: bool) -> Result<String> {
        account::check(account)?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if !is_forced && !access::list_holders(&mut tx, Role::SystemAdmin).await?.is_empty() {
            return Err(Problem::conflict(
                "ADMIN_EXISTS",
                "已有系统管理员，没有改动任何内容。忘记密码：zhihui person invite 账号；再授予一位：\
                 zhihui person grant 账号 system_admin；确需新建，请加 --force",
            )
            .in_english(
                "there is an administrator already, nothing was changed. A forgotten password: zhihui person invite; \
                 another one: zhihui person grant ACCOUNT system_admin; or add --force",
            )
            .into());
        }
        let person = match people::find_by_account(&mut tx, account).await? {
            Some(person) => person.id,
            None => {
                let profile = Profile::of(account, name, "staff");
                people::insert_many(&mut tx, std::slice::from_ref(&profile), now).await?;
                profile.id
            }
        };
        people::set_state(&mut tx, person, State::Active, now).await?;
        for role in FIRST {
            access::grant(&mut tx, person, role).await?;
        }
        let detail = json!({"roles": FIRST, "forced": is_forced});
        audit::insert(&mut tx, now, "hub", "administrator.create", &format!("person:{person}"), detail).await?;
        let token = setup_link(&mut tx, "hub", person, now).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// A one-time set-up link for somebody; those made for them before end.
    ///
    /// # Errors
    /// `FORBIDDEN`; `NOT_FOUND` for an account that nobody active has.
    pub async fn invite(&self, by: impl Into<By<'_>>, account: &str) -> Result<String> {
        let by = by.into();
        require(&by, Action::EditDirectory)?;
        let mut tx = self.db.begin().await?;
        let person = active(&mut tx, account).await?;
        // Whoever sets the password becomes the person: only those who could grant the role may.
        require_all(&by, &access::list_roles(&mut tx, person.id).await?)?;
        let token = setup_link(&mut tx, &by.actor(), person.id, self.clock.now()).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Gives a role, or takes it back; whoever has it already is fine.
    ///
    /// # Errors
    /// `FORBIDDEN`; `NOT_FOUND`; `ROLE_SEPARATED` where one person would both run the system and
    /// watch over it (security: 三权分立).
    pub async fn set_role(&self, by: impl Into<By<'_>>, account: &str, role: Role, is_granted: bool) -> Result<()> {
        let by = by.into();
        require_all(&by, &[role])?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let person = active(&mut tx, account).await?;
        let changed = if is_granted {
            check_separation(&access::list_roles(&mut tx, person.id).await?, role)?;
            access::grant(&mut tx, person.id, role).await?
        } else {
            access::revoke(&mut tx, person.id, role).await?
        };
        if changed {
            let verb = if is_granted { "role.grant" } else { "role.revoke" };
            let object = format!("person:{}", person.id);
            audit::insert(&mut tx, now, &by.actor(), verb, &object, json!({"role": role})).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// 冻结、离职、复职. Whoever is no longer active is signed out at once.
    ///
    /// # Errors
    /// `FORBIDDEN`; `NOT_FOUND`.
    pub async fn set_person_state(&self, by: impl Into<By<'_>>, account: &str, state: State) -> Result<()> {
        let by = by.into();
        require(&by, Action::EditDirectory)?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let person = people::find_by_account(&mut tx, account).await?.ok_or_else(Problem::not_found)?;
        require_all(&by, &access::list_roles(&mut tx, person.id).await?)?;
        if people::set_state(&mut tx, person.id, state, now).await? {
            if state != State::Active {
                sessions::end_all_of(&mut tx, person.id, now).await?;
                sessions::end_setup_links_of(&mut tx, person.id, now).await?;
            }
            let object = format!("person:{}", person.id);
            audit::insert(&mut tx, now, &by.actor(), "person.state", &object, json!({"state": state})).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

async fn setup_link(tx: &mut Tx, actor: &str, person: PersonId, now: Timestamp) -> Result<String> {
    sessions::end_setup_links_of(tx, person, now).await?;
    let (token, hash) = seal::token();
    sessions::insert_link(tx, &hash, person, LinkPurpose::Setup, now + SETUP_LINK).await?;
    audit::insert(tx, now, actor, "link.create", &format!("person:{person}"), json!({"purpose": "setup"})).await?;
    Ok(token)
}

async fn active(tx: &mut Tx, account: &str) -> Result<Person> {
    let person = people::find_by_account(tx, account).await?;
    Ok(person.filter(|person| person.state == State::Active).ok_or_else(Problem::not_found)?)
}

/// What one person alone must not hold together.
fn check_separation(held: &[Role], role: Role) -> Result<(), Problem> {
    let is_watcher = |role: &Role| *role == Role::AuditAdmin;
    let is_runner = |role: &Role| matches!(role, Role::SystemAdmin | Role::OrgAdmin);
    let clashes = held.iter().any(|held| is_watcher(held) && is_runner(&role) || is_runner(held) && is_watcher(&role));
    if clashes {
        return Err(Problem::conflict("ROLE_SEPARATED", "审计管理员不能同时是系统管理员或组织管理员")
            .in_english("who audits the system may not administer it"));
    }
    Ok(())
}

fn require(by: &By<'_>, action: Action) -> Result<()> {
    match by {
        By::Person(who) if !policy::may(*who, action, &Facts::default()) => Err(forbidden()),
        By::Person(_) | By::CommandLine => Ok(()),
    }
}

fn require_all(by: &By<'_>, roles: &[Role]) -> Result<()> {
    roles.iter().try_for_each(|role| require(by, Action::GrantRole(*role)))
}

fn forbidden() -> Error {
    Problem::forbidden("FORBIDDEN", "您没有这项权限").in_english("you may not do this").into()
}
