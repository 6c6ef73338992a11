//! The main story, told through the two stand-ins alone: history, words and files both ways, typing, an edit, an end
//! from each side, and a bot that is silent meanwhile and answers again afterwards.

use std::io::Write;

use anyhow::{Context, Result, ensure};
use escalator_testkit::{
    desk::{HookAnswer, HookError, Party, Reply, Session, SessionStatus, Upload},
    telegram::{Chat, FileKind, Media, Message},
};

use crate::town::{PATIENCE, Town};

/// Tells the story in a town whose bot runs.
///
/// # Errors
/// The first step that did not happen.
pub async fn tell(town: &Town) -> Result<()> {
    let chat = town
        .telegram
        .user("Ada")
        .last_name("Lovelace")
        .username("ada")
        .language("en")
        .private_chat();
    chat.says("hello");
    bot_answers(&chat, "Bot: Hello!").await?;

    let session = escalate(town, &chat, 0).await.context("the first session")?;
    history_is_there(&session)?;
    agent_takes_it(town, &chat, &session)
        .await
        .context("the agent's first signs")?;
    words_both_ways(town, &chat, &session).await.context("words")?;
    files_both_ways(town, &chat, &session).await.context("files")?;
    customer_ends(town, &chat, &session)
        .await
        .context("the customer's end")?;

    let second = escalate(town, &chat, 1).await.context("the second session")?;
    ensure!(second.id != session.id, "a session's id was used again");
    exact(town.desk.reply(&second, Reply::new("Back again?", "Anna")).await)?;
    chat.sees_text(PATIENCE, "Anna: Back again?").await?;
    exact(town.desk.end(&second).await).context("the agent's end")?;
    told_of_ends(town, &chat, 2).await?;
    chat.says("do you deliver?");
    bot_answers(&chat, "Bot: Delivery").await?;

    bot_was_silent(&chat)?;
    nobody_complains(town)
}

async fn bot_answers(chat: &Chat, start: &str) -> Result<()> {
    chat.sees(PATIENCE, |message| words(message).starts_with(start))
        .await
        .with_context(|| format!("\"{start}…\""))?;
    Ok(())
}

async fn escalate(town: &Town, chat: &Chat, before: usize) -> Result<Session> {
    chat.says("/human");
    let opened = town
        .desk
        .wait_for(PATIENCE, |desk| desk.sessions().nth(before).cloned())
        .await;
    opened.context("no session reached the desk")
}

fn history_is_there(session: &Session) -> Result<()> {
    let opener = session
        .texts(Party::Customer)
        .first()
        .copied()
        .unwrap_or_default()
        .to_owned();
    for part in [
        "Platform: Telegram",
        "Name: Ada Lovelace (@ada)",
        "Language: en",
        "Reason: ",
        "Customer: hello",
        "Bot: Hello!",
    ] {
        ensure!(opener.contains(part), "the first message lacks \"{part}\": {opener}");
    }
    ensure!(
        session.customer.get("customerName").map(String::as_str) == Some("Ada Lovelace"),
        "customerName"
    );
    Ok(())
}

async fn agent_takes_it(town: &Town, chat: &Chat, session: &Session) -> Result<()> {
    exact(town.desk.typing(session, true).await)?;
    let typing = |world: &escalator_testkit::telegram::World| {
        world
            .chat(chat.id())
            .is_some_and(|chat| chat.actions().iter().any(|action| action.action == "typing"))
    };
    town.telegram
        .wait_until(PATIENCE, typing)
        .await
        .context("typing is not shown")?;
    chat.sees(PATIENCE, |message| words(message).contains("is with you now"))
        .await
        .context("connected")?;
    exact(
        town.desk
            .reply(session, Reply::new("Hi Ada, how can I help?", "Anna"))
            .await,
    )?;
    chat.sees_text(PATIENCE, "Anna: Hi Ada, how can I help?").await?;
    Ok(())
}

async fn words_both_ways(town: &Town, chat: &Chat, session: &Session) -> Result<()> {
    let said = chat.says("my order is 11");
    desk_reads(town, session, "my order is 11").await?;
    let message = said.message_id.context("a message has an id")?;
    chat.edits(message, "my order is 12")?;
    desk_reads(town, session, "Edited: my order is 12 (before: “my order is 11”)").await?;
    // A word that the bot knows, and a command: both are the agent's now.
    chat.says("hours");
    chat.says("/start");
    desk_reads(town, session, "hours").await?;
    desk_reads(town, session, "/start").await?;
    exact(
        town.desk
            .reply(session, Reply::new("Thank you.\nOne moment <please> & wait", "Anna"))
            .await,
    )?;
    chat.sees_text(PATIENCE, "Anna: Thank you.\nOne moment <please> & wait")
        .await?;
    Ok(())
}

