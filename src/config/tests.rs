//! Every refusal with its exact words, the order of the layers, and the shipped example.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::{Config, EXAMPLE, LogFormat, SecretKey, settings::Settings};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let variables: BTreeMap<_, _> = variables.iter().copied().collect();
    let env = |name: &str| variables.get(name).map(|text| (*text).to_owned());
    Config::read(Path::new("zhihui.toml"), Some(text), &env).map_err(|error| error.to_string())
}

#[track_caller]
fn refused(text: &str, line: &str) {
    assert_eq!(load(text, &[]).unwrap_err(), line, "{text}");
}

fn private(dir: &Path, text: &str, mode: u32) -> PathBuf {
    let path = dir.join("secret");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path
}

#[test]
fn the_example_is_the_defaults() {
    assert_eq!(load(EXAMPLE, &[]), load("", &[]));
}

#[test]
fn the_example_names_every_setting_and_no_other() {
    let mut settings = Settings::new(Path::new(""), None, &|_| None);
    Config::sections(&mut settings);
    let mut asked = settings.variables();
    asked.retain(|name| !name.ends_with("_FILE"));
    asked.sort();
    let mut section = String::new();
    let mut named = Vec::new();
    for line in EXAMPLE.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = format!("{}_", name.trim_end_matches(']'));
        }
        let Some((key, _)) = line.trim_start_matches("# ").split_once(" = ") else {
            continue;
        };
        if !key.contains(' ') {
            named.push(format!("ZHIHUI_{section}{key}").to_uppercase());
        }
    }
    named.sort();
    assert_eq!(named, asked);
}

#[test]
fn a_variable_beats_the_file_and_the_file_the_default() {
    let text = "listen = \"127.0.0.1:1\"\nlog_format = \"json\"\n[broker]\nprefix = \"b\"";
    let config = load(text, &[("ZHIHUI_LISTEN", "[::1]:2"), ("ZHIHUI_LOG", "")]).unwrap();
    assert_eq!(config.web.listen.to_string(), "[::1]:2");
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.log.filter, "info", "an empty variable is none");
    assert_eq!(config.broker.prefix, "b");
    assert_eq!(config.broker.url.expose(), "memory:");
    assert_eq!(config.database.url.expose(), "sqlite:data/zhihui.db");
    let elsewhere = load("data_dir = \"/srv\"", &[]).unwrap();
    assert_eq!(elsewhere.database.url.expose(), "sqlite:/srv/zhihui.db");
}

#[test]
fn a_section_may_be_spelled_out() {
    let sections = "[smtp]\nurl = \"smtp://m:25\"\nfrom = \"a@b\"";
    let flat = "smtp_url = \"smtp://m:25\"\nsmtp_from = \"a@b\"";
    assert_eq!(load(sections, &[]), load(flat, &[]));
    refused(
        "broker_prefix = \"a\"\n[broker]\nprefix = \"b\"",
        "zhihui.toml:1: broker_prefix: found the same setting as in zhihui.toml:3: broker.prefix; \
         allowed: each setting once",
    );
}

#[test]
fn slips_of_the_pen_are_refused_with_their_line() {
    refused(
        "\n[smpt]\nurl = \"smtp://m\"",
        "zhihui.toml:3: smpt.url: found an unknown key; allowed: the keys that `zhihui config` prints",
    );
    refused(
        "log = \"info\"\nlisten \"x\"",
        "zhihui.toml:2: found text that is not TOML (key with no value, expected `=`); \
         allowed: TOML as printed by `zhihui config`",
    );
    refused(
        "listen = true",
        "zhihui.toml:1: listen: found true or false; allowed: an IP address and a port such as \
         127.0.0.1:8080 or [::]:8080",
    );
    refused(
        "listen = [\"127.0.0.1:1\"]",
        "zhihui.toml:1: listen: found a list; allowed: an IP address and a port such as \
         127.0.0.1:8080 or [::]:8080",
    );
}

#[test]
fn all_problems_are_told_at_once() {
    let error = load("listen = 8080\nlog_format = \"xml\"", &[("ZHIHUI_TIMEZONE", "Beijing")]);
    assert_eq!(
        error.unwrap_err().lines().collect::<Vec<_>>(),
        [
            "ZHIHUI_TIMEZONE: found \"Beijing\"; allowed: a name of the IANA time zone database \
             such as Asia/Shanghai",
            "zhihui.toml:1: listen: found \"8080\"; allowed: an IP address and a port such as \
             127.0.0.1:8080 or [::]:8080",
            "zhihui.toml:2: log_format: found \"xml\"; allowed: text or json",
        ]
    );
}

