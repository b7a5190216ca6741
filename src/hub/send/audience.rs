//! From an audience to the frozen list of people, inside the database.

use std::collections::{BTreeSet, HashSet};

use crate::{
    domain::{
        self, GroupId, MessageId, Problem,
        approval::Reach,
        contact::Contact,
        message::{Audience, limits},
        send_rule::{Round, To},
        wording::Said,
    },
    hub::{Hub, Place, Result, Source},
    storage::{
        Tx, accounts, approvers,
        external::{self, Outsider},
        messages::Message,
        recipients::{self, Unreachable},
        snapshot,
    },
};

/// Whom a message goes to.
pub struct Gathered {
    pub recipients: i64,
    /// named more than once
    pub repeated: i64,
}

/// Whom a message goes to, once and for all.
pub struct Snapshot {
    pub recipients: i64,
    /// named more than once
    pub repeated: i64,
    pub hash: Vec<u8>,
}

/// How a message would go out.
#[derive(Clone, Copy)]
pub(in crate::hub) struct Plan<'a> {
    pub rounds: &'a [Round],
    pub said: Said<'a>,
    pub send_rule: &'a str,
    pub category: &'a str,
}

impl<'a> Plan<'a> {
    pub fn of(message: &'a Message, place: &'a Place) -> Self {
        Self {
            rounds: &message.rounds.0.list,
            said: message.said(&place.public_url),
            send_rule: &message.rule_name,
            category: &message.category,
        }
    }
}

impl Hub {
    /// Writes the recipients of `message`. Refuses what names nobody, too many, or people that the
    /// sender may not address, without telling who exists.
    pub(super) async fn freeze(
        &self,
        tx: &mut Tx,
        message: MessageId,
        audience: &Audience,
        source: &Source,
    ) -> Result<Snapshot> {
        let Gathered { recipients, repeated } = self.gather(tx, message, audience, source).await?;
        Ok(Snapshot { recipients, repeated, hash: snapshot::hash(tx, message).await? })
    }

    /// [`Hub::freeze`] without the hash, which only what stays needs.
    pub(in crate::hub) async fn gather(
        &self,
        tx: &mut Tx,
        message: MessageId,
        audience: &Audience,
        source: &Source,
    ) -> Result<Gathered> {
        // Whom the hub itself writes to it has just read.
        if !matches!(source, Source::Hub) {
            refuse_unknown(tx, audience, source).await?;
        }
        let named = select(tx, message, audience, source).await? + self.add_external(tx, message, audience).await?;
        narrow(tx, message, audience).await?;
        if !audience.groups.is_empty() || !audience.external.is_empty() {
            recipients::drop_twins(tx, message).await?;
        }
        let recipients = recipients::count(tx, message).await?;
        if recipients == 0 {
            return Err(nobody(named, audience).into());
        }
        if recipients > limits::RECIPIENTS {
            return Err(refuse_many(recipients).into());
        }
        Ok(Gathered { recipients, repeated: repeated(audience) })
    }

    /// People outside the organisation become persons without an account.
    async fn add_external(&self, tx: &mut Tx, message: MessageId, audience: &Audience) -> Result<u64> {
        if audience.external.is_empty() {
            return Ok(0);
        }
        let outsider = |external: &domain::message::External| Outsider {
            name: external.name.clone(),
            phone: external.phone.as_ref().map(|phone| Contact::phone(&self.sealer, phone)),
            email: external.email.as_ref().map(|email| Contact::email(&self.sealer, email)),
        };
        let outsiders: Vec<_> = audience.external.iter().map(outsider).collect();
        let people = external::find_or_insert(tx, &outsiders, self.clock.now()).await?;
        Ok(recipients::add_people(tx, message, &people).await?)
    }

