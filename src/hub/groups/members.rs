//! Who is listed in a group: added from the organisation or from outside, edited, sorted, moved to
//! another group, taken out.

use std::collections::HashMap;

use serde_json::json;

use crate::{
    domain::{
        GroupId, PersonId, Problem,
        contact::Contact,
        group,
        message::{Audience, External},
        problem::Class,
    },
    hub::{Error, Hub, Result, Source, send::audience},
    storage::{
        Tx,
        external::{self, Outsider},
        group_members::{self, Listing, Member},
        people,
    },
};

/// People to be listed, as they are named: nobody is looked up yet.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// Accounts and departments; nothing else of it is used.
    pub inside: Audience,
    /// With a note on each.
    pub outside: Vec<(External, String)>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Added {
    pub added: u64,
    /// of those that were named one by one, who was listed before
    pub already: u64,
}

/// What may be changed of somebody in a group.
#[derive(Debug, Clone, Default)]
pub struct MemberEdit {
    /// Of somebody outside the organisation; people inside are the directory's.
    pub outside: Option<External>,
    pub note: String,
}

impl Hub {
    /// 新增 and 同步. All of them or, when one is not there, nobody.
    ///
    /// # Errors
    /// `RCPT_NOT_VISIBLE`, `RCPT_NONE`, `GROUP_LIMIT`, `NOTE_LEN`, `NOT_FOUND`
    pub async fn add_members(&self, source: &Source, id: GroupId, named: &Named) -> Result<Added> {
        let mut tx = self.db.begin().await?;
        self.own_group(&mut tx, source, id).await?;
        refuse_unknown(&mut tx, named, source).await?;
        let mut people = inside(&mut tx, &named.inside.people).await?;
        let mut notes = Vec::with_capacity(named.outside.len());
        for (_, note) in &named.outside {
            notes.push(group::note(note, "/note")?);
        }
        let outsiders: Vec<_> = named.outside.iter().map(|(who, _)| self.outsider(who)).collect();
        let outsiders = external::find_or_insert(&mut tx, &outsiders, self.clock.now()).await?;
        people.extend(outsiders.into_iter().zip(notes).map(|(person, note)| Listing { person, note }));
        let single = group_members::add(&mut tx, id, &people).await?;
        let mut added = Added { added: single, already: people.len() as u64 - single };
        for recursive in [false, true] {
            let chosen = named.inside.departments.iter().filter(|choice| choice.recursive == recursive);
            let codes: Vec<_> = chosen.map(|choice| choice.code.clone()).collect();
            if !codes.is_empty() {
                added.added += group_members::add_departments(&mut tx, id, &codes, recursive).await?;
            }
        }
        fits(&mut tx, id).await?;
        let detail = json!({"added": added.added, "outside": named.outside.len()});
        self.audit_group(&mut tx, source, "group.members.add", id, detail).await?;
        tx.commit().await?;
        Ok(added)
    }

    /// Of somebody inside the organisation only the note. Somebody outside becomes who is described
    /// here in this group alone: others keep them as they did.
    ///
    /// # Errors
    /// `GROUP_MEMBER` when that one is listed already; `NOTE_LEN`, `NOT_FOUND`.
    pub async fn edit_member(&self, source: &Source, id: GroupId, person: PersonId, edit: &MemberEdit) -> Result<()> {
        let note = group::note(&edit.note, "/note")?;
        let mut tx = self.db.begin().await?;
        self.own_group(&mut tx, source, id).await?;
        let member = group_members::find(&mut tx, id, person).await?.ok_or_else(Problem::not_found)?;
        let person_after = match (&member.account, &edit.outside) {
            (None, Some(who)) => {
                let who = [self.outsider(who)];
                external::find_or_insert(&mut tx, &who, self.clock.now()).await?.remove(0)
            }
            _ => person,
        };
        if !group_members::replace(&mut tx, id, person, &Listing { person: person_after, note }).await? {
            return Err(Problem::conflict("GROUP_MEMBER", "这个分组中已有此人")
                .in_english("this person is listed already")
                .into());
        }
        self.audit_group(&mut tx, source, "group.members.edit", id, json!({"outside": member.account.is_none()}))
            .await?;
        Ok(tx.commit().await?)
    }

