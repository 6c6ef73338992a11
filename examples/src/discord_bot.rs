//! A small FAQ bot for Discord that hands over to a human. What escalation adds to it stands in `serve` and in the first
//! lines of `Answers::message`; the rest is the bot's own.

use std::{pin::pin, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, anyhow, bail};
use escalator::{
    channel::{EscalationChannel, SayError},
    model::Escalation,
    runtime::{Builder, Running},
};
use escalator_discord::{Bot, Discord, Handler, INTENTS, explain};
use serenity::{
    async_trait,
    client::{Client, Context, EventHandler},
    model::channel::Message,
};
use tokio_util::sync::CancellationToken;

use crate::{faq, held::while_held, settings::Settings, stop, told};

/// How often a client that is just starting is told to stop: before its first shard stands it does not hear.
const TOLD_EVERY: Duration = Duration::from_millis(200);
/// How often it is told.
const TOLD_MAX: usize = 50;

/// Runs the bot with the settings of the environment, until it is told to stop.
///
/// # Errors
/// The setting that is missing or wrong, or what refused us at the start.
pub async fn run(settings: &Settings) -> Result<()> {
    settings.start_logs("info")?;
    let stop = stop::listen()?;
    let house = settings.house(settings.omnidesk()?, "sqlite:escalator.db")?;
    serve(settings, house, stop).await
}

/// Runs the bot in a house that is set up, until it is told to stop.
///
/// # Errors
/// What is wrong with the token, or refused us at the start.
pub async fn serve(settings: &Settings, house: Builder, stop: CancellationToken) -> Result<()> {
    let Some(started) = stop.run_until_cancelled(start(settings, house)).await else {
        return Ok(());
    };
    let (bot, discord, running) = started?;
    let connect = |enough| async { listen_until(client(&bot, &discord).await?, enough).await };
    let ended = while_held(&running, "discord", &stop, connect).await;
    running.shutdown().await;
    ended
}

/// What can be wrong on this machine is found before Discord is asked.
///
/// # Errors
/// The setting that is missing or wrong, or what refused us at the start.
pub async fn start(settings: &Settings, house: Builder) -> Result<(Bot, Discord, Running)> {
    let bot = settings.discord()?;
    let mut house = house.on_event(told::tell).open().await?;
    settings.check_discord(&bot).await?;
    let discord = Discord::new(&bot, house.ingress("discord"));
    house.connect(Arc::new(discord.clone()))?;
    Ok((bot, discord, house.start().await?))
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

/// Listens until there was enough, and stops the client then.
///
/// # Errors
/// What Discord refuses, in words.
pub async fn listen_until(client: Client, enough: CancellationToken) -> Result<()> {
    let shards = Arc::clone(&client.shard_manager);
    let mut listening = pin!(listen(client));
    tokio::select! {
        ended = &mut listening => return ended,
        () = enough.cancelled() => {}
    }
    for _ in 0..TOLD_MAX {
        shards.shutdown_all().await;
        if let Ok(ended) = tokio::time::timeout(TOLD_EVERY, &mut listening).await {
            return ended;
        }
    }
    bail!("the Discord client does not stop")
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
