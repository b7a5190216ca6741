//! 登录: by account or phone number and password, or by a link; and the sessions that follow.
//!
//! Whoever is refused hears the same words after the same time, whatever the reason: unknown,
//! disabled, locked or wrong (reliability: bad input 49).

use chrono::Duration;
use serde_json::json;

use super::hash;
use crate::{
    clock::Timestamp,
    domain::{
        PersonId, Problem, contact,
        password::{self, LONGEST_BYTES},
        person::{Role, State},
        phone,
        problem::Class,
        seal,
        sign_in::{self, LinkPurpose},
    },
    hub::{Hub, Result},
    storage::{
        Tx, access, audit, people,
        sessions::{self, Link, Opening, Past},
    },
};

/// Seconds after which the last use of a session is written down again.
const SEEN: i64 = 60;

/// What the browser keeps: the token in a cookie, the other in every form.
#[derive(Clone)]
pub struct Session {
    pub token: String,
    pub csrf: String,
    pub person: PersonId,
}

/// Why a session no longer serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Nothing was done for so long.
    Idle(Duration),
    /// It had lasted as long as any may.
    TooLong,
    /// Signed out somewhere else, or the password was changed.
    Elsewhere,
}

/// Somebody who has proved who they are, as this moment knows them.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub person: PersonId,
    pub account: String,
    pub name: String,
    /// The name of the primary department, empty without one.
    pub department: String,
    pub roles: Vec<Role>,
    /// Heads a department.
    pub is_head: bool,
    /// The password was asked for again, a few minutes ago at most.
    pub is_proved: bool,
    pub csrf: String,
}

impl SignedIn {
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// As whom they stand in the audit.
    pub fn actor(&self) -> String {
        format!("person:{}", self.person)
    }
}

impl Hub {
    /// # Errors
    /// `LOGIN` for every reason to refuse; `PWD_LONG`, `LOGIN_BUSY`.
    pub async fn sign_in(&self, account: &str, password: &str) -> Result<Session> {
        if password.len() > LONGEST_BYTES {
            return Err(password::too_long().into());
        }
        let mut tx = self.db.read().await?;
        let person = self.find_by_login(&mut tx, account).await?;
        let kept = match person {
            Some(person) => access::find_credential(&mut tx, person).await?.map(|kept| kept.password_hash),
            None => None,
        };
        drop(tx);
        let fits = hash::verify(password.to_owned(), kept.clone()).await?;
        let mut tx = self.db.begin().await?;
        let now = self.clock.now();
        let session = match (person, kept, fits) {
            (Some(person), Some(kept), true) => self.admit(&mut tx, person, &kept, now).await?,
            _ => None,
        };
        if session.is_none() {
            refuse(&mut tx, person, now).await?;
        }
        tx.commit().await?;
        session.ok_or_else(|| refused().into())
    }

    /// Who comes with this session, and marks it as used. None: signed out, expired, or disabled.
    pub async fn session(&self, token: &str) -> Result<Option<SignedIn>> {
        let found = self.find_session(token).await?;
        if let Some((_, idle)) = &found
            && idle.num_seconds() >= SEEN
        {
            let mut tx = self.db.begin().await?;
            sessions::mark_seen(&mut tx, &seal::sha256(token.as_bytes()), self.clock.now()).await?;
            tx.commit().await?;
        }
        Ok(found.map(|(who, _)| who))
    }

    /// As [`Hub::session`], for what a page asks by itself: that is no use of the session.
    pub async fn session_unseen(&self, token: &str) -> Result<Option<SignedIn>> {
        Ok(self.find_session(token).await?.map(|(who, _)| who))
    }

    /// Why this session ended, for whoever comes with it once more; none for one that serves, that is
    /// unknown, or whose person may not sign in any more.
    pub async fn why_ended(&self, token: &str) -> Result<Option<Ended>> {
        let now = self.clock.now();
        let mut tx = self.db.read().await?;
        let Some(past) = sessions::find_past(&mut tx, &seal::sha256(token.as_bytes())).await? else {
            return Ok(None);
        };
        let idle = sign_in::idle(&access::list_roles(&mut tx, past.person_id).await?);
        Ok(match past {
            Past { ended_at: Some(_), .. } => Some(Ended::Elsewhere),
            Past { seen_at, .. } if now - seen_at >= idle => Some(Ended::Idle(idle)),
            Past { expires_at, .. } if expires_at <= now => Some(Ended::TooLong),
            _ => None,
        })
    }

    /// Who it is, and how long the session has been idle.
    async fn find_session(&self, token: &str) -> Result<Option<(SignedIn, Duration)>> {
        let now = self.clock.now();
        let mut tx = self.db.read().await?;
        let found = sessions::find(&mut tx, &seal::sha256(token.as_bytes()), now).await?;
        let Some((found, roles)) = found else { return Ok(None) };
        let idle = now - found.seen_at;
        if idle >= sign_in::idle(&roles) {
            return Ok(None);
        }
        let who = SignedIn {
            person: found.person_id,
            account: found.account,
            name: found.name,
            department: found.department.unwrap_or_default(),
            roles,
            is_head: found.is_head,
            is_proved: found.proved_at.is_some_and(|at| now - at < sign_in::PROOF),
            csrf: found.csrf,
        };
        Ok(Some((who, idle)))
    }

