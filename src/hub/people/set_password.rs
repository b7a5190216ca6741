//! Setting a password: the first one through a set-up link, later ones knowing the last.
//! Either signs the person out everywhere else.

use serde_json::json;

use super::{
    hash,
    prove::wrong,
    sign_in::{Session, SignedIn, link_gone, open},
};
use crate::{
    domain::{
        PersonId, Problem,
        password::{self, Known},
        seal,
        sign_in::LinkPurpose,
    },
    hub::{Hub, Result},
    storage::{Tx, access, audit, sessions},
};

impl Hub {
    /// Uses a set-up link up, and signs in.
    ///
    /// # Errors
    /// `LINK_GONE`, `PWD_WEAK`, `PWD_LONG`, `LOGIN_BUSY`; the link stays usable after all but the first.
    pub async fn set_password(&self, token: &str, password: &str) -> Result<Session> {
        let link = self.link(token).await?;
        if link.purpose != LinkPurpose::Setup {
            return Err(link_gone().into());
        }
        self.check_password(password, &link.account, &link.name)?;
        let hashed = hash::hash(password.to_owned()).await?;
        let mut tx = self.db.begin().await?;
        if !sessions::use_link(&mut tx, &seal::sha256(token.as_bytes()), self.clock.now()).await? {
            return Err(link_gone().into());
        }
        access::set_password(&mut tx, link.person_id, &hashed, self.clock.now()).await?;
        let session = self.sign_in_anew(&mut tx, link.person_id, "link").await?;
        tx.commit().await?;
        Ok(session)
    }

    /// Changes one's own password; the session that it came by ends with all others.
    ///
    /// # Errors
    /// `PWD_WRONG` when the present one is not right, `PWD_WAIT` after too many of those; `PWD_WEAK` also
    /// for the present one again.
    pub async fn change_password(&self, who: &SignedIn, present: &str, next: &str) -> Result<Session> {
        self.check_password(next, &who.account, &who.name)?;
        let checked = self.check_present(who.person, present, "/present").await?;
        if present == next {
            return Err(Problem::invalid("PWD_WEAK", "/password", "新密码不能与当前密码相同")
                .in_english("the new password is the old one")
                .into());
        }
        let hashed = hash::hash(next.to_owned()).await?;
        let mut tx = self.db.begin().await?;
        // Somebody else may have changed it while the new one was being hashed.
        if !access::replace_password(&mut tx, who.person, &checked, &hashed, self.clock.now()).await? {
            return Err(wrong("/present").into());
        }
        let session = self.sign_in_anew(&mut tx, who.person, "password").await?;
        tx.commit().await?;
        Ok(session)
    }

    fn check_password(&self, password: &str, account: &str, name: &str) -> Result<()> {
        Ok(password::check(password, &Known { account, name, organisation: &self.place.organisation })?)
    }

    /// The password is another one: whoever is signed in by the last one is so no longer.
    async fn sign_in_anew(&self, tx: &mut Tx, person: PersonId, by: &str) -> Result<Session> {
        let now = self.clock.now();
        sessions::end_all_of(tx, person, now).await?;
        sessions::end_setup_links_of(tx, person, now).await?;
        let who = format!("person:{person}");
        audit::insert(tx, now, &who, "password.set", &who, json!({"by": by})).await?;
        open(tx, person, now).await
    }
}
