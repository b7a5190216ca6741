//! Every page once, as somebody of the demonstration who may open it.

use zhihui::hub::{Source, follow::recycle::Discard};

use crate::{people::to, site::Site, window::Window};

/// Where a page is found.
pub struct Stop {
    pub name: &'static str,
    /// of the demonstration; empty for nobody
    role: &'static str,
    path: String,
    /// The page behind the first link like this, rather than `path` itself.
    link: &'static str,
    /// What the server answers with.
    pub status: u16,
}

const fn stop(name: &'static str, role: &'static str, link: &'static str) -> Stop {
    Stop { name, role, path: String::new(), link, status: 200 }
}

impl Stop {
    fn at(self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self }
    }

    fn answers(self, status: u16) -> Self {
        Self { status, ..self }
    }
}

/// All of them, those for the same person together.
pub async fn stops(site: &Site) -> Vec<Stop> {
    let (staff, head, undertaker) =
        (site.actor("staff").await, site.actor("head").await, site.actor("undertaker").await);
    let invitation = site.invitation_of(&staff).await;
    let taken_back = site.send(&head, to(&staff, "关于教学检查的补充通知", "检查时间改为下周一。")).await;
    site.is_brought(&staff, taken_back).await;
    site.hub.recall(&Source::Person(head.id), taken_back).await.unwrap();
    site.hub.discard(&Source::Person(head.id), taken_back, Discard::Delete).await.unwrap();
    let thrown_away = site.send(&head, to(&staff, "关于教学检查的通知", "检查时间为本周五。")).await;
    site.is_brought(&staff, thrown_away).await;
    site.hub.delete_many(staff.id, &[thrown_away]).await.unwrap();
    let shelf = site.hub.shelf(&Source::Person(staff.id)).await.unwrap();
    let group = format!("/groups/{}", shelf.groups[0].id);
    // Until then nobody has confirmed the booking that the demonstration begins with.
    site.after_minutes(6);
    vec![
        stop("login", "", "").at("/login"),
        stop("setup", "", "").at(format!("/setup/{invitation}")),
        stop("portal", "staff", "").at("/"),
        stop("inbox", "staff", "").at("/inbox"),
        stop("letter", "staff", ".row a").at("/inbox?tab=receipt"),
        stop("recalled", "staff", "").at(format!("/inbox/{taken_back}")).answers(410),
        stop("compose", "staff", "").at("/compose"),
        stop("templates", "head", "").at("/templates"),
        stop("template", "head", "").at("/templates/new"),
        stop("outbox", "staff", "").at("/outbox"),
        stop("outbox-pending", "staff", "").at("/outbox?state=pending"),
        stop("outbox-recalled", "staff", "").at("/outbox?state=recalled"),
        stop("recycle", "staff", "").at("/recycle"),
        stop("outbox-detail", "staff", "a[href^='/outbox/']").at("/outbox"),
        stop("groups", "staff", "").at("/groups"),
        stop("group", "staff", ".shelf section:last-child a[href^='/groups/']").at("/groups"),
        stop("group-outside", "staff", ".shelf section:last-child li:last-child a[href^='/groups/']").at("/groups"),
        stop("group-follows", "staff", ".shelf section:first-child a[href^='/groups/']").at("/groups"),
        stop("group-shared", "staff", ".shelf + section a[href^='/groups/']").at("/groups"),
        stop("group-tree", "staff", "").at(format!("{group}/add?by=tree")),
        stop("group-form", "staff", "").at(format!("{group}/add")),
        stop("group-file", "staff", "").at(format!("{group}/add?by=file")),
        stop("phone", "undertaker", "").at(format!("/demo/phone?address={}", undertaker.phone)),
        stop("phones", "undertaker", "").at("/demo/phone"),
        stop("error", "undertaker", "").at("/nowhere").answers(404),
        stop("recycle-outbox", "head", "").at("/recycle?box=outbox"),
        stop("approvals", "head", "").at("/approvals"),
        stop("approvals-done", "head", "").at("/approvals?state=done"),
        stop("approval", "head", "a[href^='/approvals/']").at("/approvals"),
        stop("admin", "admin", "").at("/admin"),
        stop("quotas", "admin", "").at("/admin/quotas"),
        stop("quota", "admin", "a[href^='/admin/quotas/0']").at("/admin/quotas"),
        stop("quota-new", "admin", "").at("/admin/quotas/new"),
        stop("password", "staff", "").at("/me/password"),
        stop("prove", "admin", "").at("/admin/recalls"),
    ]
}

impl Window {
    /// Goes there, as whoever may.
    pub async fn visit(&self, site: &Site, stop: &Stop) {
        self.forget().await;
        if !stop.role.is_empty() {
            let link = site.links.iter().find(|link| link.role == stop.role).unwrap();
            self.go(&format!("/login/{}", link.token)).await;
        }
        self.go(&stop.path).await;
        if !stop.link.is_empty() {
            self.go(&self.address(stop.link).await).await;
        }
    }
}
