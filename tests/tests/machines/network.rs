//! Network namespaces as machines, and another one with a server.

use std::fs;
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use isolated_test_tests::{PATIENCE, is_root};

/// The user that runs the server, which refuses to be run by root.
const NOBODY: &str = "65534";

/// The database, as all machines reach it. The server encrypts connections on request.
pub(crate) const URL: &str = "postgres://postgres@10.77.0.1/postgres?sslmode=disable";

/// The states of a port of a switch.
const DISABLED: u8 = 0;
const FORWARDS: u8 = 3;

/// Machines, each with a connection to a server of its own network.
pub(crate) struct Network {
    prefix: String,
    /// How many namespaces are on the switch.
    places: usize,
    dir: PathBuf,
    server: Option<Child>,
}

/// The fate of the packets of a machine.
pub(crate) enum Weather {
    Fine,
    /// They arrive late.
    Slow,
    /// They vanish, without a word to either side.
    Silent,
}

/// Numbers the networks of this process.
static NUMBER: AtomicU32 = AtomicU32::new(0);

fn run(line: &str) {
    let mut words = line.split(' ');
    let output = Command::new(words.next().unwrap())
        .args(words)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{line}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

impl Network {
    /// Makes the namespaces and starts the server, with its data in this directory. `None` where this user
    /// may not, which it prints.
    pub(crate) fn start(dir: &Path, machines: usize) -> Option<Self> {
        let has_ip = Command::new("ip").arg("netns").output();
        if !is_root() || !has_ip.is_ok_and(|output| output.status.success()) {
            let line = b"skipped: only root makes network namespaces with names, with `ip`\n";
            let _ = stderr().lock().write_all(line);
            return None;
        }
        let mut network = Network {
            prefix: format!(
                "it{}-{}-",
                std::process::id(),
                NUMBER.fetch_add(1, Ordering::Relaxed)
            ),
            places: 0,
            dir: dir.join("data"),
            server: None,
        };
        // The server is number one on the switch, and the machines follow.
        run(&format!("ip netns add {}", network.switch()));
        run(&format!(
            "ip -n {} link add switch type bridge",
            network.switch()
        ));
        run(&format!("ip -n {} link set switch up", network.switch()));
        for place in 1..=machines + 1 {
            network.add(place);
        }
        network.know_each_other();
        network.create_data();
        network.start_server();
        Some(network)
    }

    /// Connects a namespace to the switch.
    fn add(&mut self, place: usize) {
        let (switch, name) = (self.switch(), self.name(place));
        run(&format!("ip netns add {name}"));
        self.places = place;
        for line in [
            format!("ip link add p{place} netns {switch} type veth peer name eth0 netns {name}"),
            format!("ip -n {switch} link set p{place} master switch"),
            format!("ip -n {switch} link set p{place} up"),
            format!("ip -n {name} link set eth0 address {}", hardware(place)),
            format!("ip -n {name} addr add 10.77.0.{place}/24 dev eth0"),
            format!("ip -n {name} link set lo up"),
            format!("ip -n {name} link set eth0 up"),
        ] {
            run(&line);
        }
    }

    /// Introduces the server and each machine to each other, as if routers were in between: in a silent network
    /// nothing says that the other one cannot be found.
    fn know_each_other(&self) {
        for place in 2..=self.places {
            for (one, other) in [(1, place), (place, 1)] {
                run(&format!(
                    "ip -n {} neigh replace 10.77.0.{other} lladdr {} dev eth0 nud permanent",
                    self.name(one),
                    hardware(other)
                ));
            }
        }
    }

    fn switch(&self) -> String {
        format!("{}s", self.prefix)
    }

    /// The namespace of the server, which is number one, or of a machine.
    fn name(&self, place: usize) -> String {
        format!("{}{place}", self.prefix)
    }

    /// A command that runs a program on a machine, counted from zero.
    pub(crate) fn on(&self, machine: usize, program: &Path) -> Command {
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &self.name(machine + 2)])
            .arg(program);
        command
    }

    pub(crate) fn set(&self, machine: usize, weather: &Weather) {
        let (switch, port) = (self.switch(), machine + 2);
        // In a switch that forwards nothing, packets vanish after both sides have sent them.
        let (state, discipline) = match weather {
            Weather::Fine => (FORWARDS, "pfifo"),
            Weather::Slow => (FORWARDS, "tbf rate 512kbit burst 4kb latency 500ms"),
            Weather::Silent => (DISABLED, "pfifo"),
        };
        run(&format!(
            "tc -n {switch} qdisc replace dev p{port} root {discipline}"
        ));
        run(&format!(
            "bridge -n {switch} link set dev p{port} state {state}"
        ));
    }

    fn create_data(&self) {
        fs::create_dir(&self.dir).unwrap();
        for dir in self.dir.ancestors().take(3).skip(1) {
            // The state directory is closed to others.
            run(&format!("chmod o+x {}", dir.display()));
        }
        let dir = self.dir.display();
        run(&format!("chown {NOBODY}:{NOBODY} {dir}"));
        let mut initdb = self.as_nobody("initdb");
        initdb
            .args(["-U", "postgres", "--auth=trust", "--no-sync", "-D"])
            .arg(&self.dir);
        let output = initdb.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let mut openssl = self.as_nobody("openssl");
        openssl.args(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=server"
                .split(' '),
        );
        openssl
            .args(["-keyout", "server.key", "-out", "server.crt"])
            .current_dir(&self.dir);
        let output = openssl.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let mut rules = fs::OpenOptions::new()
            .append(true)
            .open(self.dir.join("pg_hba.conf"))
            .unwrap();
        rules
            .write_all(b"host all all 10.77.0.0/16 trust\n")
            .unwrap();
    }

    /// A command that runs a program of PostgreSQL beside the server.
    fn as_nobody(&self, program: &str) -> Command {
        let installed = fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten();
        let mut installed: Vec<_> = installed
            .map(|entry| entry.path().join("bin").join(program))
            .collect();
        installed.retain(|path| path.exists());
        let path = installed.pop().unwrap_or_else(|| program.into());
        let mut command = Command::new("ip");
        command.args([
            "netns",
            "exec",
            &self.name(1),
            "setpriv",
            "--pdeathsig",
            "KILL",
        ]);
        command.args([
            &format!("--reuid={NOBODY}"),
            &format!("--regid={NOBODY}"),
            "--clear-groups",
        ]);
        command.arg(path).current_dir("/");
        command
    }

    fn start_server(&mut self) {
        let mut server = self.as_nobody("postgres");
        server.arg("-D").arg(&self.dir).stdout(Stdio::null());
        for setting in [
            "listen_addresses=*",
            "unix_socket_directories=",
            "fsync=off",
            "ssl=on",
            // Else a killed server leaves segments in `/dev/shm`.
            "dynamic_shared_memory_type=mmap",
        ] {
            server.args(["-c", setting]);
        }
        server.stderr(fs::File::create(self.dir.join("log")).unwrap());
        self.server = Some(server.spawn().unwrap());
    }

    /// Kills a process of the server, so that it ends all sessions and recovers.
    pub(crate) fn crash(&self) {
        let id = self.server.as_ref().unwrap().id();
        let children =
            fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        if let Some(session) = children.split_whitespace().last() {
            let _ = Command::new("kill")
                .args(["-KILL", session])
                .stderr(Stdio::null())
                .status();
        }
    }

    /// The number of advisory locks, once the server answers.
    pub(crate) fn locks(&self) -> i64 {
        // A client of this process would have to enter the namespace, so `psql` asks.
        let mut psql = self.as_nobody("psql");
        psql.args(["--no-psqlrc", "-At", URL, "-c"]);
        psql.arg("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'");
        let output = psql.output().unwrap();
        String::from_utf8_lossy(&output.stdout)
            .trim()
            .parse()
            .unwrap_or(-1)
    }

    /// Waits until the server accepts connections.
    pub(crate) fn wait_for_server(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.locks() < 0 {
            let log = self.dir.join("log");
            assert!(
                Instant::now() < deadline,
                "{}",
                fs::read_to_string(log).unwrap_or_default()
            );
            // Only an attempt to connect tells whether the server is ready.
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            // Killed, it would leave shared memory behind.
            run(&format!("kill -INT {}", server.id()));
            let _ = server.wait();
        }
        for place in 1..=self.places {
            run(&format!("ip netns del {}", self.name(place)));
        }
        run(&format!("ip netns del {}", self.switch()));
    }
}

/// The address of a network card.
fn hardware(place: usize) -> String {
    format!("02:00:00:00:00:{place:02x}")
}
