//! The example bot over a disk that is full, and over a database that is locked, corrupt or somebody else's: nothing is
//! acknowledged that is not kept, and what can be mended is mended without a restart.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

use escalator_house::{
    judge::{Verdict, judge},
    shown::{said, sees},
    town::{Bot, PATIENCE, Town},
};
use escalator_testkit::{
    desk::{DeskState, Encoding, HookAnswer, Reply, Session},
    telegram::{Chat, World},
};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::street::{exact, lines_of};

/// The size of the disk that becomes full.
const DISK_BYTES: usize = 4 << 20;
/// How many replies are sent at the most until one is refused.
const REPLIES_MAX: usize = 400;
/// How long the bot may take to say why it does not start.
const START_MAX: Duration = Duration::from_secs(30);

async fn town() -> Town {
    let program = env!("CARGO_BIN_EXE_killable_telegram_bot").into();
    Town::build(program, Encoding::Multipart)
        .await
        .expect("the town is built")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_hooks_and_acknowledges_nothing_until_there_is_room_again() {
    let mut town = town().await;
    let Some(disk) = SmallDisk::mount(town.folder().join("disk")) else {
        return;
    };
    town.keep_at(disk.folder.join("town.db"));
    let mut bot = town.start_bot().await.expect("the bot starts");
    let talk = Talk::begin(&town, "Ada").await;

    disk.fill();
    let refused = is_away_and_comes_back(&town, &talk, || disk.make_room()).await;
    println!("refused with {refused} replies taken before");
    assert_eq!(bot.ended().expect("the system tells"), None, "it was not started again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_somebody_else_has_locked_refuses_hooks_until_it_is_free() {
    let mut town = town().await;
    // The ledger waits for the other one for a while before it counts as away.
    town.desk.configure(|desk| desk.hooks.timeout = PATIENCE);
    let database = town.folder().join("locked.db");
    town.keep_at(database.clone());
    let mut bot = town.start_bot().await.expect("the bot starts");
    let talk = Talk::begin(&town, "Ada").await;

    let mut tool = SqliteConnectOptions::new()
        .filename(&database)
        .connect()
        .await
        .expect("a tool may open it");
    run(&mut tool, "BEGIN IMMEDIATE").await;
    let tool = std::cell::RefCell::new(Some(tool));
    is_away_and_comes_back(&town, &talk, || drop(tool.take())).await;
    assert_eq!(bot.ended().expect("the system tells"), None, "it was not started again");
}

/// With the ledger away: a hook is answered 503, an update is not acknowledged. With it back, both arrive, in order, and
/// so does all that was taken before. Returns how many replies were taken before.
async fn is_away_and_comes_back(town: &Town, talk: &Talk, mend: impl Fn()) -> usize {
    let mut taken = Vec::new();
    let refused = loop {
        assert!(taken.len() < REPLIES_MAX, "no reply was refused");
        let text = format!("reply {} {}", taken.len(), "x".repeat(3_000));
        let answer = talk.reply(town, &text).await;
        if !answer.exact {
            assert_eq!(answer.status, Some(503), "{:?} {:?}", answer.body, answer.error);
            break text;
        }
        taken.push(text);
    };
    let update = talk.chat.says("said meanwhile").update_id;
    // Every poll confirms what was accepted before: when it is asked for again, nothing was.
    let polled = |world: &World| {
        let polls = world.calls().iter().rev().take_while(|call| call.number > 0);
        polls.filter(|call| call.method == "getUpdates").count()
    };
    let before = town.telegram.look(polled);
    assert_eq!(talk.reply(town, &refused).await.status, Some(503), "it is still away");
    assert!(
        town.telegram.look(World::pending_updates).contains(&update),
        "Telegram keeps what is not kept here"
    );
    assert!(town.telegram.look(polled) >= before);

    mend();
    let again = async {
        while !talk.reply(town, &refused).await.exact {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, again)
        .await
        .expect("hooks are taken again");
    let read = town.desk.wait_until(PATIENCE, |desk| {
        lines_of(desk, &talk.session).contains(&"said meanwhile".to_owned())
    });
    read.await.expect("what was said meanwhile arrives");
    let count = taken.len();
    taken.push(refused);
    for text in &taken {
        sees(&talk.chat, PATIENCE, text).await.expect("what was taken arrives");
    }
    let shown: Vec<_> = talk
        .chat
        .transcript()
        .from_bot()
        .filter_map(|of| of.text.as_deref().map(said))
        .map(str::to_owned)
        .collect();
    let Verdict { lost, inverted, .. } = judge(&taken, &shown);
    assert_eq!((lost, inverted), (0, 0));
    let confirmed = town.telegram.wait_until(PATIENCE, World::all_confirmed);
    confirmed.await.expect("Telegram is told");
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_no_database_is_named_at_the_start() {
    let mut town = town().await;
    let database = town.folder().join("broken.db");
    std::fs::write(&database, vec![b'x'; 8_192]).expect("there is room");
    town.keep_at(database);
    let told = refuses_to_start(&town).await;
    assert!(told.contains("broken.db") && told.contains("not a database"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_broke_is_named_at_the_next_start() {
    let mut town = town().await;
    let database = town.folder().join("breaks.db");
    town.keep_at(database.clone());
    let mut bot = town.start_bot().await.expect("the bot starts");
    let talk = Talk::begin(&town, "Ada").await;
    exact(Ok(talk.reply(&town, "before").await));
    bot.kill().expect("the system kills it");
    let mut bytes = std::fs::read(&database).expect("it is there");
    let wal = database.with_extension("db-wal");
    std::fs::remove_file(&wal).ok();
    bytes.truncate(100);
    bytes.resize(64 << 10, 0xff);
    std::fs::write(&database, bytes).expect("there is room");
    let told = refuses_to_start(&town).await;
    assert!(told.contains("malformed") || told.contains("corrupt"), "{told}");
    assert!(!told.contains("before"), "no words of anybody: {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_bot_on_the_same_database_is_refused_and_harms_nobody() {
    let town = town().await;
    let _bot: Bot = town.start_bot().await.expect("the bot starts");
    let talk = Talk::begin(&town, "Ada").await;
    let told = refuses_to_start(&town).await;
    assert!(told.contains("in use by another process"), "{told}");
    exact(Ok(talk.reply(&town, "still here").await));
    sees(&talk.chat, PATIENCE, "still here").await.expect("it arrives");
}

/// Starts a bot that ends by itself, and returns what it says.
async fn refuses_to_start(town: &Town) -> String {
    let mut command = town.command();
    let Output { status, stderr, .. } = tokio::time::timeout(START_MAX, ended(&mut command))
        .await
        .expect("it ends soon");
    assert!(!status.success(), "it says that it failed");
    String::from_utf8_lossy(&stderr).into_owned()
}

async fn ended(command: &mut Command) -> Output {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let child = child.expect("it is built");
    let waits = tokio::task::spawn_blocking(move || child.wait_with_output());
    waits.await.expect("it does not panic").expect("the system tells")
}

async fn run(tool: &mut SqliteConnection, sql: &'static str) {
    sqlx::query(sql).execute(&mut *tool).await.expect("it is locked");
    tool.ping().await.expect("it is there");
}

/// A customer with an agent.
struct Talk {
    chat: Chat,
    session: Session,
}

impl Talk {
    async fn begin(town: &Town, name: &str) -> Self {
        let chat = town.telegram.user(name).private_chat();
        chat.says("/human");
        let opened = |desk: &DeskState| desk.sessions().next().cloned();
        let session = town.desk.wait_for(PATIENCE, opened).await;
        let session = session.expect("a session reaches the desk");
        exact(town.desk.reply(&session, Reply::new("Hi", "Anna")).await);
        sees(&chat, PATIENCE, "Hi").await.expect("it is shown");
        Self { chat, session }
    }

    async fn reply(&self, town: &Town, text: &str) -> HookAnswer {
        let answer = town.desk.reply(&self.session, Reply::new(text, "Anna")).await;
        answer.expect("the hook goes out")
    }
}

/// A small file system in memory, which only an administrator can mount.
struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    fn mount(folder: PathBuf) -> Option<Self> {
        std::fs::create_dir(&folder).expect("there is room");
        let size = format!("size={DISK_BYTES}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(&folder)
            .stderr(Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self { folder });
        }
        // What a test prints is shown only when it fails, unless it goes past the macros.
        let why = "skipped: no small disk can be mounted here, so none was filled";
        writeln!(std::io::stderr(), "{why}").expect("there is a standard error");
        None
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("filler")
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut filler = std::fs::File::create(self.filler()).expect("the disk is there");
        let block = [0_u8; 4_096];
        let blocks = (0..=DISK_BYTES / block.len()).take_while(|_| filler.write_all(&block).is_ok());
        assert!(blocks.count() <= DISK_BYTES / block.len(), "the disk is full");
    }

    fn make_room(&self) {
        std::fs::remove_file(self.filler()).expect("it is there");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        unmount(&self.folder);
    }
}

/// The bot may hold its files for a moment longer, so it is unmounted lazily.
fn unmount(folder: &Path) {
    let unmounted = Command::new("umount").arg("--lazy").arg(folder).status();
    assert!(unmounted.is_ok_and(|status| status.success()), "it was mounted");
}