    /// 删除; of one or of many.
    ///
    /// # Errors
    /// `GROUP_NOBODY`, `NOT_FOUND`
    pub async fn remove_members(&self, source: &Source, id: GroupId, people: &[PersonId]) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        self.own_group(&mut tx, source, id).await?;
        let removed = group_members::remove(&mut tx, id, people).await?;
        if removed == 0 {
            return Err(nobody().into());
        }
        self.audit_group(&mut tx, source, "group.members.delete", id, json!({"removed": removed})).await?;
        tx.commit().await?;
        Ok(removed)
    }

    /// 复制到, and with `is_move` 移动到: how many are in the other group by it. Who is listed there
    /// already stays as he is there.
    ///
    /// # Errors
    /// `GROUP_NOBODY`, `GROUP_SAME`, `GROUP_LIMIT`, `NOT_FOUND` for either group.
    pub async fn copy_members(
        &self,
        source: &Source,
        (from, to): (GroupId, GroupId),
        people: &[PersonId],
        is_move: bool,
    ) -> Result<Added> {
        if from == to {
            return Err(Problem::invalid("GROUP_SAME", "/to", "请选择另一个分组")
                .in_english("choose another group")
                .into());
        }
        let mut tx = self.db.begin().await?;
        // Not out of a group that is shared with oneself: whose numbers are in it is its owner's to say.
        self.own_group(&mut tx, source, from).await?;
        self.own_group(&mut tx, source, to).await?;
        let chosen = group_members::list_chosen(&mut tx, from, people).await?;
        if chosen.is_empty() {
            return Err(nobody().into());
        }
        let added = group_members::add(&mut tx, to, &chosen).await?;
        if is_move {
            group_members::remove(&mut tx, from, people).await?;
        }
        fits(&mut tx, to).await?;
        let verb = if is_move { "group.members.move" } else { "group.members.copy" };
        self.audit_group(&mut tx, source, verb, from, json!({"to": to, "people": chosen.len()})).await?;
        tx.commit().await?;
        Ok(Added { added, already: chosen.len() as u64 - added })
    }

    /// These members come in this order among themselves.
    ///
    /// # Errors
    /// `NOT_FOUND`, also when somebody is not listed.
    pub async fn sort_members(&self, source: &Source, id: GroupId, order: &[PersonId]) -> Result<()> {
        let mut tx = self.db.begin().await?;
        self.own_group(&mut tx, source, id).await?;
        if group_members::list_chosen(&mut tx, id, order).await?.len() != order.len() {
            return Err(Problem::not_found().into());
        }
        group_members::sort(&mut tx, id, order).await?;
        self.audit_group(&mut tx, source, "group.members.sort", id, json!({"people": order.len()})).await?;
        Ok(tx.commit().await?)
    }

    /// One member up by one place, or down; at the end nothing happens.
    ///
    /// # Errors
    /// `NOT_FOUND`
    pub async fn shift_member(&self, source: &Source, id: GroupId, person: PersonId, is_up: bool) -> Result<()> {
        let mut tx = self.db.read().await?;
        self.own_group(&mut tx, source, id).await?;
        let other = group_members::neighbour(&mut tx, id, person, is_up).await?;
        drop(tx);
        match other {
            Some(other) if is_up => self.sort_members(source, id, &[person, other]).await,
            Some(other) => self.sort_members(source, id, &[other, person]).await,
            None => Ok(()),
        }
    }

    /// A member of a group that `source` may open.
    ///
    /// # Errors
    /// `NOT_FOUND`
    pub async fn group_member(&self, source: &Source, id: GroupId, person: PersonId) -> Result<Member> {
        let mut tx = self.db.read().await?;
        self.usable_group(&mut tx, source, id).await?;
        Ok(group_members::find(&mut tx, id, person).await?.ok_or_else(Problem::not_found)?)
    }

    /// Sealed as it is kept.
    pub fn outsider(&self, who: &External) -> Outsider {
        Outsider {
            name: who.name.clone(),
            phone: who.phone.as_ref().map(|phone| Contact::phone(&self.sealer, phone)),
            email: who.email.as_ref().map(|email| Contact::email(&self.sealer, email)),
        }
    }
}

/// People by their accounts, in this order; an account that nobody has was refused before.
async fn inside(tx: &mut Tx, accounts: &[String]) -> Result<Vec<Listing>> {
    let known = people::list_by_accounts(tx, accounts).await?;
    let known: HashMap<_, _> = known.iter().map(|person| (person.account.as_deref(), person.id)).collect();
    let people = accounts.iter().filter_map(|account| known.get(&Some(account.as_str())));
    Ok(people.map(|person| Listing { person: *person, note: String::new() }).collect())
}

/// As for a message, with the places of this list.
async fn refuse_unknown(tx: &mut Tx, named: &Named, source: &Source) -> Result<()> {
    let Audience { people, departments, .. } = &named.inside;
    if people.is_empty() && departments.is_empty() && named.outside.is_empty() {
        return Err(Problem::invalid("RCPT_NONE", "/people", "没有选择任何人").in_english("nobody was chosen").into());
    }
    let audience = Audience {
        people: people.clone(),
        departments: departments.clone(),
        external: named.outside.iter().map(|(who, _)| who.clone()).collect(),
        ..Audience::default()
    };
    audience::refuse_unknown(tx, &audience, source).await.map_err(|error| match error {
        Error::Problem(mut problem) => {
            problem.field = problem.field.trim_start_matches("/audience").to_owned();
            Error::Problem(problem)
        }
        other => other,
    })
}

/// No group grows beyond what one may hold.
pub(super) async fn fits(tx: &mut Tx, id: GroupId) -> Result<()> {
    Ok(group::is_within(group_members::count(tx, id).await?, group::MEMBERS, "一个分组的成员", "members of a group")?)
}

fn nobody() -> Problem {
    Problem::new(Class::Invalid, "GROUP_NOBODY", "/person", "请先勾选成员").in_english("tick members first")
}
