//! A fake Discord, a bot with an author's handler, and what stands behind the channel.

use std::{sync::Arc, time::Duration};

use escalator::{
    channel::{ChatDelivery, EscalationChannel, Ingress},
    delivery::{ChatPayload, DeliveryId, Lane, Outcome},
    model::{Address, ConversationId, ConversationKey, Escalation},
};
use escalator_discord::{Bot, Discord, Handler, INTENTS, Settings, TurnExt};
use escalator_testkit::discord::{Customer, FakeDiscord};
use serenity::{
    async_trait,
    client::{Context, EventHandler},
    gateway::ShardManager,
    model::{
        application::Interaction,
        channel::{Message, Reaction},
    },
};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::desk_of_one::House;

/// The time within which anything that is waited for must happen: serenity waits 5 seconds between two sessions.
pub(crate) const SOON: Duration = Duration::from_secs(40);

/// A bot at work.
pub(crate) struct Rig {
    pub(crate) fake: FakeDiscord,
    pub(crate) house: Arc<House>,
    pub(crate) discord: Discord,
    pub(crate) heard: Heard,
    pub(crate) client: Client,
}

/// A serenity client that runs.
pub(crate) struct Client {
    fake: FakeDiscord,
    pub(crate) shards: Arc<ShardManager>,
    pub(crate) running: JoinHandle<serenity::Result<()>>,
}

/// What reached the bot's handler.
#[derive(Clone, Default)]
pub(crate) struct Heard {
    said: Arc<watch::Sender<Vec<String>>>,
    /// What ends the bot's thinking about "think".
    pub(crate) thought: Arc<Notify>,
}

/// The bot: it answers what it hears, and hands over when it is asked to.
pub(crate) struct Answers {
    pub(crate) discord: Discord,
    pub(crate) heard: Heard,
}

#[async_trait]
impl EventHandler for Answers {
    async fn message(&self, ctx: Context, message: Message) {
        if message.author.bot {
            return;
        }
        self.heard.add(&message.content);
        let Some(turn) = self.discord.turn(&message).await else {
            return;
        };
        if message.content == "think" {
            self.heard.thought.notified().await;
        }
        if message.content == "/human" {
            let asked = self
                .discord
                .escalate(turn, Escalation::because("asked for a human"))
                .await;
            asked.expect("the ledger is there");
        } else {
            let line = format!("Bot: {}", message.content);
            // It is refused when a human has taken over meanwhile.
            drop(turn.reply(&ctx.http, message.channel_id, line).await);
        }
    }

    async fn reaction_add(&self, _ctx: Context, reaction: Reaction) {
        self.heard.add(&format!("{} was put", reaction.emoji));
    }

    /// A command of the bot's own hands over too.
    async fn interaction_create(&self, _ctx: Context, interaction: Interaction) {
        let of = match interaction {
            Interaction::Command(of) => of,
            Interaction::Component(of) => return self.heard.add(&of.data.custom_id),
            _ => return,
        };
        let turn = self
            .discord
            .turn_at(of.guild_id, of.channel_id, &of.user, of.id.get())
            .await;
        let Some(turn) = turn else { return };
        let asked = self
            .discord
            .escalate(turn, Escalation::because(of.data.name.as_str()))
            .await;
        asked.expect("the ledger is there");
    }
}

impl Heard {
    fn add(&self, said: &str) {
        self.said.send_modify(|all| all.push(said.to_owned()));
    }

    /// Waits until something has reached the handler.
    pub(crate) async fn hears(&self, said: &str) {
        let mut all = self.said.subscribe();
        let reached = all.wait_for(|all| all.iter().any(|heard| heard == said));
        let reached = tokio::time::timeout(SOON, reached).await.expect("it is heard in time");
        reached.expect("the bot stands as long as the test");
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.said.borrow().clone()
    }
}

impl Client {
    /// Starts a bot that is wrapped, and waits until Discord has it.
    pub(crate) async fn start(fake: &FakeDiscord, discord: &Discord, heard: &Heard) -> Self {
        let mut client = Self::connect(fake, discord, heard).await;
        tokio::select! {
            connected = fake.wait_connected(SOON) => connected.expect("it connects"),
            ended = &mut client.running => panic!("the client ended: {ended:?}"),
        }
        client
    }

    pub(crate) async fn connect(fake: &FakeDiscord, discord: &Discord, heard: &Heard) -> Self {
        let answers = Answers {
            discord: discord.clone(),
            heard: heard.clone(),
        };
        let client = account(fake).client(INTENTS).framework(discord.wrap(Handler(answers)));
        let mut client = client.await.expect("it is built");
        let shards = Arc::clone(&client.shard_manager);
        let running = tokio::spawn(async move { client.start().await });
        Self {
            fake: fake.clone(),
            shards,
            running,
        }
    }

    /// Stops, and waits until Discord knows: else the next one could take this one's session for its own.
    pub(crate) async fn stop(self) {
        self.shards.shutdown_all().await;
        self.running.await.expect("it does not panic").expect("it ends well");
        let gone = self.fake.wait_until(SOON, |world| !world.connected()).await;
        gone.expect("the connection is closed");
    }
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::with(
            FakeDiscord::builder().start().await.expect("it starts"),
            Settings::default(),
        )
        .await
    }

    pub(crate) async fn with(fake: FakeDiscord, settings: Settings) -> Self {
        let house = House::new();
        let discord = channel(&fake, house.ingress(), settings);
        let heard = Heard::default();
        let client = Client::start(&fake, &discord, &heard).await;
        // The commands are made when it has caught up: with nothing, which must not meet what the test says.
        let at_rest = fake.wait_until(SOON, |world| world.commands(None).len() == 2);
        at_rest.await.expect("the commands are made");
        Self {
            fake,
            house,
            discord,
            heard,
            client,
        }
    }

    /// Delivers something, to see what comes of it.
    pub(crate) async fn deliver(&self, to: &ConversationKey, seq: u64, payload: &ChatPayload) -> Outcome {
        deliver(&self.discord, to, seq, None, payload).await
    }

    /// Has the channel do its own work, until the test ends.
    pub(crate) fn work(&self) {
        let discord = self.discord.clone();
        tokio::spawn(async move { discord.run(CancellationToken::new()).await });
    }

    /// The conversation of a customer where they are.
    pub(crate) fn conversation(&self, of: &Customer) -> ConversationKey {
        self.discord.conversation(of.channel().into(), of.user().into())
    }
}

pub(crate) async fn deliver(
    discord: &Discord,
    to: &ConversationKey,
    seq: u64,
    place: Option<&Address>,
    payload: &ChatPayload,
) -> Outcome {
    static LANE: std::sync::LazyLock<Lane> = std::sync::LazyLock::new(|| Lane::Chat(ConversationId::mint()));
    let delivery = ChatDelivery {
        id: DeliveryId { lane: *LANE, seq },
        to,
        place,
        payload,
        file: None,
        attempt: 1,
    };
    discord.deliver(delivery).await
}

pub(crate) fn account(fake: &FakeDiscord) -> Bot {
    let bot = Bot::new(fake.token(), Some(&fake.url())).expect("token and address are right");
    bot.with_pictures_at(&fake.url()).expect("the address is right")
}

pub(crate) fn channel(fake: &FakeDiscord, ingress: Ingress, mut settings: Settings) -> Discord {
    settings.offer_retry.first_wait = Duration::from_millis(5);
    settings.offer_retry.wait_max = Duration::from_millis(50);
    Discord::with_settings(&account(fake), ingress, settings)
}
