//! A town: the desk, Telegram, Discord, and the bot between them, in a process of its own that can be killed and started again.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    ops::Range,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use escalator::{
    model::DeskLimits,
    store::{Ledger, LedgerSettings, SqliteSettings, Store},
};
use escalator_testkit::{
    desk::{DeskSimulator, Encoding},
    discord::{FakeDiscord, Seen, World},
    telegram::FakeTelegram,
};
use tempfile::TempDir;
use tokio::sync::Notify;

/// How long anything in town may take before it counts as lost.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// More dead letters than any town comes to.
const DEAD_LETTERS_MAX: usize = 10_000;
/// How long Telegram waits at the most before it posts an update again; the real one waits for minutes.
const POST_WAIT_MAX: Duration = Duration::from_millis(200);

/// The stand-ins, and what the bot keeps from one life to the next.
pub struct Town {
    /// The desk.
    pub desk: DeskSimulator,
    /// Telegram.
    pub telegram: FakeTelegram,
    /// Discord.
    pub discord: FakeDiscord,
    folder: TempDir,
    database: PathBuf,
    hookpoint_port: u16,
    /// Where Telegram posts the updates, unless it is polled.
    webhook_port: Option<u16>,
    program: PathBuf,
}

impl Town {
    /// Builds a town for a bot's program.
    ///
    /// # Errors
    /// When a stand-in does not start.
    pub async fn build(program: PathBuf, hooks: Encoding) -> Result<Self> {
        let desk = DeskSimulator::builder().hook_encoding(hooks).start().await?;
        let telegram = FakeTelegram::builder().local_webhooks();
        let telegram = telegram.post_wait_max(POST_WAIT_MAX).start().await?;
        let discord = FakeDiscord::builder().start().await?;
        let folder = tempfile::tempdir()?;
        Ok(Self {
            desk,
            telegram,
            discord,
            database: folder.path().join("town.db"),
            folder,
            hookpoint_port: free_port()?,
            webhook_port: None,
            program,
        })
    }

    /// The same town, in which Telegram posts the updates to the bot.
    ///
    /// # Errors
    /// When no port is free.
    pub fn by_webhook(mut self) -> Result<Self> {
        self.webhook_port = Some(free_port()?);
        Ok(self)
    }

    /// Starts a bot of Telegram's and waits until it asks for updates.
    ///
    /// # Errors
    /// When it ends, or asks for nothing in time.
    pub async fn start_bot(&self) -> Result<Bot> {
        let method = match self.webhook_port {
            None => "getUpdates",
            Some(_) => "setWebhook",
        };
        let asked = self.telegram.calls_of(method).len();
        let mut bot = self.spawn_bot()?;
        let asks = self.telegram.wait_until(PATIENCE, |world| {
            world.calls().iter().filter(|call| call.method == method).count() > asked
        });
        if asks.await.is_err() {
            bail!("the bot asks for no updates; it ended: {:?}", bot.ended()?);
        }
        Ok(bot)
    }

    /// Starts a bot of Discord's and waits until it has a session of the gateway of its own.
    ///
    /// # Errors
    /// When it ends, or has none in time.
    pub async fn start_discord_bot(&self) -> Result<Bot> {
        let sessions = |world: &World| {
            let seen = world.gateway().iter();
            seen.filter(|seen| matches!(seen, Seen::Ready { .. })).count()
        };
        let before = self.discord.look(sessions);
        let mut bot = self.spawn_bot()?;
        let connected = self.discord.wait_until(PATIENCE, |world| sessions(world) > before);
        if connected.await.is_err() {
            bail!("the bot does not connect to Discord; it ended: {:?}", bot.ended()?);
        }
        Ok(bot)
    }

    /// Starts the bot and waits for nothing.
    ///
    /// # Errors
    /// When the program cannot be run.
    pub fn spawn_bot(&self) -> Result<Bot> {
        Bot::start(self.command())
    }

