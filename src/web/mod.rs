//! Pages for people. Every address is in [`routes`]; its first word is as a rule the room that its
//! page is in (`inbox/`, `outbox/`, `approvals/`, …). What all pages need is in `frame/` (requests and answers), `door/`
//! (who comes), `words/` (how things are said) and `message/` (a message, wherever it is shown).
//!
//! A request passes, from the outside: its id and log line, headers, compression, the error page,
//! panics, the session, the proof that a change was meant (`csrf`), and for changes a task of its
//! own that a closing browser cannot cut. So a page has nothing of this in it.

mod admin;
mod approvals;
mod compose;
mod demo_phone;
mod door;
pub mod frame;
mod groups;
mod inbox;
mod live;
mod message;
mod outbox;
mod portal;
mod recycle;
pub mod views;
pub mod words;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
    routing::{get, post},
};
use channels::simulated::Carrier;
use ipnet::IpNet;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};

use crate::{clock::Timestamp, hub::Hub};
use door::throttle::Throttle;
use frame::{
    assets::Assets,
    render::{LoadError, Templates},
};
use live::counters::Counters;

/// What the pages are made from; cheap to clone.
#[derive(Clone)]
pub struct Web {
    hub: Hub,
    templates: Arc<Templates>,
    assets: Arc<Assets>,
    demo: Option<Arc<Demo>>,
    throttle: Arc<Throttle>,
    counters: Counters,
    trusted_proxies: Arc<[IpNet]>,
    started_at: Timestamp,
}

/// What only the demonstration has. Loopback only: anybody who can open it may be anybody in it.
pub struct Demo {
    pub carrier: Arc<Carrier>,
    pub links: Vec<DemoLink>,
    /// Accounts: who books a room once more, and whose phone rings for it.
    pub booker: String,
    pub undertaker: String,
}

/// A one-click way in.
#[derive(Debug, Clone)]
pub struct DemoLink {
    /// `staff`, `head`, `approver`, `undertaker`, `admin`
    pub role: String,
    pub name: String,
    pub department: String,
    /// of [`Hub::sign_in_by_link`]
    pub token: String,
}

impl Web {
    /// Compiles the templates and starts the task that keeps counts on open pages true, which ends
    /// with the last clone. `trusted_proxies` are those whose `X-Forwarded-For` is believed.
    ///
    /// # Errors
    /// When a template or the words cannot be read, which only a broken build brings about.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn open(hub: Hub, demo: Option<Demo>, trusted_proxies: Vec<IpNet>) -> Result<Self, LoadError> {
        let assets = Assets::load();
        Ok(Self {
            templates: Arc::new(Templates::load(&assets)?),
            assets: Arc::new(assets),
            demo: demo.map(Arc::new),
            throttle: Arc::default(),
            counters: Counters::start(&hub),
            trusted_proxies: trusted_proxies.into(),
            started_at: hub.clock.now(),
            hub,
        })
    }

    /// Writes the spreadsheets that are asked for, until told to stop.
    pub async fn work(self, stop: CancellationToken) {
        outbox::exports::work(self, stop).await;
    }

    /// Lets go of open pages, which would otherwise keep the process from stopping.
    pub fn close(&self) {
        self.counters.close();
    }

    /// People reach this installation over TLS.
    fn is_encrypted(&self) -> bool {
        self.hub.place.public_url.starts_with("https://")
    }
}

/// `routes! { get "/inbox" => inbox::list; … }`: the router, and the same as a list, so that the
/// test of who may do what cannot miss a page.
macro_rules! routes {
    ($($method:ident $path:literal => $page:path;)*) => {
        /// Every page: method and address.
        pub const ROUTES: &[(&str, &str)] = &[$((stringify!($method), $path)),*];

        fn routes() -> Router<Web> {
            Router::new()$(.route($path, $method($page)))*
        }
    };
}