    /// How the sender is named under a message, and his department.
    pub(super) async fn sender(&self, tx: &mut Tx, source: &Source) -> Result<(String, String)> {
        Ok(match source {
            Source::Hub => ("知会".to_owned(), String::new()),
            Source::Producer(producer) => (producer.label.clone(), String::new()),
            Source::Person(person) => accounts::signature_of(tx, *person).await?.ok_or_else(Problem::not_found)?,
        })
    }

    /// What the approval rules look at.
    pub(in crate::hub) async fn reach(
        &self,
        tx: &mut Tx,
        message: MessageId,
        source: &Source,
        recipients: i64,
        plan: Plan<'_>,
    ) -> Result<Reach> {
        let Plan { rounds, said, .. } = plan;
        let beyond_department = match source {
            Source::Person(person) => {
                let own = approvers::departments_of(tx, *person).await?;
                recipients::count_beyond(tx, message, &own).await?
            }
            Source::Producer(_) | Source::Hub => 0,
        };
        // Most messages cost nothing, and then nobody's phone is looked for.
        let cost_units = match cost(rounds, said, recipients, &Unreachable::default()) {
            0 => 0,
            _ => cost(rounds, said, recipients, &recipients::count_unreachable(tx, message).await?),
        };
        let (departments, is_head) = match source {
            Source::Person(person) => approvers::standing_of(tx, *person).await?,
            Source::Producer(_) | Source::Hub => (Vec::new(), false),
        };
        Ok(Reach {
            recipients,
            beyond_department,
            cost_units,
            departments,
            is_head,
            send_rule: plan.send_rule.to_owned(),
            category: plan.category.to_owned(),
            by_producer: matches!(source, Source::Producer(_)),
            is_trusted: match source {
                Source::Producer(producer) => producer.is_trusted,
                Source::Hub => true,
                Source::Person(_) => false,
            },
        })
    }
}

/// SMS pieces and calls if every step is needed for everybody whom it can reach.
pub fn cost(rounds: &[Round], said: Said<'_>, recipients: i64, gaps: &Unreachable) -> i64 {
    sends(rounds, recipients, gaps).map(|(channel, people)| said.cost(channel) * people).sum()
}

/// The SMS pieces alone.
pub fn sms_pieces(rounds: &[Round], said: Said<'_>, recipients: i64, gaps: &Unreachable) -> i64 {
    let texts = sends(rounds, recipients, gaps).filter(|(channel, _)| *channel == "sms");
    texts.map(|(_, people)| said.sms_segments() * people).sum()
}

/// How many each step can reach over each of its channels.
fn sends<'a>(rounds: &'a [Round], recipients: i64, gaps: &Unreachable) -> impl Iterator<Item = (&'a str, i64)> {
    rounds.iter().flat_map(move |round| {
        let without_phone = match round.to {
            To::Recipient => gaps.no_phone,
            To::Deputy => gaps.no_deputy_phone,
            To::Person(_) => 0,
        };
        round.channels.iter().map(move |channel| match channel.as_str() {
            "sms" | "voice" => (channel.as_str(), recipients - without_phone),
            other => (other, recipients),
        })
    })
}

async fn select(tx: &mut Tx, message: MessageId, audience: &Audience, source: &Source) -> Result<u64> {
    let mut named = 0;
    if audience.everyone {
        named += recipients::add_everyone(tx, message).await?;
    }
    if !audience.people.is_empty() {
        named += recipients::add_accounts(tx, message, &audience.people).await?;
    }
    for recursive in [false, true] {
        let codes: Vec<_> = audience
            .departments
            .iter()
            .filter(|department| department.recursive == recursive)
            .map(|department| department.code.clone())
            .collect();
        if !codes.is_empty() {
            named += recipients::add_departments(tx, message, &codes, recursive).await?;
        }
    }
    if let Some(keeper) = source.keeper().filter(|_| !audience.groups.is_empty()) {
        named += recipients::add_groups(tx, message, &audience.groups, keeper).await?;
    }
    Ok(named)
}