#[test]
fn addresses_are_checked() {
    const DATABASE: &str = "sqlite:PATH or postgres://user:password@host:5432/database";
    const BROKER: &str = "memory: or amqp://user:password@host:5672/vhost (amqps:// with TLS)";
    const PUBLIC: &str = "http:// or https://, a host and at most a port, such as https://zhihui.example.edu.cn";
    const MAIL: &str = "smtp://user:password@host:587 or smtps://user:password@host:465";
    for (key, found, shown, allowed) in [
        ("database_url", "mysql://u:p@h/d", "mysql://u:***@h/d", DATABASE),
        ("database_url", "sqlite:", "sqlite:", DATABASE),
        ("database_url", "postgres:zhihui", "postgres:zhihui", DATABASE),
        ("database_url", "p4ss word", "***", DATABASE),
        ("broker_url", "memory:1", "memory:1", BROKER),
        ("broker_url", "http://h?token=x", "http://h/?***", BROKER),
        ("public_url", "https://a.cn/zhihui", "https://a.cn/zhihui", PUBLIC),
        ("public_url", "a.cn", "a.cn", PUBLIC),
        ("public_url", "https://a.cn?x", "https://a.cn?x", PUBLIC),
        ("smtp_url", "mail.a.cn:25", "mail.a.cn:25", MAIL),
    ] {
        let expected = format!("zhihui.toml:2: {key}: found {shown:?}; allowed: {allowed}");
        let error = load(&format!("smtp_from = \"a@b\"\n{key} = {found:?}"), &[]).unwrap_err();
        assert_eq!(error.lines().next().unwrap(), expected);
    }
    let config = load("public_url = \"https://A.cn:8443/\"", &[]).unwrap();
    assert_eq!(config.web.origin(), "https://a.cn:8443");
}

#[test]
fn names_numbers_and_networks_are_checked() {
    refused(
        "[broker]\nprefix = \"Zhihui\"",
        "zhihui.toml:2: broker.prefix: found \"Zhihui\"; allowed: a letter, then lower-case \
         letters, digits, - or _, at most 60 in all",
    );
    refused("data_dir = \"\"", "zhihui.toml:1: data_dir: found \"\"; allowed: a folder");
    refused(
        "log = \"zhihui=loud\"",
        "zhihui.toml:1: log: found \"zhihui=loud\"; allowed: error, warn, info, debug, trace or \
         off, and such a level for a part: info,zhihui=debug",
    );
    refused(
        "trusted_proxies = [\"10.0.0.0/8\", \"proxy\"]",
        "zhihui.toml:1: trusted_proxies: found \"proxy\"; allowed: IP addresses or networks such \
         as 10.0.0.0/8",
    );
    refused(
        "[sms]\nurl = \"https://g\"\nsecret = \"0123456789abcdef\"\nrate_per_second = 0",
        "zhihui.toml:4: sms.rate_per_second: found \"0\"; allowed: a whole number from 1 to 10000",
    );
    refused(
        "[smtp]\nurl = \"smtp://m\"\nfrom = \"知会 <zhihui@a.cn\"",
        "zhihui.toml:3: smtp.from: found \"知会 <zhihui@a.cn\"; allowed: a mail address such as \
         zhihui@example.edu.cn or 知会 <zhihui@example.edu.cn>",
    );
    let proxies = [("ZHIHUI_TRUSTED_PROXIES", "10.0.0.0/8, ::1")];
    let config = load("", &proxies).unwrap();
    assert!(config.web.trusted_proxies[0].contains(&"10.1.2.3".parse::<std::net::IpAddr>().unwrap()));
    assert_eq!(config.web.trusted_proxies[1].to_string(), "::1/128");
}

#[test]
fn contradictions_are_refused() {
    refused(
        "[smtp]\nurl = \"smtp://m\"",
        "zhihui.toml:2: smtp.url: found a mail server without smtp.from; allowed: smtp.url and \
         smtp.from together, or neither",
    );
    refused(
        "[smtp]\nfrom = \"a@b\"",
        "zhihui.toml:2: smtp.from: found a sender without smtp.url; allowed: smtp.url and \
         smtp.from together, or neither",
    );
    refused(
        "[sms]\nurl = \"https://g\"",
        "zhihui.toml:2: sms.url: found a gateway without sms.secret; allowed: sms.url and \
         sms.secret together, or neither",
    );
    refused(
        "[sms]\nsecret = \"0123456789abcdef\"",
        "zhihui.toml:2: sms.secret: found a secret without sms.url; allowed: sms.url and \
         sms.secret together, or neither",
    );
    refused(
        "secret_key = \"x\"\nsecret_key_file = \"/x\"",
        "zhihui.toml:1: secret_key: found a second value in zhihui.toml:2: secret_key_file; \
         allowed: one of the two\n\
         zhihui.toml:1: secret_key: found a text that is not shown; allowed: 32 bytes in base64 \
         (openssl rand -base64 32)",
    );
}

#[test]
fn example_values_are_refused() {
    refused(
        "secret_key = \"change-me\"",
        "zhihui.toml:1: secret_key: found the text of the example; allowed: a value of your own",
    );
}

