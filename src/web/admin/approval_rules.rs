//! `/admin/approval-rules`: which sends need whose consent, for the organisation's administrator and
//! only behind a fresh proof. Also tries out what would happen, and leaves no trace of it.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use serde_json::json;

use super::rule_form::{Written, node_line, read};
use crate::{
    domain::{ApprovalRuleId, Problem, approval::Condition, command},
    hub::{self, approve::rules::catch_mass_mail, policy::Action, send::resolve::Resolved},
    web::{
        compose,
        door::{prove, session::Me},
        frame::{
            form::{Fields, Form, Query, ids, no_such_act, shifted},
            page::{Answer, Around},
            page_error::{PageError, status_of},
            path::Path,
        },
        views::{
            approval_rules::{Outcome, RuleRow, RulesPage, Trial},
            shell::Section,
        },
    },
};

const PAGE: &str = "/admin/approval-rules";

/// `GET /admin/approval-rules`; with `sender`, `everyone`, `accounts`, `department`, `send_rule` and
/// `category` it says what would happen.
pub async fn list(me: Me, Query(query): Query) -> Answer {
    if me.must_prove(Action::EditApprovalRules)? {
        return Ok(prove::first(PAGE));
    }
    me.show_rules(&query, None).await
}

/// `POST /admin/approval-rules/arrange` with `id`, repeated, in order; or `do` = `up` or `down` and one.
pub async fn arrange(me: Me, Form(fields): Form) -> Answer {
    if me.must_prove(Action::EditApprovalRules)? {
        return Ok(prove::first(PAGE));
    }
    let mut order: Vec<ApprovalRuleId> = ids(&fields, "id")?;
    if let (step @ ("up" | "down"), [one]) = (fields.get("do"), order.as_slice()) {
        let known = me.web.hub.list_approval_rules(&me.who).await?;
        order = shifted(known.iter().map(|(id, _)| *id).collect(), *one, step == "up");
    }
    match me.web.hub.arrange_approval_rules(&me.who, &order).await {
        Ok(()) if me.wants("order") => Ok(StatusCode::NO_CONTENT.into_response()),
        Ok(()) => Ok(Redirect::to(&format!("{PAGE}?done=sorted")).into_response()),
        Err(error) => me.show_rules(&Fields::default(), Some(PageError::from(error).into_problem()?)).await,
    }
}

/// `GET /admin/approval-rules/{id}`; `new`: an empty one.
pub async fn open(me: Me, Path(id): Path<String>) -> Answer {
    if me.must_prove(Action::EditApprovalRules)? {
        return Ok(prove::first(PAGE));
    }
    let written = match parse(&id)? {
        None => Written::empty(),
        Some(id) => {
            let rules = me.web.hub.list_approval_rules(&me.who).await?;
            let found = rules.into_iter().find(|(known, _)| *known == id).ok_or_else(Problem::not_found)?;
            Written::of(&found.1)
        }
    };
    me.show_rule(&id, &written, None).await
}

/// `POST /admin/approval-rules/{id}` with the fields of the form and what to `do`.
pub async fn change(me: Me, Path(id): Path<String>, Form(fields): Form) -> Answer {
    if me.must_prove(Action::EditApprovalRules)? {
        return Ok(prove::first(PAGE));
    }
    let known = parse(&id)?;
    let mut written = read(&fields);
    let is_sure = fields.get("sure") == "1";
    let done = match (fields.get("do"), known) {
        ("add_node", _) => {
            written.add_node();
            return me.show_rule(&id, &written, None).await;
        }
        (step, _) if step.starts_with("remove_node.") => {
            written.remove_node(step);
            return me.show_rule(&id, &written, None).await;
        }
        ("delete", Some(id)) => me.web.hub.remove_approval_rule(&me.who, id, is_sure).await.map(|()| "removed"),
        ("save", _) => match written.rule() {
            Ok(rule) => me.web.hub.save_approval_rule(&me.who, known, &rule, is_sure).await.map(|_| "saved"),
            Err(problem) => Err(problem.into()),
        },
        _ => return Err(no_such_act()),
    };
    match done {
        Ok(done) => Ok(Redirect::to(&format!("{PAGE}?done={done}")).into_response()),
        Err(error) => {
            let problem = PageError::from(error).into_problem()?;
            me.show_rule(&id, &written, Some(problem)).await
        }
    }
}

/// None: a rule that is not there yet.
fn parse(id: &str) -> Result<Option<ApprovalRuleId>, Problem> {
    if id == "new" {
        return Ok(None);
    }
    id.parse().map(Some).map_err(|_| Problem::not_found())
}