routes! {
    get  "/"                            => portal::page;
    get  "/login"                       => door::login::form;
    post "/login"                       => door::login::sign_in;
    get  "/login/{token}"               => door::login::by_link;
    post "/logout"                      => door::login::sign_out;
    get  "/setup/{token}"               => door::setup::form;
    post "/setup/{token}"               => door::setup::set_password;
    post "/lang"                        => words::language::choose_language;

    get  "/inbox"                       => inbox::list::page;
    post "/inbox/bulk"                  => inbox::list::bulk;
    get  "/inbox/{id}"                  => inbox::one::open;
    get  "/inbox/{id}/open"             => inbox::one::follow;
    get  "/inbox/{id}/receipt"          => inbox::one::back;
    post "/inbox/{id}/receipt"          => inbox::one::answer;
    get  "/inbox/{id}/action"           => inbox::one::back;
    post "/inbox/{id}/action"           => inbox::one::press;
    get  "/inbox/{id}/files/{file}"     => message::attachments::of_inbox;

    get  "/approvals"                   => approvals::list::page;
    get  "/approvals/delegations"       => approvals::list::back;
    post "/approvals/delegations"       => approvals::list::change;
    get  "/approvals/{id}"              => approvals::one::open;
    post "/approvals/{id}"              => approvals::one::decide;
    get  "/approvals/{id}/transfer"     => approvals::one::back;
    post "/approvals/{id}/transfer"     => approvals::one::transfer;
    get  "/approvals/{id}/files/{file}" => message::attachments::of_approval;

    get  "/outbox"                      => outbox::list::page;
    post "/outbox/bulk"                 => outbox::one::discard_many;
    get  "/outbox/{id}"                 => outbox::one::open;
    post "/outbox/{id}/discard"         => outbox::one::discard;
    post "/outbox/{id}/recall"          => outbox::one::recall;
    post "/outbox/{id}/stop"            => outbox::one::stop;
    post "/outbox/{id}/remind"          => outbox::one::remind;
    post "/outbox/{id}/resend"          => outbox::one::resend;
    get  "/outbox/{id}/add"             => compose::add_recipients::form;
    post "/outbox/{id}/add"             => compose::add_recipients::add;
    post "/outbox/{id}/send"            => outbox::one::send;
    post "/outbox/{id}/export"          => outbox::exports::begin;
    get  "/outbox/{id}/export"          => outbox::exports::download;
    get  "/outbox/{id}/files/{file}"    => message::attachments::of_outbox;

    get  "/recycle"                     => recycle::list;
    post "/recycle"                     => recycle::tidy;

    get  "/compose"                     => compose::empty;
    post "/compose"                     => compose::submit;
    get  "/compose/people"              => compose::people::find;
    get  "/compose/runs"                => compose::repeating::runs;
    get  "/compose/{id}"                => compose::again;

    get  "/templates"                   => compose::templates::list;
    get  "/templates/{name}"            => compose::templates::open;
    post "/templates/{name}"            => compose::templates::change;

    get  "/groups"                      => groups::list::page;
    post "/groups"                      => groups::list::add;
    post "/groups/folders"              => groups::list::folders;
    post "/groups/arrange"              => groups::list::arrange;
    get  "/groups/template"             => groups::list::template;
    get  "/groups/{id}"                 => groups::one::open;
    post "/groups/{id}"                 => groups::one::change;
    get  "/groups/{id}/add"             => groups::add::form;
    post "/groups/{id}/add"             => groups::add::add;
    post "/groups/{id}/import"          => groups::add::import;
    post "/groups/{id}/members"         => groups::one::members;
    get  "/groups/{id}/members/{person}" => groups::add::member;
    post "/groups/{id}/members/{person}" => groups::add::edit;
    post "/groups/{id}/share"           => groups::one::share;
    post "/groups/{id}/follow"          => groups::one::follow;

    get  "/me/password"                 => door::password::form;
    post "/me/password"                 => door::password::change;
    get  "/me/prove"                    => door::prove::form;
    post "/me/prove"                    => door::prove::prove;

    get  "/admin"                       => admin::overview::page;
    get  "/admin/recalls"               => admin::recalls::list;
    get  "/admin/recalls/{id}"          => admin::recalls::back;
    post "/admin/recalls/{id}"          => admin::recalls::recall;

    get  "/admin/approval-rules"        => admin::approval_rules::list;
    post "/admin/approval-rules/arrange" => admin::approval_rules::arrange;
    get  "/admin/approval-rules/{id}"   => admin::approval_rules::open;
    post "/admin/approval-rules/{id}"   => admin::approval_rules::change;

    get  "/admin/quotas"                => admin::quotas::list;
    get  "/admin/quotas/{id}"           => admin::quotas::open;
    post "/admin/quotas/{id}"           => admin::quotas::change;

    get  "/demo/phone"                  => demo_phone::page;
    get  "/demo/phone/events"           => demo_phone::events;
    post "/demo/phone/act"              => demo_phone::act;
    post "/demo/book"                   => demo_phone::book;

    get  "/events"                      => live::events::stream;
    get  "/events/now"                  => live::events::now;
}

/// Files for browsers, which belong to nobody and are cached for a year.
pub const STATIC: &str = "/static/{name}";

/// Most that a browser may send at once.
const BODY_BYTES: usize = 256 * 1024;
/// The same with files, of somebody who is signed in: 20 MB of them (security 7.9) and the form.
const UPLOAD_BYTES: usize = 21 * 1024 * 1024;
/// Nobody waits longer for a page.
const PATIENCE: Duration = Duration::from_secs(30);

/// Everything under `/` that is for people. Serve it with the address of the peer
/// (`into_make_service_with_connect_info::<SocketAddr>`): without one everybody is one address to
/// the throttle.
pub fn router(web: Web) -> Router {
    let pages = ServiceBuilder::new()
        .layer(from_fn_with_state(web.clone(), frame::page_error::render))
        .layer(CatchPanicLayer::custom(frame::page_error::panicked))
        .layer(from_fn(frame::request::in_time))
        // who may send how much is said by the proof below, which reads it
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(web.clone(), door::session::find))
        .layer(from_fn_with_state(web.clone(), door::csrf::check))
        .layer(from_fn(frame::request::finish));
    let all = ServiceBuilder::new()
        .layer(from_fn(frame::request::name))
        .layer(from_fn_with_state(web.clone(), frame::headers::add))
        .layer(CompressionLayer::new().gzip(true));
    routes()
        .fallback(frame::page_error::no_such_page)
        .layer(pages)
        .route(STATIC, get(frame::static_files::file))
        .layer(all)
        .with_state(web)
}
