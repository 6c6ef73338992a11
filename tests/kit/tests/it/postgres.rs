//! A PostgreSQL of a test's own, as its tests use it.

use std::{
    env, fs,
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use escalator_testkit::postgres::{Durability, PostgresError, Server, database};

/// The time within which anything that is waited for must happen.
const SOON: Duration = Duration::from_mins(1);

#[test]
fn each_database_is_fresh_and_apart_from_the_others() {
    let one = database().expect("PostgreSQL is there");
    let two = database().expect("PostgreSQL is there");
    let made = one.run(&[
        "CREATE TABLE t (n int)",
        "INSERT INTO t VALUES (1), (2)",
        "SELECT n, n + 1 FROM t ORDER BY n",
    ]);
    assert_eq!(made.expect("it is done"), "1|2\n2|3");
    let refused = two.run(&["SELECT n FROM t"]).expect_err("there is no such table");
    assert!(
        refused.to_string().contains(r#"relation "t" does not exist"#),
        "{refused}"
    );
    assert_ne!(one.url(), two.url());
    assert!(!format!("{one:?} {:?}", one.server()).contains(password(one.url())));
}

#[test]
fn a_database_goes_with_its_handle() {
    let watching = database().expect("PostgreSQL is there");
    let other = database().expect("PostgreSQL is there");
    let count = format!("SELECT count(*) FROM pg_database WHERE datname = '{}'", other.name());
    assert_eq!(watching.run(&[&count]).expect("it answers"), "1");
    drop(other);
    assert_eq!(watching.run(&[&count]).expect("it answers"), "0");
}

#[test]
fn what_was_committed_is_there_when_a_server_comes_back() {
    let server = Server::start().expect("PostgreSQL is there");
    let database = server.database().expect("it is made");
    database
        .run(&["CREATE TABLE t (n int)", "INSERT INTO t VALUES (7)"])
        .expect("it is done");
    for _ in 0..2 {
        server.stop().expect("it ends");
        let away = database.run(&["SELECT n FROM t"]).expect_err("nobody is there");
        assert!(matches!(away, PostgresError::Failed { .. }), "{away}");
        server.start_again().expect("it comes back");
        assert_eq!(database.run(&["SELECT n FROM t"]).expect("it answers"), "7");
    }
}

#[test]
fn a_paused_server_answers_nothing_and_goes_on_with_what_it_was_asked() {
    let server = Server::start().expect("PostgreSQL is there");
    let database = server.database().expect("it is made");
    server.pause().expect("it stands still");
    thread::scope(|scope| {
        let (said, hear) = mpsc::channel();
        let database = &database;
        scope.spawn(move || said.send(database.run(&["SELECT 1"])).expect("somebody listens"));
        assert!(
            hear.recv_timeout(Duration::from_millis(300)).is_err(),
            "nothing answers"
        );
        server.resume().expect("it goes on");
        let answer = hear.recv_timeout(SOON).expect("it answers now");
        assert_eq!(answer.expect("nothing was lost"), "1");
    });
    server.pause().expect("it stands still");
    server.stop().expect("one that is paused can be stopped");
}

#[test]
fn a_commit_waits_for_the_disk_where_that_is_asked_for() {
    for (durability, fsync) in [(Durability::Process, "off"), (Durability::Disk, "on")] {
        let settings = Server::builder()
            .durability(durability)
            .setting("max_connections", "17");
        let server = settings.start().expect("PostgreSQL is there");
        let database = server.database().expect("it is made");
        let set = database.run(&["SHOW fsync", "SHOW synchronous_commit", "SHOW max_connections"]);
        assert_eq!(set.expect("it answers"), format!("{fsync}\non\n17"));
    }
}

#[test]
fn a_server_goes_with_its_handles_and_leaves_nothing_behind() {
    let server = Server::start().expect("PostgreSQL is there");
    let addr = server.addr().expect("it has one");
    let database = server.database().expect("it is made");
    drop(server);
    assert_eq!(database.run(&["SELECT 1"]).expect("a database holds its server"), "1");
    drop(database);
    assert!(TcpStream::connect(addr).is_err());
}

#[test]
fn a_server_does_not_outlive_a_killed_process() {
    for state in ["runs", "paused", "away"] {
        let folder = Folder::make();
        let mut holder = holder(state, &[("TMPDIR", folder.path())]);
        let addr: SocketAddr = said(&mut holder).parse().expect("it is an address");
        assert_eq!(folder.entries(), 1);
        holder.kill().expect("it is there");
        holder.wait().expect("it ends");
        until("the folder is gone", || folder.entries() == 0);
        assert!(TcpStream::connect(addr).is_err());
    }
}

#[test]
fn another_server_is_used_where_one_is_named() {
    let server = Server::start().expect("PostgreSQL is there");
    let database = server.database().expect("it is made");
    let mut holder = holder("elsewhere", &[("DATABASE_URL", Path::new(database.url()))]);
    let name = said(&mut holder);
    let is_there = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    assert_eq!(database.run(&[&is_there]).expect("it answers"), "1");
    drop(holder.stdin.take());
    assert!(holder.wait().expect("it ends").success());
    assert_eq!(database.run(&[&is_there]).expect("it answers"), "0");
}

/// Not a test: the process that other tests of this file start.
#[test]
#[ignore = "the tests beside it run it in a process of its own"]
fn holds_a_server() {
    let until_told = || std::io::read_to_string(std::io::stdin()).expect("standard input is a pipe");
    let state = env::var("HOLDS").expect("only its tests run it");
    if state == "elsewhere" {
        let database = database().expect("the server is there");
        assert!(database.server().is_none());
        println!("\nSAID {}", database.name());
        until_told();
        return;
    }
    let server = Server::start().expect("PostgreSQL is there");
    match &*state {
        "paused" => server.pause().expect("it stands still"),
        "away" => server.stop().expect("it ends"),
        _ => {}
    }
    println!("\nSAID {}", server.addr().expect("it has one"));
    until_told();
}

fn holder(state: &str, environment: &[(&str, &Path)]) -> Child {
    Command::new(env::current_exe().expect("a test knows its program"))
        .args(["--ignored", "--exact", "--nocapture", "postgres::holds_a_server"])
        .env("HOLDS", state)
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts")
}

/// What the holder says once it is ready.
fn said(holder: &mut Child) -> String {
    use std::io::BufRead;

    let out = holder.stdout.as_mut().expect("it is a pipe");
    let lines = std::io::BufReader::new(out)
        .lines()
        .map(|line| line.expect("it is text"));
    let mut said = lines.filter_map(|line| line.strip_prefix("SAID ").map(str::to_owned));
    said.next().expect("it says so before it ends")
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + SOON;
    while !holds() {
        assert!(Instant::now() < deadline, "in time: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn password(url: &str) -> &str {
    let (who, _) = url.split_once('@').expect("it names who");
    who.rsplit_once(':').expect("it has a password").1
}

/// A folder for temporary folders.
struct Folder(std::path::PathBuf);

impl Folder {
    fn make() -> Self {
        let path = env::temp_dir().join(format!("escalator-kit-{}", uuid::Uuid::new_v4().simple()));
        fs::create_dir(&path).expect("there is room");
        // As `/tmp` is: whoever runs the server for root makes and removes its own.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o1777)).expect("it is ours");
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }

    fn entries(&self) -> usize {
        fs::read_dir(&self.0).expect("it is there").count()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("it is ours");
    }
}
