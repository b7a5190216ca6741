//! Pages for people. Every address is in [`routes`]; each page is a file named after it.
//!
//! A request passes, from the outside: its id and log line, headers, compression, the error page,
//! panics, the session, the proof that a change was meant (`csrf`), and for changes a task of its
//! own that a closing browser cannot cut. So a page has nothing of this in it.

mod admin;
mod approval_box;
mod approval_rule_form;
mod approval_rules;
mod approvals;
pub mod assets;
mod attachments;
mod changes;
mod channel_health;
mod compose;
mod cookies;
mod counters;
mod csrf;
mod cursor;
mod demo_phone;
mod events;
mod export_sheet;
mod exports;
mod form;
mod group;
mod group_add;
mod group_view;
mod groups;
mod headers;
mod inbox;
mod letter;
mod login;
mod marks;
mod me;
mod outbox;
mod outbox_list;
mod page;
mod page_error;
mod password;
mod path;
mod plan;
mod portal;
mod prove;
mod recalls;
mod recycle;
pub mod render;
mod request;
mod series;
mod session;
mod setup;
mod static_files;
mod tally;
mod templates;
pub mod text;
mod throttle;
mod timeline;
mod times;
mod trail;
pub mod views;

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
use assets::Assets;
use counters::Counters;
use render::{LoadError, Templates};
use throttle::Throttle;

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
        exports::work(self, stop).await;
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
    get  "/login"                       => login::form;
    post "/login"                       => login::sign_in;
    get  "/login/{token}"               => login::by_link;
    post "/logout"                      => login::sign_out;
    get  "/setup/{token}"               => setup::form;
    post "/setup/{token}"               => setup::set_password;
    post "/lang"                        => me::choose_language;

    get  "/inbox"                       => inbox::list;
    post "/inbox/bulk"                  => inbox::bulk;
    get  "/inbox/{id}"                  => inbox::open;
    get  "/inbox/{id}/open"             => inbox::follow;
    get  "/inbox/{id}/receipt"          => inbox::back;
    post "/inbox/{id}/receipt"          => inbox::answer;
    get  "/inbox/{id}/action"           => inbox::back;
    post "/inbox/{id}/action"           => inbox::press;
    get  "/inbox/{id}/files/{file}"     => attachments::of_inbox;

    get  "/approvals"                   => approval_box::list;
    get  "/approvals/delegations"       => approval_box::back;
    post "/approvals/delegations"       => approval_box::change;
    get  "/approvals/{id}"              => approvals::open;
    post "/approvals/{id}"              => approvals::decide;
    get  "/approvals/{id}/transfer"     => approvals::back;
    post "/approvals/{id}/transfer"     => approvals::transfer;
    get  "/approvals/{id}/files/{file}" => attachments::of_approval;

    get  "/outbox"                      => outbox_list::list;
    post "/outbox/bulk"                 => outbox::discard_many;
    get  "/outbox/{id}"                 => outbox::open;
    post "/outbox/{id}/discard"         => outbox::discard;
    post "/outbox/{id}/recall"          => outbox::recall;
    post "/outbox/{id}/stop"            => outbox::stop;
    post "/outbox/{id}/remind"          => outbox::remind;
    post "/outbox/{id}/resend"          => outbox::resend;
    get  "/outbox/{id}/add"             => compose::add_recipients::form;
    post "/outbox/{id}/add"             => compose::add_recipients::add;
    post "/outbox/{id}/send"            => outbox::send;
    post "/outbox/{id}/export"          => exports::begin;
    get  "/outbox/{id}/export"          => exports::download;
    get  "/outbox/{id}/files/{file}"    => attachments::of_outbox;

    get  "/recycle"                     => recycle::list;
    post "/recycle"                     => recycle::tidy;

    get  "/compose"                     => compose::empty;
    post "/compose"                     => compose::submit;
    get  "/compose/people"              => compose::people::find;
    get  "/compose/runs"                => compose::repeating::runs;
    get  "/compose/{id}"                => compose::again;

    get  "/templates"                   => templates::list;
    get  "/templates/{name}"            => templates::open;
    post "/templates/{name}"            => templates::change;

    get  "/groups"                      => groups::list;
    post "/groups"                      => groups::add;
    post "/groups/folders"              => groups::folders;
    post "/groups/arrange"              => groups::arrange;
    get  "/groups/template"             => groups::template;
    get  "/groups/{id}"                 => group::open;
    post "/groups/{id}"                 => group::change;
    get  "/groups/{id}/add"             => group_add::form;
    post "/groups/{id}/add"             => group_add::add;
    post "/groups/{id}/import"          => group_add::import;
    post "/groups/{id}/members"         => group::members;
    get  "/groups/{id}/members/{person}" => group_add::member;
    post "/groups/{id}/members/{person}" => group_add::edit;
    post "/groups/{id}/share"           => group::share;
    post "/groups/{id}/follow"          => group::follow;

    get  "/me/password"                 => password::form;
    post "/me/password"                 => password::change;
    get  "/me/prove"                    => prove::form;
    post "/me/prove"                    => prove::prove;

    get  "/admin"                       => admin::page;
    get  "/admin/recalls"               => recalls::list;
    get  "/admin/recalls/{id}"          => recalls::back;
    post "/admin/recalls/{id}"          => recalls::recall;

    get  "/admin/approval-rules"        => approval_rules::list;
    post "/admin/approval-rules/arrange" => approval_rules::arrange;
    get  "/admin/approval-rules/{id}"   => approval_rules::open;
    post "/admin/approval-rules/{id}"   => approval_rules::change;

    get  "/demo/phone"                  => demo_phone::page;
    get  "/demo/phone/events"           => demo_phone::events;
    post "/demo/phone/act"              => demo_phone::act;
    post "/demo/book"                   => demo_phone::book;

    get  "/events"                      => events::stream;
    get  "/events/now"                  => events::now;
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
        .layer(from_fn_with_state(web.clone(), page_error::render))
        .layer(CatchPanicLayer::custom(page_error::panicked))
        .layer(from_fn(request::in_time))
        // who may send how much is said by the proof below, which reads it
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(web.clone(), session::find))
        .layer(from_fn_with_state(web.clone(), csrf::check))
        .layer(from_fn(request::finish));
    let all = ServiceBuilder::new()
        .layer(from_fn(request::name))
        .layer(from_fn_with_state(web.clone(), headers::add))
        .layer(CompressionLayer::new().gzip(true));
    routes()
        .fallback(page_error::no_such_page)
        .layer(pages)
        .route(STATIC, get(static_files::file))
        .layer(all)
        .with_state(web)
}
