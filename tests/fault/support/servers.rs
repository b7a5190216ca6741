//! A PostgreSQL cluster and a RabbitMQ node of one's own, which may be stopped without harm to
//! anybody else. Both are gone with their values.

use std::{
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use super::until;

const START: Duration = Duration::from_secs(60);
/// The folder of RabbitMQ's own scripts; those in the path change the user.
const RABBITMQ: &str = "/usr/lib/rabbitmq/bin";

/// A port that nobody has at this moment.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn is_root() -> bool {
    String::from_utf8(Command::new("id").arg("-u").output().unwrap().stdout).unwrap().trim() == "0"
}

fn succeed(command: &mut Command) {
    let done = command.current_dir("/").stdout(Stdio::null()).stderr(Stdio::piped()).output().unwrap();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
}

pub struct Postgres {
    dir: tempfile::TempDir,
    port: u16,
}

impl Postgres {
    pub fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        if is_root() {
            succeed(Command::new("chown").arg("postgres").arg(dir.path()));
        }
        let cluster = Self { dir, port: free_port() };
        succeed(cluster.program("initdb").args([
            "-A",
            "trust",
            "-U",
            "zhihui",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-N",
        ]));
        cluster.control(&["-w", "start"]);
        cluster
    }

    pub fn url(&self) -> String {
        format!("postgres://zhihui@127.0.0.1:{}/postgres", self.port)
    }

    /// `fast` ends what is running, `immediate` is a crash.
    pub fn stop(&self, mode: &str) {
        self.control(&["-w", "-m", mode, "stop"]);
    }

    pub fn start_again(&self) {
        self.control(&["-w", "start"]);
    }

    fn control(&self, arguments: &[&str]) {
        let options = format!("-p {} -k {} -c listen_addresses=127.0.0.1", self.port, self.dir.path().display());
        let log = self.dir.path().join("log");
        succeed(self.program("pg_ctl").arg("-l").arg(log).args(["-o", &options]).args(arguments));
    }

    /// A program of the newest PostgreSQL on this machine, on this cluster; never as root.
    fn program(&self, name: &str) -> Command {
        let found = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed").flatten();
        let newest = found.map(|entry| entry.path()).max_by_key(|path| version(path)).unwrap();
        let program = newest.join("bin").join(name);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.arg("-D").arg(self.dir.path().join("cluster"));
        command
    }
}

fn version(path: &Path) -> u32 {
    path.file_name().and_then(|name| name.to_str()?.parse().ok()).unwrap_or(0)
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ =
            self.program("pg_ctl").args(["-m", "immediate", "stop"]).current_dir("/").stdout(Stdio::null()).status();
    }
}

pub struct RabbitMq {
    dir: tempfile::TempDir,
    port: u16,
    distribution_port: u16,
    names_port: u16,
    processes: Vec<std::process::Child>,
}

impl RabbitMq {
    pub async fn start() -> Self {
        let mut node = Self {
            dir: tempfile::tempdir().unwrap(),
            port: free_port(),
            distribution_port: free_port(),
            names_port: free_port(),
            processes: Vec::new(),
        };
        std::fs::write(node.path("plugins"), "[].").unwrap();
        let names_port = node.names_port.to_string();
        let mut names = Command::new("epmd");
        names.args(["-port", &names_port, "-address", "127.0.0.1"]);
        node.spawn(names);
        let server = node.program("rabbitmq-server");
        node.spawn(server);
        let is_up = until(START, || std::future::ready(node.is_up())).await;
        assert!(is_up, "{}", std::fs::read_to_string(node.path("out")).unwrap_or_default());
        node
    }

    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.port)
    }

    /// The broker inside the node, without the node: `stop_app`, `start_app`.
    pub async fn control(&self, what: &str) {
        let mut command = self.program("rabbitmqctl");
        command.arg("-q").arg(what);
        tokio::task::spawn_blocking(move || succeed(&mut command)).await.unwrap();
    }

    fn is_up(&self) -> bool {
        let mut command = self.program("rabbitmqctl");
        command.args(["-q", "await_startup", "--timeout", "20"]).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// In a process group of its own, for the programs start others.
    fn spawn(&mut self, mut command: Command) {
        let out = std::fs::File::options().create(true).append(true).open(self.path("out")).unwrap();
        command.stdout(out.try_clone().unwrap()).stderr(out).stdin(Stdio::null()).process_group(0);
        self.processes.push(command.spawn().unwrap());
    }

    fn program(&self, name: &str) -> Command {
        let own = Path::new(RABBITMQ).join(name);
        let mut command = if own.exists() { Command::new(own) } else { Command::new(name) };
        command
            .env("HOME", self.dir.path())
            .env("ERL_EPMD_PORT", self.names_port.to_string())
            .env("RABBITMQ_NODENAME", format!("fault{}@localhost", self.port))
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", self.port.to_string())
            .env("RABBITMQ_DIST_PORT", self.distribution_port.to_string())
            .env("RABBITMQ_MNESIA_BASE", self.path("mnesia"))
            .env("RABBITMQ_LOG_BASE", self.path("log"))
            .env("RABBITMQ_PID_FILE", self.path("pid"))
            .env("RABBITMQ_CONFIG_FILE", self.path("nothing"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", self.path("plugins"));
        command
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        for process in self.processes.iter_mut().rev() {
            let group = format!("-{}", process.id());
            let _ = Command::new("kill").args(["-9", "--", &group]).stderr(Stdio::null()).status();
            let _ = process.wait();
        }
    }
}
