//! Who may open what: every address of the router with every role, so that a page without a case
//! here cannot be added (security §8). 404 is the answer for what belongs to somebody else.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use zhihui::{
    domain::{
        message::{AttachedFile, Audience},
        person::Role,
    },
    hub::{Source, groups::Named},
    storage::attachments,
    web::{ROUTES, STATIC},
};

use crate::{
    pages::browser::{Browser, Site},
    support::people::{Actor, to, to_department},
};

/// Statuses for: nobody; a stranger; who received it; who sent it; who was asked to approve it; an
/// administrator. Changes are sent without fields, so 422 and 404 for a field mean "let in".
type Case = (&'static str, &'static str, [u16; 6]);

const CASES: &[Case] = &[
    //                                        nobody stranger reader sender approver admin
    ("get", "/", [303, 200, 200, 200, 200, 200]),
    ("get", "/login", [200, 303, 303, 303, 303, 303]),
    ("post", "/login", [401, 401, 401, 401, 401, 401]),
    ("get", "/login/{token}", [404, 404, 404, 404, 404, 404]),
    ("post", "/logout", [303, 303, 303, 303, 303, 303]),
    ("get", "/setup/{token}", [410, 410, 410, 410, 410, 410]),
    ("post", "/setup/{token}", [410, 410, 410, 410, 410, 410]),
    ("post", "/lang", [303, 303, 303, 303, 303, 303]),
    ("get", "/inbox", [303, 200, 200, 200, 200, 200]),
    ("post", "/inbox/bulk", [401, 422, 422, 422, 422, 422]),
    ("get", "/inbox/{id}", [303, 404, 200, 404, 404, 404]),
    ("get", "/inbox/{id}/open", [303, 404, 404, 404, 404, 404]),
    // where a form that was refused stood: on to its page, whosever it is
    ("get", "/inbox/{id}/receipt", [303, 303, 303, 303, 303, 303]),
    ("post", "/inbox/{id}/receipt", [401, 404, 409, 404, 404, 404]),
    ("get", "/inbox/{id}/action", [303, 303, 303, 303, 303, 303]),
    ("post", "/inbox/{id}/action", [401, 404, 422, 404, 404, 404]),
    ("get", "/inbox/{id}/files/{file}", [303, 404, 200, 404, 404, 404]),
    ("get", "/approvals", [303, 404, 404, 404, 200, 404]),
    ("get", "/approvals/{id}", [303, 404, 404, 404, 200, 404]),
    ("post", "/approvals/{id}", [401, 404, 404, 404, 422, 404]),
    ("get", "/approvals/{id}/transfer", [303, 303, 303, 303, 303, 303]),
    ("post", "/approvals/{id}/transfer", [401, 404, 404, 404, 409, 404]),
    ("get", "/approvals/delegations", [303, 303, 303, 303, 303, 303]),
    ("post", "/approvals/delegations", [401, 404, 404, 404, 422, 404]),
    ("get", "/approvals/{id}/files/{file}", [303, 404, 404, 404, 200, 404]),
    ("get", "/outbox", [303, 200, 200, 200, 200, 200]),
    ("post", "/outbox/bulk", [401, 422, 422, 422, 422, 422]),
    ("get", "/outbox/{id}", [303, 404, 404, 200, 404, 404]),
    // what to do with it is asked before whose it is
    ("post", "/outbox/{id}/discard", [401, 422, 422, 422, 422, 422]),
    ("get", "/recycle", [303, 200, 200, 200, 200, 200]),
    ("post", "/recycle", [401, 422, 422, 422, 422, 422]),
    ("post", "/outbox/{id}/recall", [401, 404, 404, 303, 404, 404]),
    ("post", "/outbox/{id}/stop", [401, 404, 404, 409, 404, 404]),
    ("post", "/outbox/{id}/remind", [401, 404, 404, 422, 404, 404]),
    ("post", "/outbox/{id}/resend", [401, 404, 404, 422, 404, 404]),
    ("get", "/outbox/{id}/add", [303, 404, 404, 200, 404, 404]),
    ("post", "/outbox/{id}/add", [401, 404, 404, 422, 404, 404]),
    ("post", "/outbox/{id}/send", [401, 404, 404, 409, 404, 404]),
    ("post", "/outbox/{id}/export", [401, 404, 404, 303, 404, 404]),
    ("get", "/outbox/{id}/export", [303, 404, 404, 404, 404, 404]),
    ("get", "/outbox/{id}/files/{file}", [303, 404, 404, 200, 404, 404]),
    ("get", "/compose", [303, 200, 200, 200, 200, 200]),
    ("post", "/compose", [401, 422, 422, 422, 422, 422]),
    ("get", "/templates", [303, 200, 200, 200, 200, 200]),
    ("get", "/templates/{name}", [303, 404, 404, 404, 404, 404]),
    ("post", "/templates/{name}", [401, 422, 422, 422, 422, 422]),
    ("get", "/compose/runs", [303, 200, 200, 200, 200, 200]),
    ("get", "/compose/people", [303, 200, 200, 200, 200, 200]),
    ("get", "/compose/{id}", [303, 404, 404, 200, 404, 404]),
    ("get", "/groups", [303, 200, 200, 200, 200, 200]),
    ("post", "/groups", [401, 422, 422, 422, 422, 422]),
    ("post", "/groups/folders", [401, 422, 422, 422, 422, 422]),
    ("post", "/groups/arrange", [401, 303, 303, 303, 303, 303]),
    ("get", "/groups/template", [303, 200, 200, 200, 200, 200]),
    // the sender keeps it and shared it with the reader
    ("get", "/groups/{id}", [303, 404, 200, 200, 404, 404]),
    ("post", "/groups/{id}", [401, 404, 404, 422, 404, 404]),
    ("get", "/groups/{id}/add", [303, 404, 404, 200, 404, 404]),
    ("post", "/groups/{id}/add", [401, 404, 404, 422, 404, 404]),
    ("post", "/groups/{id}/import", [401, 404, 404, 422, 404, 404]),
    ("post", "/groups/{id}/members", [401, 404, 404, 422, 404, 404]),
    ("get", "/groups/{id}/members/{person}", [303, 404, 404, 200, 404, 404]),
    ("post", "/groups/{id}/members/{person}", [401, 404, 404, 303, 404, 404]),
    ("post", "/groups/{id}/share", [401, 404, 404, 422, 404, 404]),
    ("post", "/groups/{id}/follow", [401, 404, 404, 422, 404, 404]),
    ("get", "/me/password", [303, 200, 200, 200, 200, 200]),
    ("post", "/me/password", [401, 422, 422, 422, 422, 422]),
    ("get", "/me/prove", [303, 200, 200, 200, 200, 200]),
    ("post", "/me/prove", [401, 422, 422, 422, 422, 422]),
    // who may recall is asked for the password first
    ("get", "/admin/recalls", [303, 404, 404, 404, 404, 303]),
    ("get", "/admin/recalls/{id}", [303, 404, 404, 404, 404, 303]),
    ("post", "/admin/recalls/{id}", [401, 404, 404, 404, 404, 303]),
    ("get", "/admin/approval-rules", [303, 404, 404, 404, 404, 303]),
    ("post", "/admin/approval-rules/arrange", [401, 404, 404, 404, 404, 303]),
    ("get", "/admin/approval-rules/{id}", [303, 404, 404, 404, 404, 303]),
    ("post", "/admin/approval-rules/{id}", [401, 404, 404, 404, 404, 303]),
    ("get", "/admin/quotas", [303, 404, 404, 404, 404, 200]),
    ("get", "/admin/quotas/{id}", [303, 404, 404, 404, 404, 404]),
    ("post", "/admin/quotas/{id}", [401, 404, 404, 404, 404, 422]),
    ("get", "/admin", [303, 404, 404, 404, 404, 200]),
    ("get", "/demo/phone", [303, 404, 404, 404, 404, 404]),
    ("get", "/demo/phone/events", [303, 404, 404, 404, 404, 404]),
    ("post", "/demo/phone/act", [401, 404, 404, 404, 404, 404]),
    ("post", "/demo/book", [401, 404, 404, 404, 404, 404]),
    ("get", "/events", [401, 200, 200, 200, 200, 200]),
    ("get", "/events/now", [401, 200, 200, 200, 200, 200]),
    ("get", STATIC, [404, 404, 404, 404, 404, 404]),
];