impl Me {
    async fn show_rules(&self, query: &Fields, problem: Option<Problem>) -> Answer {
        let rules = self.web.hub.list_approval_rules(&self.who).await?;
        let done = ["saved", "removed", "sorted"].into_iter().find(|known| *known == query.get("done"));
        let mut trial = self.trial(query).await?;
        if !trial.sender.is_empty() {
            match self.foresee_rule(query).await {
                Ok(found) => trial.outcome = Some(self.outcome(&found)),
                Err(error) => trial.problem = Some(self.in_words(&PageError::from(error).into_problem()?)),
            }
        }
        let mut rows = Vec::with_capacity(rules.len());
        for (id, rule) in &rules {
            rows.push(RuleRow {
                id: id.to_string(),
                name: self.translated("approval_rule.", &rule.name),
                conditions: self.conditions(&rule.condition).await?.join(" · "),
                nodes: rule.nodes.iter().map(|node| node_line(self.tongue(), node, &node.people)).collect(),
            });
        }
        let view = RulesPage {
            rules: rows,
            is_safe: catch_mass_mail(rules.iter().map(|(_, rule)| rule)),
            notice: done.map(|done| self.say(&format!("rules.done.{done}"), &[])),
            problem: problem.as_ref().map(|problem| self.in_words(problem)),
            trial,
        };
        let status = problem.map_or(StatusCode::OK, |problem| status_of(problem.class));
        self.page(Around::from(Section::Rules).status(status), "approval_rules", &view).await
    }

    /// The form of the trial, as it was filled in.
    async fn trial(&self, query: &Fields) -> Result<Trial, PageError> {
        let all = |name: &str| query.all(name).map(str::to_owned).collect::<Vec<_>>();
        let lists = self.rule_lists(&all("department"), &all("send_rule"), &all("category")).await?;
        Ok(Trial {
            sender: query.get("sender").trim().to_owned(),
            everyone: query.get("everyone") == "1",
            accounts: query.get("accounts").to_owned(),
            departments: lists.departments,
            send_rules: lists.send_rules,
            categories: lists.categories,
            outcome: None,
            problem: None,
        })
    }

    async fn foresee_rule(&self, query: &Fields) -> hub::Result<Resolved> {
        let departments: Vec<_> =
            query.all("department").map(|code| json!({"code": code, "recursive": true})).collect();
        let mut sketch = json!({"audience": {
            "everyone": query.get("everyone") == "1",
            "people": compose::accounts(query.get("accounts")),
            "departments": departments,
        }});
        if !query.get("send_rule").is_empty() {
            sketch["send_rule"] = json!(query.get("send_rule"));
        }
        if !query.get("category").is_empty() {
            sketch["category"] = json!(query.get("category"));
        }
        let sketch = command::read_sketch(&sketch, self.web.hub.clock.now())?;
        self.web.hub.try_approval_rules(&self.who, query.get("sender"), &sketch).await
    }

    fn outcome(&self, found: &Resolved) -> Outcome {
        let needed = found.approval.as_ref();
        Outcome {
            recipients: found.recipients,
            cost: found.cost_units,
            rule: needed.map(|needed| self.translated("approval_rule.", &needed.rule)),
            nodes: needed
                .iter()
                .flat_map(|needed| &needed.nodes)
                .map(|each| node_line(self.tongue(), &each.node, &each.people))
                .collect(),
            is_stuck: needed.is_some_and(|needed| needed.approvers == 0),
        }
    }

    /// When a rule applies, in words.
    async fn conditions(&self, condition: &Condition) -> Result<Vec<String>, PageError> {
        let limits = [
            ("rules.if.recipients", condition.min_recipients),
            ("rules.if.beyond", condition.min_beyond_department),
            ("rules.if.cost", condition.min_cost_units),
        ];
        let limits =
            limits.into_iter().filter_map(|(key, limit)| Some(self.say(key, &[("count", limit?.to_string())])));
        let mut words: Vec<_> = limits.collect();
        let either = [
            (condition.by_producer, "rules.by.modules", "rules.by.people"),
            (condition.by_head, "rules.head.yes", "rules.head.no"),
        ];
        for (wanted, yes, no) in either {
            words.extend(wanted.map(|wanted| self.say(if wanted { yes } else { no }, &[])));
        }
        if condition.departments.is_empty() && condition.send_rules.is_empty() && condition.categories.is_empty() {
            return Ok(words);
        }
        let lists = self.rule_lists(&condition.departments, &condition.send_rules, &condition.categories).await?;
        let named = [
            ("rules.if.departments", lists.departments),
            ("rules.if.send_rules", lists.send_rules),
            ("rules.if.categories", lists.categories),
        ];
        for (key, choices) in named {
            let chosen: Vec<_> =
                choices.into_iter().filter(|choice| choice.chosen).map(|choice| choice.label).collect();
            if !chosen.is_empty() {
                words.push(self.say(key, &[("list", chosen.join(&self.say("list.comma", &[])))]));
            }
        }
        Ok(words)
    }
}

/// The rule that an administrator has written, back onto the page.
impl Me {
    async fn show_rule(&self, id: &str, written: &Written, problem: Option<Problem>) -> Answer {
        let view = self.rule_page(id, written, problem.as_ref()).await?;
        let status = problem.map_or(StatusCode::OK, |problem| status_of(problem.class));
        self.page(Around::from(Section::Rules).status(status), "approval_rule", &view).await
    }
}
