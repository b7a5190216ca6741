//! Values that must not be seen: they never appear in `Debug`, in errors or in logs, and a file
//! that holds one is refused while other people of the machine may read it.

use std::{
    fmt, fs, io,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Url;

/// A text that is shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// An address that may hold a password; shown without it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

impl SecretUrl {
    pub(super) fn new(url: &str) -> Self {
        Self(url.to_owned())
    }

    /// The address with its password, for the one place that connects.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The address for logs and screens.
    pub fn redacted(&self) -> String {
        redacted(&self.0)
    }

    /// What stands before the first colon.
    pub fn scheme(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretUrl({})", self.redacted())
    }
}

/// An address without passwords, neither before the host nor in the query. Of a text that is no
/// address nothing is kept.
pub(super) fn redacted(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else {
        return "***".into();
    };
    if url.password().is_some() {
        url.set_password(Some("***")).expect("an address with a password can hold another");
    }
    if url.query().is_some() {
        url.set_query(Some("***"));
    }
    url.to_string()
}

/// The key from which the hub derives all others; 32 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey([u8; 32]);

/// Why the key in the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It is there, but not as it must be.
    #[error("{}: found {found}; allowed: {allowed}", path.display())]
    Refused { path: PathBuf, found: String, allowed: String },
    /// It can be neither read nor made.
    #[error("{} cannot be made", .0.display())]
    Io(PathBuf, #[source] io::Error),
}

pub(super) const KEY_ALLOWED: &str = "32 bytes in base64 (openssl rand -base64 32)";

impl SecretKey {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.trim()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// The bytes, for the one place that derives keys from them.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key of `<data_dir>/secret.key`, made on the first start. Of several processes that
    /// start at once, one makes it and all read that one.
    pub fn of(data_dir: &Path) -> Result<Self, KeyError> {
        let path = data_dir.join("secret.key");
        if !path.exists() {
            make(data_dir, &path).map_err(|error| KeyError::Io(path.clone(), error))?;
        }
        let refused = |(found, allowed)| KeyError::Refused { path: path.clone(), found, allowed };
        let text = read_private(&path).map_err(refused)?;
        Self::parse(&text).ok_or_else(|| refused(("a text that is not shown".into(), KEY_ALLOWED.into())))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(hidden)")
    }
}

/// A folder that only its owner may enter; one that is there stays as it is.
pub(super) fn make_private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Written whole beside its place, then linked: nobody ever reads half a key, and the link of the
/// second one fails.
fn make(data_dir: &Path, path: &Path) -> io::Result<()> {
    make_private(data_dir)?;
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    let beside = data_dir.join(format!("secret.key.{}", uuid::Uuid::now_v7().simple()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    writeln!(file, "{}", STANDARD.encode(key))?;
    file.sync_all()?;
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The text of a file that only its owner may read, without the line break at its end. Errors are
/// what was found and what is allowed.
pub(super) fn read_private(path: &Path) -> Result<String, (String, String)> {
    let cannot = |error: io::Error| {
        let found = format!("{}, which cannot be read ({error})", path.display());
        (found, "the path of a file that the hub may read".to_owned())
    };
    let mode = fs::metadata(path).map_err(cannot)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let found = format!("{} open to others (mode {mode:04o})", path.display());
        let allowed = format!("its owner alone (chmod 600 {})", path.display());
        return Err((found, allowed));
    }
    let text = fs::read_to_string(path).map_err(cannot)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