    /// Ends a session; one that is not there is fine.
    pub async fn sign_out(&self, token: &str) -> Result<()> {
        let hash = seal::sha256(token.as_bytes());
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let whose = sessions::find(&mut tx, &hash, now).await?;
        if sessions::end(&mut tx, &hash, now).await?
            && let Some((whose, _)) = whose
        {
            audit_session(&mut tx, "session.end", whose.person_id, now, json!({})).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Whose link this is and what it is for, without using it up.
    ///
    /// # Errors
    /// `LINK_GONE`: unknown, used or expired, all alike.
    pub async fn link(&self, token: &str) -> Result<Link> {
        let mut tx = self.db.read().await?;
        let found = sessions::find_link(&mut tx, &seal::sha256(token.as_bytes()), self.clock.now()).await?;
        found.ok_or_else(|| link_gone().into())
    }

    /// Signs in by a link of the demonstration, which serves until it expires. A set-up link does
    /// not sign in: it leads to [`Hub::set_password`].
    ///
    /// # Errors
    /// `LINK_GONE`
    pub async fn sign_in_by_link(&self, token: &str) -> Result<Session> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let link = sessions::find_link(&mut tx, &seal::sha256(token.as_bytes()), now).await?;
        let link = link.filter(|link| link.purpose == LinkPurpose::Demo).ok_or_else(link_gone)?;
        let session = open(&mut tx, link.person_id, now).await?;
        audit_session(&mut tx, "session.open", link.person_id, now, json!({"by": "link"})).await?;
        tx.commit().await?;
        Ok(session)
    }

    /// By account, or by a phone number that one person alone has.
    async fn find_by_login(&self, tx: &mut Tx, login: &str) -> Result<Option<PersonId>> {
        let login = login.trim();
        if let Some(person) = people::find_by_account(tx, login).await? {
            return Ok(Some(person.id));
        }
        let Ok(number) = phone::mobile(login, "/account") else { return Ok(None) };
        let sharing = people::list_by_phone(tx, &contact::phone_index(&self.sealer, &number)).await?;
        Ok(match sharing.as_slice() {
            [only] => Some(only.id),
            _ => None,
        })
    }

    /// Looks again at what may have changed while the password was being checked.
    async fn admit(&self, tx: &mut Tx, person: PersonId, checked: &str, now: Timestamp) -> Result<Option<Session>> {
        let credential = access::find_credential(tx, person).await?;
        let is_open = credential
            .is_some_and(|kept| kept.password_hash == checked && kept.locked_until.is_none_or(|until| until <= now));
        let is_active = people::find(tx, person).await?.is_some_and(|person| person.state == State::Active);
        if !is_open || !is_active {
            return Ok(None);
        }
        access::clear_failures(tx, person).await?;
        audit_session(tx, "session.open", person, now, json!({"by": "password"})).await?;
        open(tx, person, now).await.map(Some)
    }
}

/// Opens a session for somebody who has just proved who they are.
pub(super) async fn open(tx: &mut Tx, person: PersonId, now: Timestamp) -> Result<Session> {
    let (token, token_hash) = seal::token();
    let (csrf, _) = seal::token();
    let opening = Opening { token_hash: &token_hash, person, csrf: &csrf, at: now, expires_at: now + sign_in::SESSION };
    sessions::insert(tx, &opening).await?;
    Ok(Session { token, csrf, person })
}

/// Counts the failure, unless the account is waiting already, and writes it down. An unknown
/// account is written down too: it must not answer sooner.
pub(super) async fn refuse(tx: &mut Tx, person: Option<PersonId>, now: Timestamp) -> Result<()> {
    let Some(person) = person else {
        return Ok(audit::insert(tx, now, "hub", "session.refuse", "account:unknown", json!({})).await?);
    };
    let credential = access::find_credential(tx, person).await?;
    let is_waiting = credential.and_then(|kept| kept.locked_until).is_some_and(|until| until > now);
    let mut failures = None;
    if !is_waiting {
        failures = access::count_failure(tx, person).await?;
        if let Some(wait) = failures.and_then(sign_in::lock_after) {
            access::lock(tx, person, now + wait).await?;
        }
    }
    audit_session(tx, "session.refuse", person, now, json!({"failures": failures, "waiting": is_waiting})).await
}

async fn audit_session(
    tx: &mut Tx,
    verb: &str,
    person: PersonId,
    now: Timestamp,
    detail: serde_json::Value,
) -> Result<()> {
    let who = format!("person:{person}");
    Ok(audit::insert(tx, now, &who, verb, &who, detail).await?)
}

fn refused() -> Problem {
    Problem::new(Class::Unauthenticated, "LOGIN", "", "账号或密码不正确").in_english("wrong account or password")
}

/// Unknown, used or expired, all alike.
pub fn link_gone() -> Problem {
    Problem::new(Class::Gone, "LINK_GONE", "", "链接已失效，请联系管理员重新发送")
        .in_english("this link is used up or too old, ask for another")
}
