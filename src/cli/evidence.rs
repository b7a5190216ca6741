//! `zhihui evidence verify` and `key`

use std::path::PathBuf;

use super::Call;
use crate::domain::evidence;

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Checks a file of evidence by itself: needs no database.
    Verify {
        file: PathBuf,
        /// The public key that it must have been signed with, in hexadecimal.
        #[arg(long, value_name = "HEX")]
        key: Option<String>,
    },
    /// Prints the public key of this installation.
    Key,
}

pub(super) async fn run(call: Call, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Verify { file, key } => verify(&call, &file, key.as_deref()),
        Command::Key => {
            let hub = super::hub(&call.config).await?;
            let key = hub.evidence_signer().await?.public();
            if call.json {
                say!("{}", serde_json::json!({"key": key}));
            } else {
                say!("{key}");
            }
            hub.broker.close().await;
            hub.db.close().await;
            Ok(())
        }
    }
}

fn verify(call: &Call, file: &std::path::Path, key: Option<&str>) -> anyhow::Result<()> {
    let bytes = std::fs::read(file)?;
    let verified = evidence::verify(&bytes, key)?;
    if call.json {
        say!("{}", serde_json::json!({"valid": true, "key": verified.key, "sha256": verified.sha256}));
    } else {
        say!("签名有效，文件未被改动");
        say!("公钥 {}", verified.key);
        say!("SHA-256 {}", verified.sha256);
        if key.is_none() {
            say!("请核对公钥是否为签发单位公布的公钥（zhihui evidence key），或用 --key 指定");
        }
    }
    Ok(())
}