#[test]
fn every_page_has_its_cases() {
    let routed: BTreeSet<_> = ROUTES.iter().copied().chain([("get", STATIC)]).collect();
    let tried: BTreeSet<_> = CASES.iter().map(|(method, path, _)| (*method, *path)).collect();
    let untried: Vec<_> = routed.difference(&tried).collect();
    assert!(untried.is_empty(), "who may open these? {untried:#?}");
    assert_eq!(tried.len(), CASES.len(), "a page twice");
    assert_eq!(tried.difference(&routed).count(), 0, "a page that is not there");
}

#[tokio::test]
async fn nobody_opens_what_is_not_theirs() {
    let world = World::build().await;
    let mut wrong = Vec::new();
    for (method, path, expected) in CASES {
        for (role, expected) in expected.iter().enumerate() {
            // each on its own: some of these sign out
            let mut browser = world.browser(role).await;
            let status = world.ask(&mut browser, method, &world.address(path)).await.as_u16();
            if status != *expected {
                wrong.push(format!("{method} {path}: role {role} got {status}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    world.site.web.close();
    world.site.test.end().await;
}

/// What a role opens by itself, beyond what every stranger to a message may open.
const BY_ROLE: &[(&str, Role, u16)] = &[
    ("get /admin", Role::SystemAdmin, 200),
    ("get /admin/recalls", Role::OrgAdmin, 303),
    ("get /admin/recalls/{id}", Role::OrgAdmin, 303),
    ("post /admin/recalls/{id}", Role::OrgAdmin, 303),
    ("get /admin/approval-rules", Role::OrgAdmin, 303),
    ("post /admin/approval-rules/arrange", Role::OrgAdmin, 303),
    ("get /admin/approval-rules/{id}", Role::OrgAdmin, 303),
    ("post /admin/approval-rules/{id}", Role::OrgAdmin, 303),
    ("get /admin/quotas", Role::OrgAdmin, 200),
    ("get /admin/quotas", Role::SystemAdmin, 200),
    ("post /admin/quotas/{id}", Role::OrgAdmin, 422),
    ("post /admin/quotas/{id}", Role::SystemAdmin, 422),
    ("get /approvals", Role::Approver, 200),
    ("post /approvals/delegations", Role::Approver, 422),
];

#[tokio::test]
async fn a_role_alone_opens_nobodys_messages() {
    let mut world = World::build().await;
    let library = world.site.test.department("archive", None).await;
    let head = world.site.test.head("sun", library).await;
    let mut holders = vec![(None, head)];
    for (nth, role) in Role::ALL.iter().enumerate() {
        let holder = world.site.test.member(&format!("holder{nth}"), library).await;
        world.site.grant(&holder, *role).await;
        holders.push((Some(*role), holder));
    }
    let mut wrong = Vec::new();
    for (role, holder) in holders {
        world.people[1] = Some(holder);
        for (method, path, expected) in CASES {
            let asked = format!("{method} {path}");
            // a head may approve without a role
            let own =
                BY_ROLE.iter().find(|(page, holder, _)| *page == asked && role.unwrap_or(Role::Approver) == *holder);
            let expected = own.map_or(expected[1], |(_, _, status)| *status);
            let mut browser = world.browser(1).await;
            let status = world.ask(&mut browser, method, &world.address(path)).await.as_u16();
            if status != expected {
                wrong.push(format!("{asked}: {role:?} got {status}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    world.site.web.close();
    world.site.test.end().await;
}

/// One message that was read and one that waits for approval, and everybody around them.
struct World {
    site: Site,
    people: [Option<Actor>; 6],
    message: [String; 2],
    approval: [String; 2],
    /// a group, and somebody who is listed in it
    group: [String; 2],
}

impl World {
    async fn build() -> Self {
        let mut site = Site::start().await;
        let test = &mut site.test;
        let [office, library, crowd] = [
            test.department("office", None).await,
            test.department("library", None).await,
            test.department("crowd", None).await,
        ];
        let approver = test.head("zhang", office).await;
        let sender = test.member("wang", office).await;
        let reader = test.member("li", office).await;
        let stranger = test.member("zhao", library).await;
        let admin = test.member("qian", library).await;
        let names: Vec<_> = (0..60).map(|nth| format!("p{nth}")).collect();
        test.members(&names.iter().map(String::as_str).collect::<Vec<_>>(), crowd, false).await;
        let file = || {
            let bytes = b"%PDF-1.7 agenda".to_vec();
            vec![AttachedFile { name: "议程.pdf".into(), bytes, media_type: "application/pdf".into() }]
        };
        let mut draft = to(&[&reader], "通知");
        draft.attachments = file();
        let sent = test.sends(&sender, draft).await.unwrap();
        let mut draft = to_department("crowd", "放假安排");
        draft.attachments = file();
        let asked = test.sends(&sender, draft).await.unwrap();
        test.settle().await;
        let mut tx = test.db.read().await.unwrap();
        let files = [
            attachments::list(&mut tx, sent.id).await.unwrap().remove(0).id,
            attachments::list(&mut tx, asked.id).await.unwrap().remove(0).id,
        ];
        drop(tx);
        for role in [Role::SystemAdmin, Role::OrgAdmin] {
            site.grant(&admin, role).await;
        }
        let (keeper, listed) = (Source::Person(sender.id), approver.clone());
        let group = site.test.add_group(&keeper, "班子成员", None).await.unwrap();
        let named = Named {
            inside: Audience { people: vec![listed.account.clone()], ..Audience::default() },
            ..Named::default()
        };
        site.test.add_members(&keeper, group, &named).await.unwrap();
        site.test.share_group(&keeper, group, &reader.account).await.unwrap();
        Self {
            people: [None, Some(stranger), Some(reader), Some(sender), Some(approver), Some(admin)],
            message: [sent.id.to_string(), files[0].to_string()],
            approval: [asked.approval.unwrap().id.to_string(), files[1].to_string()],
            group: [group.to_string(), listed.id.to_string()],
            site,
        }
    }

    async fn browser(&self, role: usize) -> Browser {
        let mut browser = match &self.people[role] {
            Some(person) => self.site.browser_of(person).await,
            None => self.site.browser(),
        };
        // also a stranger has a token of the form to sign in
        if self.people[role].is_none() {
            browser.get("/login").await;
        }
        browser
    }

    fn address(&self, path: &str) -> String {
        let [id, file] = match path.split('/').nth(1) {
            Some("approvals") => &self.approval,
            Some("groups") => &self.group,
            _ => &self.message,
        };
        path.replace("{person}", file)
            .replace("{id}", id)
            .replace("{file}", file)
            .replace("{token}", "guessed")
            .replace("{name}", "ui.css")
    }

    async fn ask(&self, browser: &mut Browser, method: &str, path: &str) -> StatusCode {
        match method {
            "get" => browser.open(axum::http::Method::GET, path).await.status(),
            "post" => browser.post(path, &[]).await.status,
            other => panic!("no case sends {other}"),
        }
    }
}

#[tokio::test]
async fn a_file_belongs_to_its_message_alone_and_is_never_shown() {
    let world = World::build().await;
    let mut reader = world.browser(2).await;
    let foreign = format!("/inbox/{}/files/{}", world.message[0], world.approval[1]);
    reader.get(&foreign).await.assert(404, &[]);
    let own = reader.get(&world.address("/inbox/{id}/files/{file}")).await.assert(200, &["agenda"]);
    let header = |name| own.headers[name].to_str().unwrap();
    assert_eq!(header("content-type"), "application/pdf");
    assert!(header("content-disposition").starts_with("attachment; filename=\"__.pdf\"; filename*=UTF-8''%E8"));
    assert_eq!(header("content-security-policy"), "sandbox; default-src 'none'");
    assert_eq!(header("x-content-type-options"), "nosniff");
    world.site.test.end().await;
}
