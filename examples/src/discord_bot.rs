//! A small FAQ bot for Discord that hands over to a human. What escalation adds to it stands in `serve` and in the first
//! lines of `Answers::message`; the rest is the bot's own.

use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow};
use escalator::{
    channel::{EscalationChannel, SayError},
    model::Escalation,
    runtime::Builder,
};
use escalator_discord::{Bot, Discord, Handler, INTENTS, explain};
use serenity::{
    async_trait,
    client::{Client, Context, EventHandler},
    model::channel::Message,
};

use crate::{faq, settings::Settings, told};

/// Runs the bot with the settings of the environment, until it is told to stop.
///
/// # Errors
/// The setting that is missing or wrong, or what refused us at the start.
pub async fn run(settings: &Settings) -> Result<()> {
    settings.start_logs("info")?;
    let house = settings.house(settings.omnidesk()?, "sqlite:escalator.db")?;
    serve(settings, house).await
}

/// Runs the bot in a house that is set up.
///
/// # Errors
/// What is wrong with the token, or refused us at the start.
pub async fn serve(settings: &Settings, house: Builder) -> Result<()> {
    let bot = settings.discord().await?;
    let mut house = house.on_event(told::tell).open().await?;
    let discord = Discord::new(&bot, house.ingress("discord"));
    house.connect(Arc::new(discord.clone()))?;
    let running = house.start().await?;

    let client = client(&bot, &discord).await?;
    tokio::spawn(stop_on_ctrl_c(Arc::clone(&client.shard_manager)));
    let ended = listen(client).await;
    running.shutdown().await;
    ended
}

/// The bot's client, with us in front of its handler.
///
/// # Errors
/// serenity's own.
pub async fn client(bot: &Bot, discord: &Discord) -> Result<Client> {
    let answers = Answers {
        discord: discord.clone(),
    };
    let client = bot.client(INTENTS).framework(discord.wrap(Handler(answers)));
    client.await.context("the Discord client could not be made")
}

/// Listens until the client is told to stop.
///
/// # Errors
/// What Discord refuses, in words.
pub async fn listen(mut client: Client) -> Result<()> {
    match client.start().await {
        Ok(()) => Ok(()),
        Err(failed) => Err(match explain(&failed) {
            Some(told) => anyhow!("DISCORD_TOKEN: {told}"),
            // What serenity says beyond that can hold addresses with tokens.
            None => anyhow!("the connection to Discord ended"),
        }),
    }
}

async fn stop_on_ctrl_c(shards: Arc<serenity::gateway::ShardManager>) {
    if tokio::signal::ctrl_c().await.is_ok() {
        shards.shutdown_all().await;
    }
}

/// The bot's handler.
struct Answers {
    discord: Discord,
}

#[async_trait]
impl EventHandler for Answers {
    async fn message(&self, ctx: Context, message: Message) {
        let Some(turn) = self.discord.turn(&message).await else {
            return;
        };
        let mut answer = faq::answer(&message.content);
        if faq::wants_human(&message.content) {
            let because = Escalation::because("the customer asked for a human");
            match self.discord.escalate(turn.clone(), because).await {
                Ok(_) => return,
                Err(error) => {
                    tracing::error!(%error, "a customer asked for a human in vain");
                    faq::NO_HUMAN.clone_into(&mut answer);
                }
            }
        }
        let send = message.channel_id.say(&ctx.http, &answer);
        match turn.say(faq::spoken(&answer), send).await {
            Ok(_) | Err(SayError::TakenOver(_)) => {}
            Err(SayError::Send(_)) => tracing::warn!(channel = %message.channel_id, "an answer did not go out"),
        }
    }
}