#[test]
fn a_secret_may_stand_in_a_file_that_only_its_owner_reads() {
    let dir = tempfile::tempdir().unwrap();
    let path = private(dir.path(), &format!("{KEY}\n"), 0o600);
    let shown = path.display().to_string();
    let from_variable = load("", &[("ZHIHUI_SECRET_KEY_FILE", &shown)]).unwrap();
    let from_file = load(&format!("secret_key_file = {shown:?}"), &[]).unwrap();
    let key = SecretKey::parse(KEY).unwrap();
    assert_eq!(from_variable.secret_key().unwrap(), key);
    assert_eq!(from_file.secret_key().unwrap(), key);

    private(dir.path(), KEY, 0o640);
    assert_eq!(
        load("", &[("ZHIHUI_SECRET_KEY_FILE", &shown)]).unwrap_err(),
        format!(
            "ZHIHUI_SECRET_KEY_FILE: found {shown} open to others (mode 0640); allowed: its owner \
             alone (chmod 600 {shown})"
        )
    );
    assert_eq!(
        load("", &[("ZHIHUI_SECRET_KEY_FILE", "/nowhere")]).unwrap_err(),
        "ZHIHUI_SECRET_KEY_FILE: found /nowhere, which cannot be read (No such file or directory \
         (os error 2)); allowed: the path of a file that the hub may read"
    );
}

#[test]
fn the_key_is_made_once_and_for_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let keys: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| SecretKey::of(&data))).collect();
        starts.into_iter().map(|start| start.join().unwrap().unwrap()).collect()
    });
    assert!(keys.iter().all(|key| *key == keys[0]));
    assert_ne!(keys[0].expose(), &[0; 32]);
    assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "nothing is left beside the key");

    let path = data.join("secret.key");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let path = path.display();
    assert_eq!(
        SecretKey::of(&data).unwrap_err().to_string(),
        format!("{path}: found {path} open to others (mode 0644); allowed: its owner alone (chmod 600 {path})")
    );
}

#[test]
fn nothing_secret_is_shown() {
    let text = format!(
        "secret_key = \"{KEY}\"\n[database]\nurl = \"postgres://z:pw-one@h/d\"\n\
         [broker]\nurl = \"amqp://z:pw-two@h/%2f\"\n[smtp]\nurl = \"smtp://z:pw-three@h\"\n\
         from = \"a@b\"\n[sms]\nurl = \"https://h/?token=pw-four\"\nsecret = \"pw-five-0123456789\""
    );
    let config = load(&text, &[]).unwrap();
    let shown = format!("{config:?}");
    assert!(!shown.contains("pw-") && !shown.contains("AAEC"), "{shown}");
    assert_eq!(config.database.url.redacted(), "postgres://z:***@h/d");
    assert_eq!(config.sms.unwrap().secret.expose(), "pw-five-0123456789");
}

#[test]
fn what_is_probably_not_meant_is_told() {
    let warnings = |text: &str| load(text, &[]).unwrap().warnings();
    assert!(warnings("").is_empty());
    assert_eq!(
        warnings("broker_url = \"amqp://z:p@h\""),
        ["broker.url names RabbitMQ but database.url an SQLite file: only one hub can use it; \
             take PostgreSQL for several"]
    );
    assert_eq!(
        warnings("database_url = \"postgres://z:p@h/d\"\nlisten = \"0.0.0.0:80\""),
        [
            "secret_key is not set: every hub on this database must find the same secret.key in \
             its data_dir",
            "public_url is not set: links in messages name the address on which the hub listens",
            "public_url is not https: passwords and sessions cross the network in the clear",
        ]
    );
    let sms = "sms_url = \"https://sms.cn/send\"\nsms_secret = \"0123456789abcdef\"\n";
    let mine = "public_url names this machine alone: links in SMS and e-mail open nowhere else";
    assert_eq!(warnings(sms), ["public_url is not set: links in messages name the address on which the hub listens"]);
    for host in ["localhost", "127.0.0.1:8080", "[::1]"] {
        assert_eq!(warnings(&format!("{sms}public_url = \"http://{host}\"")), [mine]);
    }
    assert!(warnings(&format!("{sms}public_url = \"https://a.cn\"")).is_empty());
}

#[test]
fn misspelled_variables_are_noticed() {
    let names = ["ZHIHUI_LISTEN", "ZHIHUI_SMS_SECRET_FILE", "ZHIHUI_STMP_URL", "PATH"];
    let unknown = Config::unknown_variables(names.map(str::to_owned).into_iter());
    assert_eq!(unknown, ["ZHIHUI_STMP_URL"]);
}

#[test]
fn a_named_file_must_be_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hub.toml");
    let absent = format!(
        "{}: found a file that cannot be read (No such file or directory (os error 2)); allowed: \
         a TOML file; `zhihui config` prints one",
        path.display()
    );
    let named = Config::load(Some(&path), |_| None).unwrap_err();
    assert_eq!(named.to_string(), absent);
    let set = path.display().to_string();
    let env = |name: &str| (name == "ZHIHUI_CONFIG").then(|| set.clone());
    assert_eq!(Config::load(None, env).unwrap_err().to_string(), absent);
    fs::write(&path, "log = \"warn\"").unwrap();
    assert_eq!(Config::load(None, env).unwrap().log.filter, "warn");
}
