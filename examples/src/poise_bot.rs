//! The same bot made with poise: prefix commands, and whatever else is said. poise's framework is wrapped as it is.

use anyhow::{Context as _, Result, bail};
use escalator::{
    channel::{EscalationChannel, SayError},
    model::Escalation,
};
use escalator_discord::{Bot, Discord, INTENTS};
use poise::serenity_prelude::{self as serenity, FullEvent};

use crate::{discord_bot, faq, held::while_held, settings::Settings, stop};

type Context<'a> = poise::Context<'a, Discord, anyhow::Error>;

/// Runs the bot with the settings of the environment, until it is told to stop.
///
/// # Errors
/// The setting that is missing or wrong, or what refused us at the start.
pub async fn run(settings: &Settings) -> Result<()> {
    settings.start_logs("info")?;
    let stop = stop::listen()?;
    let house = settings.house(settings.omnidesk()?, "sqlite:escalator.db")?;
    let Some(started) = stop.run_until_cancelled(discord_bot::start(settings, house)).await else {
        return Ok(());
    };
    let (bot, discord, running) = started?;
    let connect = |enough| async { discord_bot::listen_until(client(&bot, &discord).await?, enough).await };
    let ended = while_held(&running, "discord", &stop, connect).await;
    running.shutdown().await;
    ended
}

/// The bot's client, with us in front of poise's framework.
///
/// # Errors
/// serenity's own.
pub async fn client(bot: &Bot, discord: &Discord) -> Result<serenity::Client> {
    let data = discord.clone();
    let framework = poise::Framework::builder()
        .options(poise::FrameworkOptions {
            commands: vec![hours(), agent()],
            prefix_options: poise::PrefixFrameworkOptions {
                prefix: Some("!".into()),
                ..poise::PrefixFrameworkOptions::default()
            },
            on_error: |error| Box::pin(async move { log(&error) }),
            event_handler: |framework, event| Box::pin(answer(framework, event)),
            ..poise::FrameworkOptions::default()
        })
        .setup(move |_ctx, _ready, _framework| Box::pin(async move { Ok(data) }))
        .build();
    let client = bot.client(INTENTS).framework(discord.wrap(framework));
    client.await.context("the Discord client could not be made")
}

/// When we are open.
#[poise::command(prefix_command)]
async fn hours(ctx: Context<'_>) -> Result<()> {
    if let Some(turn) = turn(ctx).await {
        let answer = faq::answer("hours");
        let send = ctx.channel_id().say(ctx, &answer);
        return said(&turn.say(faq::spoken(&answer), send).await);
    }
    Ok(())
}

/// Hands over to a human.
#[poise::command(prefix_command)]
async fn agent(ctx: Context<'_>) -> Result<()> {
    if let Some(turn) = turn(ctx).await {
        let because = Escalation::because("the customer asked for a human");
        ctx.data().escalate(turn, because).await?;
    }
    Ok(())
}

async fn turn(ctx: Context<'_>) -> Option<escalator::channel::Turn> {
    let discord = ctx.data();
    match ctx {
        Context::Prefix(ctx) => discord.turn(ctx.msg).await,
        Context::Application(of) => {
            let interaction = of.interaction;
            discord
                .turn_at(
                    interaction.guild_id,
                    interaction.channel_id,
                    &interaction.user,
                    interaction.id.get(),
                )
                .await
        }
    }
}

/// What is no command.
async fn answer(framework: poise::FrameworkContext<'_, Discord, anyhow::Error>, event: &FullEvent) -> Result<()> {
    let FullEvent::Message { new_message } = event else {
        return Ok(());
    };
    if new_message.content.starts_with('!') {
        return Ok(());
    }
    if let Some(turn) = framework.user_data.turn(new_message).await {
        let answer = faq::answer(&new_message.content);
        let send = new_message.channel_id.say(framework.serenity_context, &answer);
        return said(&turn.say(faq::spoken(&answer), send).await);
    }
    Ok(())
}

/// A human who has taken over meanwhile is no error.
fn said(reply: &Result<serenity::Message, SayError<serenity::Error>>) -> Result<()> {
    match reply {
        Ok(_) | Err(SayError::TakenOver(_)) => Ok(()),
        Err(SayError::Send(_)) => bail!("an answer did not go out"),
    }
}

/// poise's own way is to say the error in the channel, where a human may be at work.
fn log(error: &poise::FrameworkError<'_, Discord, anyhow::Error>) {
    match error {
        poise::FrameworkError::Command { error, .. } | poise::FrameworkError::EventHandler { error, .. } => {
            tracing::warn!(%error, "the bot could not answer");
        }
        // Their texts hold what the customer wrote.
        _ => tracing::debug!("a command was not carried out"),
    }
}