    /// The bot's database.
    pub fn database(&self) -> &Path {
        &self.database
    }

    /// How many dead letters the ledger holds. The bot is not running.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn dead_letters(&self) -> Result<usize> {
        // A copy: a bot that is started meanwhile, by another town of this process, would hold the lock of ours for the
        // moment between its fork and its program.
        let copy = tempfile::tempdir()?;
        let file = copy.path().join("copy.db");
        std::fs::copy(&self.database, &file)?;
        let log = |database: &Path| database.with_extension("db-wal");
        if log(&self.database).exists() {
            std::fs::copy(log(&self.database), log(&file))?;
        }
        // What the desk takes is of no matter for what is only read.
        let settings = LedgerSettings::new(DeskLimits {
            message_chars_max: 10_000,
            file_bytes_max: 1 << 20,
        });
        let address = format!("sqlite:{}", file.display());
        let ledger = Ledger::sqlite(&address, SqliteSettings::default(), settings).await?;
        let dead = ledger.dead_letters(DEAD_LETTERS_MAX).await?.len();
        ledger.close().await;
        Ok(dead)
    }

    /// Keeps the ledger elsewhere. No bot runs yet.
    pub fn keep_at(&mut self, database: PathBuf) {
        self.database = database;
    }

    /// A folder that is removed with the town.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn address(&self) -> String {
        format!("sqlite:{}", self.database.display())
    }

    /// What starts the bot.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        if std::env::var_os("RUST_LOG").is_none() {
            // Kills and faults are many, and each is logged.
            command.env("RUST_LOG", "off");
        }
        command
            .env("RUST_BACKTRACE", "0")
            .env("OMNIDESK_URL", self.desk.url())
            .env("OMNIDESK_CHAT_URL", self.desk.url())
            .env("OMNIDESK_CHAT_ACCOUNT_TOKEN", self.desk.account_token())
            .env("OMNIDESK_CHAT_SERVER_TOKEN", self.desk.server_token())
            .env("OMNIDESK_BRAND_ID", "1")
            .env("HOOKPOINT_LISTEN", format!("127.0.0.1:{}", self.hookpoint_port))
            .env("DATABASE_URL", self.address())
            .env("TELEGRAM_BOT_TOKEN", self.telegram.token())
            .env("TELEGRAM_API_URL", self.telegram.url())
            .env("DISCORD_TOKEN", self.discord.token())
            .env("DISCORD_API_URL", self.discord.url());
        if let Some(port) = self.webhook_port {
            command
                .env("TELEGRAM_WEBHOOK_LISTEN", format!("127.0.0.1:{port}"))
                .env("TELEGRAM_WEBHOOK_URL", format!("http://127.0.0.1:{port}/telegram"));
        }
        command
    }
}

/// The bot's process. Killed when dropped.
pub struct Bot {
    child: Child,
    heard: Arc<Heard>,
}

/// What a process told, line by line.
#[derive(Default)]
pub struct Heard {
    told: Mutex<Told>,
    more: Notify,
}

#[derive(Default)]
struct Told {
    lines: Vec<String>,
    over: bool,
}

impl Heard {
    /// Listens on a thread until the process closes its end.
    pub fn on(out: impl Read + Send + 'static) -> Arc<Self> {
        let heard = Arc::<Self>::default();
        let ear = Arc::clone(&heard);
        std::thread::spawn(move || {
            BufReader::new(out)
                .lines()
                .map_while(Result::ok)
                .for_each(|line| ear.add(Some(line)));
            ear.add(None);
        });
        heard
    }

