//! The settings of a hub: defaults in code, then `zhihui.toml`, then `ZHIHUI_…` variables, then
//! checks. Only `app` and `cli` see it; every other part gets its own piece.
//!
//! A `Config` that exists is free of contradictions: whatever cannot be meant is refused here, with
//! its file, line and key, and not found later by a part that was already half started.

mod broker;
mod database;
mod file;
mod log;
mod problem;
mod recycle;
mod secret;
mod sending;
mod settings;
mod sms;
mod smtp;
#[cfg(test)]
mod tests;
mod web;

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use chrono_tz::Tz;

pub use self::{
    broker::Broker,
    database::Database,
    log::{Log, LogFormat},
    problem::{ConfigError, Place, Problem},
    recycle::Recycle,
    secret::{KeyError, Secret, SecretKey, SecretUrl},
    sending::Sending,
    sms::Sms,
    smtp::Smtp,
    web::Web,
};
use self::{
    secret::KEY_ALLOWED,
    settings::{Settings, Shown},
};

/// Every setting with its default and its meaning, as `zhihui config` prints it.
pub const EXAMPLE: &str = include_str!("../../config.example.toml");

/// Read when nothing else is named, if it is there.
const DEFAULT_FILE: &str = "zhihui.toml";

/// All settings, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub database: Database,
    pub broker: Broker,
    pub web: Web,
    /// The folder of everything that the hub keeps in files.
    pub data_dir: PathBuf,
    /// In which days begin, schedules are read and times are shown.
    pub timezone: Tz,
    /// The organisation's name, on every page.
    pub organisation: String,
    pub log: Log,
    pub recycle: Recycle,
    pub sending: Sending,
    /// Unset: a key made once in the data folder, see [`Config::secret_key`].
    pub secret_key: Option<SecretKey>,
    /// Unset: no e-mail.
    pub smtp: Option<Smtp>,
    /// Unset: no SMS.
    pub sms: Option<Sms>,
}

impl Config {
    /// Reads the settings. `file` is what the command line names; without it `ZHIHUI_CONFIG`, then
    /// `zhihui.toml` in the working folder if there is one. `env` answers for the environment.
    ///
    /// # Errors
    /// Everything that is wrong at once, one line each.
    pub fn load(file: Option<&Path>, env: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let set = env("ZHIHUI_CONFIG").filter(|path| !path.is_empty());
        let named = file.map(Path::to_owned).or_else(|| set.map(PathBuf::from));
        let path = named.as_deref().unwrap_or(Path::new(DEFAULT_FILE));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => None,
            Err(error) => return Err(ConfigError::new(vec![unreadable(path, &error)])),
        };
        Self::read(path, text.as_deref(), &env)
    }

    /// Settings from these variables alone, whatever files there are: for a hub that must not touch
    /// another one's.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn of(variables: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Self::read(Path::new(DEFAULT_FILE), None, &variables)
    }

    fn read(path: &Path, text: Option<&str>, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut settings = Settings::new(path, text, env);
        let config = Self::sections(&mut settings);
        match settings.finish() {
            problems if problems.is_empty() => Ok(config),
            problems => Err(ConfigError::new(problems)),
        }
    }

    fn sections(from: &mut Settings<'_>) -> Self {
        let data_dir =
            from.value("data_dir", Shown::Plain, "a folder", |text| (!text.is_empty()).then(|| PathBuf::from(text)));
        let data_dir = data_dir.unwrap_or_else(|| PathBuf::from("data"));
        let timezone = from.value(
            "timezone",
            Shown::Plain,
            "a name of the IANA time zone database such as Asia/Shanghai",
            |text| text.parse().ok(),
        );
        let organisation =
            from.value("organisation", Shown::Plain, "a name", |text| (!text.is_empty()).then(|| text.to_owned()));
        Self {
            database: Database::read(from, &data_dir),
            broker: Broker::read(from),
            web: Web::read(from),
            data_dir,
            timezone: timezone.unwrap_or(Tz::Asia__Shanghai),
            organisation: organisation.unwrap_or_else(|| "知会".to_owned()),
            log: Log::read(from),
            recycle: Recycle::read(from),
            sending: Sending::read(from),
            secret_key: from.value("secret_key", Shown::Hidden, KEY_ALLOWED, SecretKey::parse),
            smtp: Smtp::read(from),
            sms: Sms::read(from),
        }
    }

    /// The key from which all others are derived: the one that is set, else `secret.key` in the
    /// data folder, which is made when it is missing.
    ///
    /// # Errors
    /// The file is open to others, holds no key, or cannot be made.
    pub fn secret_key(&self) -> Result<SecretKey, KeyError> {
        match &self.secret_key {
            Some(key) => Ok(key.clone()),
            None => SecretKey::of(&self.data_dir),
        }
    }

    /// Makes the data folder, for its owner alone: what lies in it is nobody else's business.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make_data_dir(&self) -> std::io::Result<()> {
        secret::make_private(&self.data_dir)
    }

    fn sends_links(&self) -> bool {
        self.sms.is_some() || self.smtp.is_some()
    }

    /// Whether SMS or e-mail will carry links that open on nobody's phone.
    pub fn links_lead_nowhere(&self) -> bool {
        self.sends_links() && (self.web.public_url.is_none() || self.web.is_of_this_machine())
    }

    /// What is allowed but probably not meant, one line each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let mut warn = |applies: bool, text: &str| {
            if applies {
                warnings.push(text.to_owned());
            }
        };
        warn(
            self.database.is_sqlite() && !self.broker.is_memory(),
            "broker.url names RabbitMQ but database.url an SQLite file: only one hub can use it; \
             take PostgreSQL for several",
        );
        warn(
            !self.database.is_sqlite() && self.secret_key.is_none(),
            "secret_key is not set: every hub on this database must find the same secret.key in \
             its data_dir",
        );
        warn(
            (!self.web.is_local() || self.sends_links()) && self.web.public_url.is_none(),
            "public_url is not set: links in messages name the address on which the hub listens",
        );
        warn(
            self.links_lead_nowhere() && self.web.public_url.is_some(),
            "public_url names this machine alone: links in SMS and e-mail open nowhere else",
        );
        warn(
            !self.web.is_local() && !self.web.is_encrypted(),
            "public_url is not https: passwords and sessions cross the network in the clear",
        );
        warn(
            self.broker.is_guest() && !self.web.is_local(),
            "broker.url uses RabbitMQ's shipped account guest: make one of your own and delete it",
        );
        warnings
    }

    /// Which of `names` look like settings but are none: most likely slips.
    pub fn unknown_variables(names: impl Iterator<Item = String>) -> Vec<String> {
        let mut settings = Settings::new(Path::new(DEFAULT_FILE), None, &|_| None);
        Self::sections(&mut settings);
        let known = settings.variables();
        names
            .filter(|name| name.starts_with("ZHIHUI_") && !name.starts_with("ZHIHUI_TEST_"))
            .filter(|name| name != "ZHIHUI_CONFIG" && !known.contains(name))
            .collect()
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem {
        place: Place::File(path.to_owned()),
        found: format!("a file that cannot be read ({error})"),
        allowed: "a TOML file; `zhihui config` prints one".into(),
    }
}
