//! What the form offers to choose from: departments, groups, people, filters, send rules; and what
//! of it is chosen.

use std::collections::{HashMap, HashSet};

use super::fields::Choices;
use crate::{
    domain::{DepartmentId, kind},
    hub::send::intake::{DEFAULT_CATEGORY, OWN_CATEGORY},
    storage::{
        Tx,
        departments::{self, Branch},
        directory, groups, people, settings,
    },
    web::{
        door::session::Me,
        frame::page_error::PageError,
        message::plan,
        views::compose::{
            AudienceChoices, CategoryChoice, ComposeForm, DepartmentNode, FilterChoices, GroupChoice, PersonChip,
            RuleCard, Tick, Unit,
        },
    },
};

/// Departments so deep are offered for looking people up; 1 is a root.
const SHOWN_DEPTH: i64 = 2;
/// People who are shown one by one; more of them are shown as a list of accounts.
pub(super) const CHIPS: usize = 200;

impl Me {
    /// Accounts that are nobody's, or too many to be shown one by one, go to where they can be typed.
    pub(super) async fn audience_choices(
        &self,
        tx: &mut Tx,
        choices: &Choices,
        form: &mut ComposeForm,
    ) -> Result<AudienceChoices, PageError> {
        let tree = departments::list_tree(tx).await?;
        let (people, rest) = chips(tx, &choices.people).await?;
        let (without, _) = chips(tx, &choices.without).await?;
        if !rest.is_empty() {
            let typed = std::mem::take(&mut form.accounts);
            form.accounts =
                rest.into_iter().chain(Some(typed).filter(|typed| !typed.is_empty())).collect::<Vec<_>>().join("\n");
        }
        let unit =
            |branch: &Branch| Unit { code: branch.code.clone(), name: branch.name.clone(), below: branch.depth > 1 };
        Ok(AudienceChoices {
            units: tree.iter().filter(|branch| branch.depth <= SHOWN_DEPTH).map(unit).collect(),
            departments: nodes(&tree, choices),
            groups: self.groups(tx, choices).await?,
            people,
            without,
            filter: self.filters(tx, choices).await?,
        })
    }

    async fn filters(&self, tx: &mut Tx, choices: &Choices) -> Result<FilterChoices, PageError> {
        let traits = directory::list_traits(tx).await?;
        let chosen = &choices.filter;
        let word = |key: String, otherwise: &str| {
            let said = self.say(&key, &[]);
            if said.is_empty() { otherwise.to_owned() } else { said }
        };
        let kind = |value: String| Tick {
            chosen: chosen.kind.contains(&value),
            label: word(format!("person.kind.{value}"), kind::label(&value)),
            value,
        };
        let gender = |value: String| Tick {
            chosen: chosen.gender.as_ref() == Some(&value),
            label: word(format!("person.gender.{value}"), kind::gender_label(&value)),
            value,
        };
        let grade = |value: String| Tick { chosen: chosen.grade.as_ref() == Some(&value), label: value.clone(), value };
        Ok(FilterChoices {
            kinds: traits.kinds.into_iter().map(kind).collect(),
            genders: traits.genders.into_iter().map(gender).collect(),
            grades: traits.grades.into_iter().map(grade).collect(),
            any: !chosen.kind.is_empty() || chosen.gender.is_some() || chosen.grade.is_some(),
        })
    }

    async fn groups(&self, tx: &mut Tx, choices: &Choices) -> Result<Vec<GroupChoice>, PageError> {
        let groups = groups::list_for(tx, self.id()).await?;
        let choice = |group: groups::Group| GroupChoice {
            chosen: choices.groups.contains(&group.id.to_string()),
            id: group.id.to_string(),
            name: group.name,
            people: group.people,
            folder: group.folder_name.filter(|_| group.owner_id == self.id()),
            owner: Some(group.owner_name).filter(|_| group.owner_id != self.id()),
        };
        Ok(groups.into_iter().map(choice).collect())
    }
}

/// Those who are somebody, with their names, in their order; and the other accounts.
pub(super) async fn chips(tx: &mut Tx, accounts: &[String]) -> Result<(Vec<PersonChip>, Vec<String>), PageError> {
    if accounts.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let (shown, rest) = accounts.split_at(accounts.len().min(CHIPS));
    let known: HashMap<_, _> =
        people::list_named(tx, shown).await?.into_iter().map(|person| (person.account.clone(), person)).collect();
    let (mut chips, mut others, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for account in shown {
        match known.get(account) {
            Some(_) if !seen.insert(account) => {}
            Some(person) => chips.push(PersonChip {
                account: account.clone(),
                name: person.name.clone(),
                department: person.department.clone().unwrap_or_default(),
            }),
            None => others.push(account.clone()),
        }
    }
    others.extend_from_slice(rest);
    Ok((chips, others))
}

/// The rules that are offered; the first one is chosen where none was. One whose channels are all
/// missing here is shown, since people look for it, but cannot be chosen.
pub(super) async fn rules(tx: &mut Tx, choices: &Choices, me: &Me) -> Result<Vec<RuleCard>, PageError> {
    let rows = settings::list_send_rules(tx).await?.into_iter().filter(|row| row.is_offered);
    let mut cards: Vec<_> = rows
        .map(|row| {
            let rule =
                crate::domain::send_rule::SendRule { name: row.name, label: row.label, steps: row.definition.0.steps };
            let steps = plan::steps(&rule.rounds(), &me.web.hub.channels);
            let mut outside = steps.iter().filter(|step| step.channel != "inbox").peekable();
            let is_idle = outside.peek().is_some() && outside.all(|step| step.missing);
            RuleCard {
                steps,
                idle: is_idle,
                chosen: rule.name == choices.send_rule && !is_idle,
                name: rule.name,
                label: me.translated("rule.", &rule.label),
            }
        })
        .collect();
    if !cards.iter().any(|card| card.chosen)
        && let Some(first) = cards.iter_mut().find(|card| !card.idle)
    {
        first.chosen = true;
    }
    Ok(cards)
}

/// What a person writes about: never what the hub asks approvers with.
pub async fn categories(tx: &mut Tx, chosen: &str, me: &Me) -> Result<Vec<CategoryChoice>, PageError> {
    let chosen = if chosen.is_empty() { DEFAULT_CATEGORY } else { chosen };
    let known = settings::list_categories(tx).await?.into_iter().filter(|one| one.name != OWN_CATEGORY);
    let choice = |one: settings::Category| CategoryChoice {
        label: me.translated("category.", &one.label),
        chosen: one.name == chosen,
        name: one.name,
    };
    Ok(known.map(choice).collect())
}

/// The tree from its rows; siblings keep their order.
fn nodes(rows: &[Branch], choices: &Choices) -> Vec<DepartmentNode> {
    let mut children: HashMap<Option<DepartmentId>, Vec<&Branch>> = HashMap::new();
    for row in rows {
        children.entry(row.parent_id).or_default().push(row);
    }
    fn below(
        children: &HashMap<Option<DepartmentId>, Vec<&Branch>>,
        parent: Option<DepartmentId>,
        choices: &Choices,
    ) -> Vec<DepartmentNode> {
        let rows = children.get(&parent).into_iter().flatten();
        rows.map(|row| {
            let inner = below(children, Some(row.id), choices);
            DepartmentNode {
                code: row.code.clone(),
                name: row.name.clone(),
                people: row.people,
                chosen: choices.departments.contains(&row.code),
                left_out: choices.without_departments.contains(&row.code),
                open: inner.iter().any(|child| child.chosen || child.left_out || child.open),
                children: inner,
            }
        })
        .collect()
    }
    below(&children, None, choices)
}
