//! `/groups/{id}`: who is in a group, whom it is shared with, what department it follows, and what
//! was sent to it. Whoever it is shared with reads; its owner changes it.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect},
};

use super::list::folder_of;
use crate::{
    domain::{GroupId, PersonId, Problem, message::DepartmentChoice},
    hub,
    web::{
        door::session::Me,
        frame::{
            form::{Fields, Form, Query, ids, no_such_act},
            page::Answer,
            page_error::PageError,
            path::Path,
        },
    },
};

/// `GET /groups/{id}?q=…&after=…&share=…`
pub async fn open(me: Me, Path(id): Path<String>, Query(query): Query) -> Answer {
    let notice = me.group_notice(&query);
    me.show_group(parse(&id)?, &query, None, notice).await
}

/// `POST /groups/{id}` with `do` = `save` (`name`, `folder`) or `delete`.
pub async fn change(me: Me, Path(id): Path<String>, Form(fields): Form) -> Answer {
    let id = parse(&id)?;
    let (hub, source) = (&me.web.hub, me.source());
    match fields.get("do") {
        "save" => {
            let result = async { hub.edit_group(&source, id, fields.get("name"), folder_of(&fields)?).await };
            me.back_to_group(id, "saved", result.await, &fields).await
        }
        "delete" => match hub.remove_group(&source, id).await {
            Ok(()) => Ok(Redirect::to("/groups?done=deleted").into_response()),
            Err(error) => me.refuse_in_group(id, error, &fields).await,
        },
        _ => {
            // Whoever may not change it is told of no field.
            hub.own_group(&mut hub.db.read().await?, &source, id).await?;
            Err(no_such_act())
        }
    }
}

/// `POST /groups/{id}/members`: `person`, repeated, and `do` = `delete`, `copy` or `move` (`to`),
/// `sort`; or one of them with `up` or `down`.
pub async fn members(me: Me, Path(id): Path<String>, Form(fields): Form) -> Answer {
    let id = parse(&id)?;
    let (hub, source) = (&me.web.hub, me.source());
    let people = ids::<PersonId>(&fields, "person")?;
    let result = async {
        hub.own_group(&mut hub.db.read().await?, &source, id).await?;
        let done = match (fields.get("do"), people.as_slice()) {
            ("delete", people) => format!("removed&count={}", hub.remove_members(&source, id, people).await?),
            (verb @ ("copy" | "move"), people) => {
                let to: GroupId = fields.get("to").parse().map_err(|_| {
                    Problem::invalid("GROUP_SAME", "/to", "请选择要放入的分组").in_english("choose the other group")
                })?;
                let done = hub.copy_members(&source, (id, to), people, verb == "move").await?;
                let told = if verb == "move" { "moved" } else { "copied" };
                format!("{told}&count={}&already={}", done.added, done.already)
            }
            ("sort", people) => hub.sort_members(&source, id, people).await.map(|()| "sorted".to_owned())?,
            (step @ ("up" | "down"), [one]) => {
                hub.shift_member(&source, id, *one, step == "up").await?;
                "sorted".to_owned()
            }
            _ => return Err(no_such_act()),
        };
        Ok::<_, PageError>(done)
    };
    match result.await {
        Ok(_) if me.wants("order") => Ok(StatusCode::NO_CONTENT.into_response()),
        Ok(done) => Ok(Redirect::to(&format!("/groups/{id}?done={done}")).into_response()),
        Err(error) => {
            let problem = error.into_problem()?;
            me.show_group(id, &fields, Some(problem), None).await
        }
    }
}

/// `POST /groups/{id}/share` with `do` = `add` (`account`) or `remove` (`person`).
pub async fn share(me: Me, Path(id): Path<String>, Form(fields): Form) -> Answer {
    let id = parse(&id)?;
    let (hub, source) = (&me.web.hub, me.source());
    let (done, result) = match fields.get("do") {
        "remove" => {
            let person: Result<PersonId, _> = fields.get("person").parse();
            let result = match person {
                Ok(person) => hub.unshare_group(&source, id, person).await,
                Err(_) => Err(Problem::not_found().into()),
            };
            ("unshared", result)
        }
        _ => ("shared", hub.share_group(&source, id, fields.get("account").trim()).await.map(|_| ())),
    };
    me.back_to_group(id, done, result, &fields).await
}

/// `POST /groups/{id}/follow` with `department` and `all=1`; or `do` = `stop`, which takes its people
/// out, or `keep`, which lists them.
pub async fn follow(me: Me, Path(id): Path<String>, Form(fields): Form) -> Answer {
    let id = parse(&id)?;
    let (hub, source) = (&me.web.hub, me.source());
    let (done, result) = match fields.get("do") {
        "stop" => ("unfollowed", hub.follow_department(&source, id, None).await),
        "keep" => ("unfollowed", hub.keep_followed(&source, id).await.map(|_| ())),
        _ => {
            let choice =
                DepartmentChoice { code: fields.get("department").to_owned(), recursive: fields.get("all") == "1" };
            ("follows", hub.follow_department(&source, id, Some(&choice)).await)
        }
    };
    me.back_to_group(id, done, result, &fields).await
}

pub fn parse(id: &str) -> Result<GroupId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}

impl Me {
    async fn back_to_group(&self, id: GroupId, done: &str, result: hub::Result<()>, fields: &Fields) -> Answer {
        match result {
            Ok(()) => Ok(Redirect::to(&format!("/groups/{id}?done={done}")).into_response()),
            Err(error) => self.refuse_in_group(id, error, fields).await,
        }
    }

    async fn refuse_in_group(&self, id: GroupId, error: hub::Error, fields: &Fields) -> Answer {
        let problem = PageError::from(error).into_problem()?;
        self.show_group(id, fields, Some(problem), None).await
    }
}
