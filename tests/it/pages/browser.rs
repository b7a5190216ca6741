//! A browser for tests: keeps cookies, sends the token of the last page with its forms.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::Body,
    http::{
        HeaderMap, Method, Request, StatusCode,
        header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE},
    },
};
use chrono::Duration;
use http_body_util::BodyExt;
use tower::ServiceExt;
use zhihui::{
    domain::{person::Role, seal, sign_in::LinkPurpose},
    storage::{access, sessions},
    web::{self, Demo, DemoLink, Web},
};

use crate::support::{TestHub, people::Actor};

/// A hub with its pages.
pub struct Site {
    pub test: TestHub,
    pub web: Web,
    pub router: Router,
}

impl Site {
    pub async fn start() -> Self {
        Self::with(TestHub::start().await, None)
    }

    /// 王, who writes, and 李, who reads, in one office.
    pub async fn of_two() -> (Self, Actor, Actor) {
        Self::of_two_in(TestHub::start().await).await
    }

    /// The same in this hub.
    pub async fn of_two_in(test: TestHub) -> (Self, Actor, Actor) {
        let site = Self::with(test, None);
        let office = site.test.department("office", None).await;
        let (sender, reader) = (site.test.member("wang", office).await, site.test.member("li", office).await);
        (site, sender, reader)
    }

    /// The same, where what is sent from the page can be taken back for so many seconds.
    pub async fn with_undo(seconds: i64) -> (Self, Actor, Actor) {
        let mut test = TestHub::start().await;
        Arc::make_mut(&mut test.hub.place).undo = Duration::seconds(seconds);
        Self::of_two_in(test).await
    }

    /// With the phones of the demonstration, and one way in that has expired.
    pub async fn start_demo() -> Self {
        let test = TestHub::start().await;
        let link = DemoLink {
            role: "staff".into(),
            name: "王芳".into(),
            department: "教务处".into(),
            token: "demo.link.token".into(),
        };
        let demo =
            Demo { booker: "wang".into(), undertaker: "li".into(), carrier: test.carrier.clone(), links: vec![link] };
        Self::with(test, Some(demo))
    }

    fn with(test: TestHub, demo: Option<Demo>) -> Self {
        let web = Web::open(test.hub.clone(), demo, Vec::new()).unwrap();
        Self { router: web::router(web.clone()), web, test }
    }

    /// Nobody, yet.
    pub fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), cookies: BTreeMap::new(), csrf: String::new() }
    }

    /// Somebody who has signed in.
    pub async fn browser_of(&self, person: &Actor) -> Browser {
        let (token, hash) = seal::token();
        let mut tx = self.test.db.begin().await.unwrap();
        let until = self.test.clock.now() + Duration::hours(1);
        sessions::insert_link(&mut tx, &hash, person.id, LinkPurpose::Demo, until).await.unwrap();
        tx.commit().await.unwrap();
        let session = self.test.sign_in_by_link(&token).await.unwrap();
        let mut browser = self.browser();
        browser.cookies.insert("session".to_owned(), session.token);
        browser.csrf = session.csrf;
        browser
    }

    /// What the link ends with by which somebody sets the first password.
    pub async fn invitation_of(&self, person: &Actor) -> String {
        let (token, hash) = seal::token();
        let mut tx = self.test.db.begin().await.unwrap();
        let until = self.test.clock.now() + Duration::hours(1);
        sessions::insert_link(&mut tx, &hash, person.id, LinkPurpose::Setup, until).await.unwrap();
        tx.commit().await.unwrap();
        token
    }

    pub async fn grant(&self, person: &Actor, role: Role) {
        let mut tx = self.test.db.begin().await.unwrap();
        access::grant(&mut tx, person.id, role).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[derive(Clone)]
pub struct Browser {
    pub router: Router,
    pub cookies: BTreeMap<String, String>,
    /// What the next form brings back.
    pub csrf: String,
}

/// What came back.
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Page {
    pub fn has(&self, text: &str) -> bool {
        self.body.contains(text)
    }

    #[track_caller]
    pub fn lacks(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(!self.has(text), "“{text}” in {}", self.body);
        }
        self
    }

    /// Where it sends the browser.
    pub fn leads_to(&self) -> &str {
        self.headers.get(LOCATION).map_or("", |to| to.to_str().unwrap())
    }

    #[track_caller]
    pub fn assert(self, status: u16, texts: &[&str]) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        for text in texts {
            assert!(self.has(text), "no “{text}” in {}", self.body);
        }
        self
    }
}

impl Browser {
    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Request::get(path), Body::empty()).await
    }

    /// As a script that swaps one part.
    pub async fn get_part(&mut self, part: &str, path: &str) -> Page {
        self.send(Request::get(path).header("x-fragment", part), Body::empty()).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("csrf", &self.csrf).extend_pairs(fields);
        let request = Request::post(path)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(HOST, "127.0.0.1:8080")
            .header(ORIGIN, "http://127.0.0.1:8080");
        self.send(request, Body::from(form.finish())).await
    }

    /// A form with files.
    pub async fn upload(&mut self, path: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Page {
        let body = self.multipart(fields, files);
        self.send(Request::post(path).header(CONTENT_TYPE, "multipart/form-data; boundary=line"), body).await
    }

    /// The same from a script that swaps one part.
    pub async fn upload_part(
        &mut self,
        part: &str,
        path: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &[u8])],
    ) -> Page {
        let body = self.multipart(fields, files);
        let request = Request::post(path).header("x-fragment", part).header("x-csrf", self.csrf.clone());
        self.send(request.header(CONTENT_TYPE, "multipart/form-data; boundary=line"), body).await
    }

    fn multipart(&self, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Body {
        let mut body = Vec::new();
        for (name, value) in [("csrf", self.csrf.as_str())].iter().chain(fields) {
            body.extend(
                format!("--line\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
            );
        }
        for (name, bytes) in files {
            let head = format!("--line\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
            body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
        }
        body.extend(b"--line--\r\n");
        Body::from(body)
    }

    /// Sends anything, with the cookies; keeps those that come back.
    pub async fn send(&mut self, request: axum::http::request::Builder, body: Body) -> Page {
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let request = request.header(COOKIE, cookies).body(body).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
        let body = String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned();
        let body = body.replace("&#x3D;", "=").replace("&amp;", "&");
        if let Some((_, rest)) = body.split_once("name=\"csrf\" content=\"") {
            self.csrf = rest.split('"').next().unwrap().to_owned();
        }
        Page { status: parts.status, headers: parts.headers, body }
    }

    /// The answer's head alone, for streams.
    pub async fn open(&self, method: Method, path: &str) -> axum::response::Response {
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let request = Request::builder().method(method).uri(path).header(COOKIE, cookies).body(Body::empty()).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }
}
