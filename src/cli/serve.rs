//! `zhihui serve`

use tokio::net::TcpListener;

use super::Call;
use crate::{
    app::{self, App, Role},
    web::Web,
};

#[derive(clap::Args)]
pub(super) struct Options {
    /// What this process does.
    #[arg(long, value_enum, default_value_t = Role::All)]
    role: Role,
}

pub(super) async fn run(call: Call, options: Options) -> anyhow::Result<()> {
    let config = &call.config;
    let listener = TcpListener::bind(config.web.listen)
        .await
        .map_err(|error| anyhow::anyhow!("listen: {} cannot be used: {error}", config.web.listen))?;
    let hub = app::hub(config, app::channels(config)?).await?;
    let web = Web::open(hub.clone(), None, config.web.trusted_proxies.clone())?;
    let app = App::start(hub, options.role, web, listener).await?;
    tracing::info!(address = %app.address, "listening on http://{}", app.address);
    if call.json {
        say!("{}", serde_json::json!({"url": format!("http://{}", app.address)}));
    }
    app.run_until(app::asked_to_stop()).await
}