    /// Waits until something is found in the lines so far; they are looked through after each new one.
    ///
    /// # Errors
    /// Nothing was found in time, or before the end of the process.
    pub async fn find<T>(&self, mut find: impl FnMut(&[String]) -> Option<T>) -> Result<T> {
        let mut found = None;
        let heard = self.until(|told| {
            found = find(&told.lines);
            found.is_some() || told.over
        });
        tokio::time::timeout(PATIENCE, heard).await.ok();
        found.with_context(|| format!("it told only: {:#?}", self.told().lines))
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, line: Option<String>) {
        let mut told = self.told();
        told.over = line.is_none();
        told.lines.extend(line);
        drop(told);
        self.more.notify_waiters();
    }

    async fn until(&self, mut condition: impl FnMut(&Told) -> bool) {
        loop {
            let more = self.more.notified();
            if condition(&self.told()) {
                return;
            }
            more.await;
        }
    }

    /// The lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.told().lines.clone()
    }

    /// Waits for the end of the process.
    pub async fn over(&self) {
        self.until(|told| told.over).await;
    }
}

impl Bot {
    /// Starts a bot by a command.
    ///
    /// # Errors
    /// When the program cannot be run.
    pub fn start(mut command: Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} does not start", command.get_program().display()))?;
        let out = child.stdout.take().context("the bot has a standard output")?;
        let heard = Heard::on(out);
        Ok(Self { child, heard })
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it tells.
    pub fn heard(&self) -> Arc<Heard> {
        Arc::clone(&self.heard)
    }

    /// Asks the process to die when it passes a site for the n-th time from now on.
    ///
    /// # Errors
    /// When it does not hear.
    pub async fn arm(&mut self, times: u64, site: &str) -> Result<()> {
        self.ask(&format!("arm {times} {site}")).await
    }

    /// Asks the process to stop, as by SIGSTOP, when it passes a site for the n-th time from now on, and waits until it did.
    ///
    /// # Errors
    /// When it does not hear, or does not pass the site in time.
    pub async fn stops_at(&mut self, times: u64, site: &str, meanwhile: impl FnOnce()) -> Result<()> {
        self.ask(&format!("stop {times} {site}")).await?;
        meanwhile();
        let struck = format!("struck {site}");
        self.heard.find(|lines| lines.contains(&struck).then_some(())).await
    }

    async fn ask(&mut self, wish: &str) -> Result<()> {
        let stdin = self.child.stdin.as_mut().context("the bot has a standard input")?;
        writeln!(stdin, "{wish}")?;
        stdin.flush()?;
        let armed = self
            .heard
            .until(|told| told.over || told.lines.iter().any(|line| line == "armed"));
        tokio::time::timeout(PATIENCE, armed)
            .await
            .context("the bot does not hear")
    }

    /// The sites that were passed, in order.
    pub fn sites(&self) -> Vec<String> {
        self.heard
            .told()
            .lines
            .iter()
            .filter_map(|line| line.strip_prefix("site ").map(str::to_owned))
            .collect()
    }

    /// Whether the process is over; `Some` with a word on how.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn ended(&mut self) -> Result<Option<String>> {
        Ok(self.child.try_wait()?.map(|status| status.to_string()))
    }

    /// Waits for the end of the process; `true` when it was killed.
    ///
    /// # Errors
    /// When the system does not tell.
    pub async fn was_killed(&mut self) -> Result<bool> {
        self.heard.over().await;
        // Its output is closed, so its end is a matter of moments.
        let status = self.child.wait()?;
        Ok(status.signal() == Some(rustix::process::Signal::KILL.as_raw()))
    }

    /// Kills the process at once.
    ///
    /// # Errors
    /// When the system does not.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        // It may have died before: that is what it is for.
        self.kill().ok();
    }
}

/// Ports below those that systems give to outgoing connections.
const PORTS: Range<u16> = 10_000..32_000;

/// A port that is free now, and stays the bot's over its restarts: while the bot is dead, the system gives it to no
/// connection of somebody else's.
///
/// # Errors
/// When none is.
pub fn free_port() -> Result<u16> {
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let mut some = std::iter::repeat_with(|| fastrand::u16(PORTS)).take(100);
    some.find(is_free).context("no port is free")
}
