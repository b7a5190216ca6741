//! `zhihui migrate`

use super::Call;
use crate::storage::Db;

pub(super) async fn run(call: Call) -> anyhow::Result<()> {
    call.config.make_data_dir()?;
    let db = Db::open(call.config.database.url.expose()).await?;
    let before = db.version().await.unwrap_or(0);
    db.migrate().await?;
    let after = db.version().await.unwrap_or(0);
    if call.json {
        say!("{}", serde_json::json!({"before": before, "after": after}));
    } else if before == after {
        say!("数据库已是版本 {after}，无需迁移");
    } else {
        say!("数据库已从版本 {before} 迁移到 {after}");
    }
    db.close().await;
    Ok(())
}