async fn narrow(tx: &mut Tx, message: MessageId, audience: &Audience) -> Result<()> {
    let filter = &audience.filter;
    if !filter.kind.is_empty() {
        recipients::keep_kinds(tx, message, &filter.kind).await?;
    }
    if filter.gender.is_some() || filter.grade.is_some() {
        recipients::keep_like(tx, message, filter.gender.as_deref(), filter.grade.as_deref()).await?;
    }
    if !audience.exceptions.people.is_empty() {
        recipients::drop_accounts(tx, message, &audience.exceptions.people).await?;
    }
    if !audience.exceptions.departments.is_empty() {
        recipients::drop_departments(tx, message, &audience.exceptions.departments).await?;
    }
    Ok(())
}

/// The departments that a module may address with all below; none when it may address everybody.
fn range(source: &Source) -> Option<&[String]> {
    match source {
        Source::Producer(producer) if !producer.audience.everyone => Some(&producer.audience.departments),
        _ => None,
    }
}

/// Says which place in the list is wrong and what stands there, never whether somebody exists:
/// whoever is out of a module's range is refused as nobody is, and before any filter or exception
/// could tell the two apart.
pub(in crate::hub) async fn refuse_unknown(tx: &mut Tx, audience: &Audience, source: &Source) -> Result<()> {
    let range = range(source);
    if range.is_some() {
        refuse_unbounded(audience)?;
    }
    if let Some(at) = unknown_account(tx, &audience.people, range).await? {
        return Err(unknown_person(format!("/audience/people/{at}"), at, "个接收人", &audience.people[at]).into());
    }
    let codes: Vec<_> = audience.departments.iter().map(|department| department.code.clone()).collect();
    if let Some(at) = unknown_department(tx, &codes, range).await? {
        return Err(not_visible(format!("/audience/departments/{at}/code"), at, "个部门").into());
    }
    // Whoever misspells an exception means somebody who must not get it.
    let without = &audience.exceptions.people;
    if let Some(at) = unknown_account(tx, without, range).await? {
        return Err(unknown_person(format!("/audience/except/people/{at}"), at, "个排除的人", &without[at]).into());
    }
    // Somebody in range may have a second post elsewhere: without him the count would tell of it.
    if range.is_some()
        && let Some(at) = unknown_department(tx, &audience.exceptions.departments, range).await?
    {
        return Err(not_visible(format!("/audience/except/departments/{at}"), at, "个部门").into());
    }
    for (at, group) in audience.groups.iter().enumerate() {
        if !may_use(tx, group, source, range).await? {
            return Err(not_visible(format!("/audience/groups/{at}"), at, "个群分组").into());
        }
    }
    Ok(())
}

/// A group of the sender's own, or shared with him, in which nobody is out of his range.
async fn may_use(tx: &mut Tx, group: &String, source: &Source, range: Option<&[String]>) -> Result<bool> {
    let (Some(keeper), Ok(id)) = (source.keeper(), group.parse::<GroupId>()) else { return Ok(false) };
    if recipients::count_usable_groups(tx, std::slice::from_ref(group), keeper).await? == 0 {
        return Ok(false);
    }
    match range {
        Some(range) => Ok(recipients::count_beyond_of_group(tx, id, range).await? == 0),
        None => Ok(true),
    }
}

/// What is in no department is in no range.
fn refuse_unbounded(audience: &Audience) -> Result<(), Problem> {
    if audience.everyone {
        return Err(Problem::invalid(
            "RCPT_NOT_VISIBLE",
            "/audience/everyone",
            "该模块不能发给全体人员，请指定部门或人员",
        )
        .in_english("this producer may not address everyone, name departments or people"));
    }
    if audience.external.is_empty() {
        return Ok(());
    }
    Err(not_visible("/audience/external/0".to_owned(), 0, "个单位外接收人"))
}

