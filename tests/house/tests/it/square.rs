//! A square: a street with two more corners, Discord and a terminal, and a house that is open to all three.

use std::{
    io::Write,
    os::unix::net::UnixStream,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use escalator::{
    channel::EscalationChannel,
    model::Escalation,
    runtime::{Escalator, StartError},
};
use escalator_discord::{Bot, Discord, Handler, INTENTS, TurnExt};
use escalator_examples::custom_channel::Terminal;
use escalator_house::town::Heard;
use escalator_testkit::discord::FakeDiscord;
use serenity::{
    Client, async_trait,
    client::{Context, EventHandler},
    gateway::ShardManager,
    model::channel::Message,
};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::{
    bot::Seen,
    home::{House, Plan},
    street::{PATIENCE, Street},
};

/// The stand-ins of the three channels, and the desk's.
pub(crate) struct Square {
    pub(crate) street: Street,
    pub(crate) discord: FakeDiscord,
    pub(crate) console: Console,
}

/// A house that is open to the whole square.
pub(crate) struct OpenHouse {
    pub(crate) house: House,
    shards: Arc<ShardManager>,
    listening: JoinHandle<serenity::Result<()>>,
}

impl Square {
    pub(crate) async fn build() -> Self {
        Self {
            street: Street::build().await,
            discord: FakeDiscord::builder().start().await.expect("Discord starts"),
            console: Console::build(),
        }
    }

    pub(crate) async fn open(&self, plan: Plan) -> OpenHouse {
        let account = Bot::new(self.discord.token(), Some(&self.discord.url()))
            .expect("token and address are right")
            .with_pictures_at(&self.discord.url())
            .expect("the address is right");
        let connect = |house: &mut Escalator, seen: &Seen| -> Result<_, StartError> {
            let discord = Discord::new(&account, house.ingress("discord"));
            house.connect(Arc::new(discord.clone()))?;
            house.connect(self.console.terminal(house))?;
            let seen = seen.clone();
            Ok(discord.clone().wrap(Handler(Answers { discord, seen })))
        };
        let opened = self.street.try_open_with(plan, connect).await;
        let (house, wrapped) = opened.expect("the house opens");
        let client = account.client(INTENTS).framework(wrapped.expect("the names are free"));
        let mut client: Client = client.await.expect("it is built");
        let shards = Arc::clone(&client.shard_manager);
        let listening = tokio::spawn(async move { client.start().await });
        self.discord.wait_connected(PATIENCE).await.expect("it connects");
        OpenHouse {
            house,
            shards,
            listening,
        }
    }

    /// Nothing that was sent broke a rule of the desk, of Telegram or of Discord.
    pub(crate) fn nobody_complains(&self) {
        self.street.nobody_complains();
        discord_does_not_complain(&self.discord);
    }
}

/// Nothing that was sent broke a rule of Discord.
pub(crate) fn discord_does_not_complain(discord: &FakeDiscord) {
    assert_eq!(discord.violations(), []);
    if !discord.spec_checked() {
        // What a test prints is shown only when it fails, unless it goes past the macros.
        let why = "skipped: the requests to Discord were not checked against its specification, which is not here";
        writeln!(std::io::stderr(), "{why}").expect("there is a standard error");
    }
}

impl OpenHouse {
    pub(crate) async fn shutdown(self) {
        self.shards.shutdown_all().await;
        let ended = self.listening.await.expect("it does not panic");
        ended.expect("it ends well");
        self.house.shutdown().await;
    }
}

/// The bot behind Discord, which does as the one behind Telegram.
struct Answers {
    discord: Discord,
    seen: Seen,
}

#[async_trait]
impl EventHandler for Answers {
    async fn message(&self, ctx: Context, message: Message) {
        let Some(turn) = self.discord.turn(&message).await else {
            return;
        };
        self.seen.note(&message.content);
        if message.content == "/human" {
            let because = Escalation::because("the customer asked for a human");
            let asked = self.discord.escalate(turn, because).await;
            asked.expect("the ledger is there");
        } else {
            let answer = format!("Bot: {}", message.content);
            let said = turn.reply(&ctx.http, message.channel_id, answer).await;
            drop(said.expect("Discord takes it"));
        }
    }
}

/// A terminal, from the customer's side.
pub(crate) struct Console {
    keyboard: Mutex<UnixStream>,
    /// The other end, until a house takes it.
    socket: Mutex<Option<UnixStream>>,
    screen: Arc<Heard>,
    /// The customer's files, and the agent's.
    folder: TempDir,
}

impl Console {
    fn build() -> Self {
        let (keyboard, socket) = UnixStream::pair().expect("a pair of sockets can be made");
        let screen = keyboard.try_clone().expect("a socket has as many handles as one likes");
        Self {
            keyboard: Mutex::new(keyboard),
            socket: Mutex::new(Some(socket)),
            screen: Heard::on(screen),
            folder: tempfile::tempdir().expect("a folder is made"),
        }
    }

    fn terminal(&self, house: &Escalator) -> Arc<Terminal> {
        let socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner).take();
        let socket = socket.expect("it is taken once");
        socket.set_nonblocking(true).expect("it is a socket");
        let socket = tokio::net::UnixStream::from_std(socket).expect("a runtime is here");
        let (input, output) = socket.into_split();
        Terminal::over(house.ingress("terminal"), self.folder.path().to_owned(), input, output)
    }

    pub(crate) fn types(&self, line: &str) {
        let mut keyboard = self.keyboard.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(keyboard, "{line}").expect("the terminal reads");
    }

    pub(crate) fn sends(&self, name: &str, bytes: &str) {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).expect("there is room");
        self.types(&format!("/file {}", path.display()));
    }

    /// Waits until a line is shown.
    pub(crate) async fn sees(&self, line: &str) {
        let shown = |lines: &[String]| lines.iter().any(|shown| shown == line).then_some(());
        self.screen
            .find(shown)
            .await
            .unwrap_or_else(|why| panic!("{line:?} is not shown: {why}"));
    }

    /// What was shown, line by line; a file as its name and what is in it.
    pub(crate) fn shown(&self) -> Vec<String> {
        self.screen.lines().iter().map(|line| with_file(line)).collect()
    }
}

fn with_file(line: &str) -> String {
    let Some((_, path)) = line.split_once(" sent a file: ") else {
        return line.to_owned();
    };
    let path = Path::new(path);
    let name = path.file_name().expect("the path is whole").to_string_lossy();
    let bytes = std::fs::read_to_string(path).expect("it was saved before it was shown");
    format!("{name}: {bytes}")
}
