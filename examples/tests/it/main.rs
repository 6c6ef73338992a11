//! The example bots for Discord, run against a fake Discord and a desk; and the programs as they are started, ended and
//! set wrong, and what the README shows.

#[cfg(unix)]
mod endings;
#[cfg(unix)]
mod instances;
mod program;
mod readme;
mod refusals;

use std::{sync::Arc, time::Duration};

use clap::Parser;
use escalator::runtime::{Escalator, Running};
use escalator_discord::Discord;
use escalator_examples::{discord_bot, poise_bot, settings::Settings};
use escalator_testkit::{
    desk::{DeskSimulator, Party, Reply, Session},
    discord::{Customer, FakeDiscord, Fault, On, Plan},
};
use serenity::{Client, gateway::ShardManager};
use tempfile::TempDir;
use tokio::task::JoinHandle;

const SOON: Duration = Duration::from_secs(30);

/// A desk, a Discord, and a bot between them.
struct Street {
    desk: DeskSimulator,
    fake: FakeDiscord,
    running: Running,
    shards: Arc<ShardManager>,
    listening: JoinHandle<anyhow::Result<()>>,
    _folder: TempDir,
}

/// Which of the bots.
#[derive(Clone, Copy)]
enum Kind {
    Plain,
    Poise,
}

impl Street {
    async fn open(kind: Kind) -> anyhow::Result<Self> {
        let desk = DeskSimulator::builder().start().await?;
        let fake = FakeDiscord::builder().start().await?;
        let folder = tempfile::tempdir()?;
        let settings = settings(&desk, &fake, &folder);
        let house = settings.house(settings.omnidesk()?, "sqlite:escalator.db")?;
        let (house, client) = connect(kind, &settings, house.open().await?).await?;
        let running = house.start().await?;
        let shards = Arc::clone(&client.shard_manager);
        let listening = tokio::spawn(discord_bot::listen(client));
        fake.wait_connected(SOON).await?;
        Ok(Self {
            desk,
            fake,
            running,
            shards,
            listening,
            _folder: folder,
        })
    }

    async fn agent_reads(&self, line: &str) -> Session {
        let has = |session: &&Session| session.texts(Party::Customer).iter().any(|text| text.contains(line));
        let found = self
            .desk
            .wait_for(SOON, |desk| desk.sessions().next_back().filter(has).cloned());
        found.await.expect("the agent reads it")
    }

    async fn close(self) {
        self.shards.shutdown_all().await;
        let ended = self.listening.await.expect("it does not panic");
        ended.expect("it ends well");
        self.running.shutdown().await;
    }
}

async fn connect(kind: Kind, settings: &Settings, mut house: Escalator) -> anyhow::Result<(Escalator, Client)> {
    let bot = settings.discord()?;
    settings.check_discord(&bot).await?;
    let discord = Discord::new(&bot, house.ingress("discord"));
    house.connect(Arc::new(discord.clone()))?;
    let client = match kind {
        Kind::Plain => discord_bot::client(&bot, &discord).await?,
        Kind::Poise => poise_bot::client(&bot, &discord).await?,
    };
    Ok((house, client))
}

fn settings(desk: &DeskSimulator, fake: &FakeDiscord, folder: &TempDir) -> Settings {
    let database = format!("sqlite:{}", folder.path().join("street.db").display());
    Settings::parse_from([
        "street",
        "--omnidesk-url",
        &desk.url(),
        "--omnidesk-chat-url",
        &desk.url(),
        "--omnidesk-chat-account-token",
        desk.account_token(),
        "--omnidesk-chat-server-token",
        desk.server_token(),
        "--omnidesk-brand-id",
        "1",
        "--database-url",
        &database,
        "--discord-token",
        fake.token(),
        "--discord-api-url",
        &fake.url(),
    ])
}

async fn sees(customer: &Customer, text: &str) {
    let seen = customer.sees(SOON, |message| message.content.contains(text)).await;
    seen.expect("it is shown");
}

async fn hands_over_and_takes_back(street: Street, question: &str, wish: &str) {
    let ada = street.fake.user("ada").dm();
    ada.says(question);
    sees(&ada, "We are open").await;
    ada.says(wish);
    ada.says("my order is 12");
    let session = street.agent_reads("my order is 12").await;
    let reply = Reply::new("Hello, Ada", "Anna");
    street.desk.reply(session.ticket, reply).await.expect("the house hears");
    sees(&ada, "**Anna:** Hello, Ada").await;
    let said = ada.transcript().bot_texts().len();
    ada.says(question);
    street.agent_reads(question).await;
    assert_eq!(ada.transcript().bot_texts().len(), said, "the bot is silent");
    ada.says("/end");
    sees(&ada, "over").await;
    ada.says("delivery?");
    sees(&ada, "two to three days").await;
    street.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plain_bot_hands_over_and_takes_back() {
    let street = Street::open(Kind::Plain).await.expect("the street opens");
    hands_over_and_takes_back(street, "what are your hours?", "human").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_poise_bot_hands_over_and_takes_back() {
    let street = Street::open(Kind::Poise).await.expect("the street opens");
    hands_over_and_takes_back(street, "!hours", "!agent").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_poise_bot_says_nothing_of_its_errors() {
    let street = Street::open(Kind::Poise).await.expect("the street opens");
    let ada = street.fake.user("ada").dm();
    let refusal = Fault::Refusal {
        status: 400,
        code: 50035,
        message: "Invalid Form Body".to_owned(),
    };
    street.fake.fault(On::create_message(), Plan::Next(1, refusal));
    ada.says("!hours");
    ada.says("delivery?");
    sees(&ada, "two to three days").await;
    assert_eq!(ada.transcript().bot_texts().len(), 1);
    street.close().await;
}
