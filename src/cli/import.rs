//! `zhihui import` and `zhihui export`

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;

use super::Call;
use crate::producers::directory::{self, Export, Import};

#[derive(clap::Args)]
pub(super) struct Options {
    /// The xlsx file; with --template the file to write.
    file: PathBuf,
    /// Writes the template to FILE instead of reading it.
    #[arg(long)]
    template: bool,
    /// One wrong row and nothing is written.
    #[arg(long)]
    strict: bool,
}

pub(super) async fn run(call: Call, options: Options) -> anyhow::Result<ExitCode> {
    let shown = || options.file.display().to_string();
    if options.template {
        directory::write_template(&options.file).with_context(shown)?;
        say!("模板已写入 {}", shown());
        return Ok(ExitCode::SUCCESS);
    }
    let bytes = std::fs::read(&options.file).with_context(shown)?;
    let hub = super::hub(&call.config).await?;
    let how = Import { is_strict: options.strict, actor: "hub" };
    let report = directory::import(&hub, bytes, &how).await?;
    hub.broker.close().await;
    hub.db.close().await;
    if call.json {
        say!("{}", serde_json::to_string(&report)?);
    } else {
        say!("新增 {}，更新 {}，无变化 {}，失败 {}", report.created, report.updated, report.unchanged, report.failed);
        for said in report.errors.iter().chain(&report.warnings) {
            say!("第 {} 行 {}：“{}” {}；{}", said.row, said.column, said.value, said.reason, said.suggestion);
        }
    }
    Ok(if report.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(super) async fn export(call: Call, file: &Path) -> anyhow::Result<()> {
    let hub = super::hub(&call.config).await?;
    let everybody = Export { is_masked: false, department: None, actor: "hub" };
    let bytes = directory::export(&hub, &everybody).await?;
    write_private(file, &bytes).with_context(|| file.display().to_string())?;
    hub.broker.close().await;
    hub.db.close().await;
    say!("已写入 {}", file.display());
    Ok(())
}

/// Phone numbers are for whoever asked for them alone.
fn write_private(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options.open(file)?;
    #[cfg(unix)]
    out.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    std::io::Write::write_all(&mut out, bytes)
}