/// The place of the first account that is nobody in reach.
async fn unknown_account(tx: &mut Tx, accounts: &[String], range: Option<&[String]>) -> Result<Option<usize>> {
    let unknown = match range {
        _ if accounts.is_empty() => return Ok(None),
        None => recipients::unknown_accounts(tx, accounts).await?,
        Some(range) => recipients::accounts_beyond(tx, accounts, range).await?,
    };
    let unknown: HashSet<_> = unknown.into_iter().collect();
    Ok(accounts.iter().position(|account| unknown.contains(account)))
}

/// Names the account as it was typed, whether it exists or not.
fn unknown_person(field: String, at: usize, what: &str, account: &str) -> Problem {
    let typed: String = account.chars().take(LONGEST_NAMED).collect();
    not_visible(field, at, &format!("{what}“{typed}”"))
        .in_english(format!("number {} in this list, {typed}, is not within your reach", at + 1))
}

/// The place of the first code that is no department in reach.
async fn unknown_department(tx: &mut Tx, codes: &[String], range: Option<&[String]>) -> Result<Option<usize>> {
    let unknown = match range {
        _ if codes.is_empty() => return Ok(None),
        None => recipients::unknown_departments(tx, codes).await?,
        Some(range) => recipients::departments_beyond(tx, codes, range).await?,
    };
    let unknown: HashSet<_> = unknown.into_iter().collect();
    Ok(codes.iter().position(|code| unknown.contains(code)))
}

/// Of what was typed as an account so many characters are said again.
const LONGEST_NAMED: usize = 40;

fn not_visible(field: String, at: usize, what: &str) -> Problem {
    let nth = at + 1;
    Problem::invalid("RCPT_NOT_VISIBLE", field, format!("第 {nth} {what}不在您的可见范围内"))
        .in_english(format!("number {nth} in this list is not within your reach"))
}

pub(in crate::hub) fn refuse_many(recipients: i64) -> Problem {
    let detail = format!("一次最多 {} 人，当前 {recipients} 人", limits::RECIPIENTS);
    Problem::invalid("RCPT_LIMIT", "/audience", detail)
        .in_english(format!("at most {} recipients at once, these are {recipients}", limits::RECIPIENTS))
}

fn nobody(named: u64, audience: &Audience) -> Problem {
    let chosen: BTreeSet<_> = audience.people.iter().collect();
    let by_account = audience.departments.is_empty() && audience.groups.is_empty() && !chosen.is_empty();
    let detail = if named == 0 && by_account {
        format!("没有可接收的人：所选 {} 人均已停用", chosen.len())
    } else if named == 0 {
        "没有可接收的人：请选择接收人（已停用的人员不会收到）".to_owned()
    } else {
        format!("没有可接收的人：所选 {named} 人均被筛选条件或排除项去除")
    };
    Problem::invalid("RCPT_NONE", "/audience", detail)
        .in_english("there is nobody to receive this: choose active recipients")
}

/// Accounts that stand in the list more than once.
fn repeated(audience: &Audience) -> i64 {
    let distinct: BTreeSet<_> = audience.people.iter().collect();
    i64::try_from(audience.people.len() - distinct.len()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::send_rule::shipped;

    #[test]
    fn nobody_is_charged_for_whom_no_phone_rings() {
        let said = Said { sender_name: "教务处", title: "停水", body: "", signature: "", link: None };
        let gaps = Unreachable { no_phone: 4, no_deputy_phone: 9, ..Unreachable::default() };
        let of = |name: &str| {
            let rules = shipped();
            let rounds = rules.iter().find(|rule| rule.name == name).expect("it is shipped").rounds();
            (cost(&rounds, said, 10, &gaps), sms_pieces(&rounds, said, 10, &gaps))
        };
        assert_eq!(of("dingtalk"), (0, 0));
        assert_eq!(of("dingtalk_then_sms"), (6, 6));
        assert_eq!(of("urgent"), (12, 6), "one piece and one call for each of six");
        assert_eq!(of("undertaker"), (3 * 6 + 1, 0), "three calls, and one to the only deputy with a phone");
    }
}