async fn files_both_ways(town: &Town, chat: &Chat, session: &Session) -> Result<()> {
    chat.sends(Media::photo(PNG).caption("the box"));
    desk_reads(town, session, "the box").await?;
    chat.sends(Media::document("invoice.pdf", PDF).mime("application/pdf"));
    chat.sends(Media::new(FileKind::Voice, OGG));
    let arrived = town.desk.wait_for(PATIENCE, |desk| {
        let files = desk.session(session)?.files(Party::Customer);
        (files.len() == 3).then(|| files.into_iter().cloned().collect::<Vec<_>>())
    });
    let files = arrived.await.context("three files of the customer")?;
    ensure!(files[0].bytes == PNG, "the photo's bytes");
    ensure!(
        files[1].name == "invoice.pdf" && files[1].bytes == PDF,
        "the document {:?}",
        files[1].name
    );
    ensure!(files[2].bytes == OGG, "the voice message's bytes");

    exact(
        town.desk
            .send_file(session, Upload::new("label.pdf", "application/pdf", PDF))
            .await,
    )?;
    exact(
        town.desk
            .send_file(session, Upload::new("map.png", "image/png", PNG))
            .await,
    )?;
    let seen = |bytes: &'static [u8]| {
        chat.sees(PATIENCE, move |message| {
            message.file.as_ref().is_some_and(|file| file.bytes == bytes)
        })
    };
    let label = seen(PDF).await.context("the agent's document")?;
    let name = label.file.as_ref().and_then(|file| file.name.clone());
    // A hook in JSON or urlencoded carries the name beside the bytes; multipart carries it in the part.
    ensure!(
        name.as_deref() == Some("label.pdf"),
        "the agent's document is called {name:?}"
    );
    seen(PNG).await.context("the agent's picture")?;
    Ok(())
}

async fn customer_ends(town: &Town, chat: &Chat, session: &Session) -> Result<()> {
    chat.says("/end");
    let ended = town.desk.wait_until(PATIENCE, |desk| {
        desk.session(session)
            .is_some_and(|session| session.status == SessionStatus::Ended)
    });
    ended.await.context("the desk was not told")?;
    told_of_ends(town, chat, 1).await?;
    chat.says("your hours?");
    bot_answers(chat, "Bot: We are open").await
}

/// The notice of an end goes through the outbox, so the bot's next answer could overtake it: it is waited for.
async fn told_of_ends(town: &Town, chat: &Chat, ends: usize) -> Result<()> {
    let told = town.telegram.wait_until(PATIENCE, |world| {
        let texts = world
            .chat(chat.id())
            .map(|chat| chat.from_bot().filter(|m| words(m).contains("is over")).count());
        texts == Some(ends)
    });
    told.await.context("the customer is not told of the end")
}

async fn desk_reads(town: &Town, session: &Session, text: &str) -> Result<()> {
    let read = town.desk.wait_until(PATIENCE, |desk| {
        desk.session(session)
            .is_some_and(|session| session.texts(Party::Customer).contains(&text))
    });
    read.await.with_context(|| format!("\"{text}\" did not reach the desk"))
}

/// Between a takeover and the end that follows it, no line of the bot.
fn bot_was_silent(chat: &Chat) -> Result<()> {
    let transcript = chat.transcript();
    let mut human = false;
    for message in transcript.from_bot() {
        let text = words(message);
        human = (human || text.contains("is with you now")) && !text.contains("is over");
        ensure!(
            !(human && text.starts_with("Bot:")),
            "the bot spoke while a human had the conversation: {text}"
        );
    }
    Ok(())
}

fn nobody_complains(town: &Town) -> Result<()> {
    ensure!(
        town.desk.violations().is_empty(),
        "the desk complains: {:?}",
        town.desk.violations()
    );
    if town.telegram.spec_checked() {
        ensure!(
            town.telegram.violations().is_empty(),
            "Telegram complains: {:?}",
            town.telegram.violations()
        );
    } else {
        // What a test prints is shown only when it fails, unless it goes past the macros.
        let why = "skipped: the requests to Telegram were not checked against its specification, which is not here";
        writeln!(std::io::stderr(), "{why}")?;
    }
    Ok(())
}

/// A hook that was answered to the byte.
fn exact(answer: Result<HookAnswer, HookError>) -> Result<()> {
    let answer = answer?;
    ensure!(
        answer.exact,
        "the hook was answered {:?} {:?} {:?}",
        answer.status,
        answer.body,
        answer.error
    );
    Ok(())
}

fn words(message: &Message) -> &str {
    message
        .text
        .as_deref()
        .or(message.caption.as_deref())
        .unwrap_or_default()
}

/// A whole picture of one pixel.
pub const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1, 8,
    6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0a, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63, 0, 1, 0, 0, 5, 0, 1,
    0x0d, 0x0a, 0x2d, 0xb4, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];
const PDF: &[u8] = b"%PDF-1.4\n%no pages, but a head and a tail\n%%EOF\n";
const OGG: &[u8] = b"OggS\0\x02\0\0\0\0\0\0\0\0OpusHead";
