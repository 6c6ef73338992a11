//! The example Discord bot in a process of its own, between a fake Discord and the desk: the main story in direct
//! messages and in a guild's thread.

use escalator_house::{shown::said, story::PNG, town::PATIENCE};
use escalator_testkit::{
    desk::{Party, Upload},
    discord::{Content, Gateway, Message, Seen, World},
};

use crate::{
    guest::{ENDED, Guest, TEXT, Talk, WITH_YOU, bot_lines, town},
    square::discord_does_not_complain,
    street::exact,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_told_in_direct_messages() {
    let town = town().await;
    let _bot = town.start_discord_bot().await.expect("the bot starts");
    tell(&Guest::in_direct_messages(&town, "Ada")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_told_in_a_thread_of_a_guild() {
    let town = town().await;
    let _bot = town.start_discord_bot().await.expect("the bot starts");
    tell(&Guest::in_guild(&town, "Ada")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_name_is_shown_once_a_turn_and_through_a_webhook_always() {
    let town = town().await;
    let _bot = town.start_discord_bot().await.expect("the bot starts");
    let direct = Guest::in_direct_messages(&town, "Ada");
    let direct = speaks_in_turns(&direct).await;
    assert_eq!(direct, ["Anna: Hi", "I am looking", "Anna: Found it"]);
    let thread = Guest::in_guild(&town, "Eve");
    let thread = speaks_in_turns(&thread).await;
    assert_eq!(thread, ["Anna: Hi", "Anna: I am looking", "Anna: Found it"]);
}

/// Two turns of an agent, with the customer's word between them, as they are shown.
async fn speaks_in_turns(guest: &Guest<'_>) -> Vec<String> {
    let talk = guest.escalates().await;
    talk.agent_says("Hi").await;
    talk.agent_says("I am looking").await;
    talk.there.says("thanks");
    talk.desk_reads("thanks").await;
    talk.agent_says("Found it").await;
    talk.customer_sees("Found it").await;
    let mut shown = bot_lines(&talk.there);
    shown.retain(|line| ["Hi", "I am looking", "Found it"].contains(&said(line)));
    shown
}

async fn tell(guest: &Guest<'_>) {
    guest.home.says("hello");
    let answered = guest
        .home
        .sees(PATIENCE, |message| message.content.starts_with("Bot: Hello!"));
    answered.await.expect("the bot answers");

    let talk = guest.escalates().await;
    history_is_there(&talk);
    agent_takes_it(&talk).await;
    words_both_ways(&talk).await;
    files_both_ways(&talk).await;
    the_gateway_drops(&talk).await;
    talk.there.says("/end");
    talk.desk_has(|session| session.ended_by == Some(Party::Customer)).await;
    talk.customer_sees(ENDED).await;
    talk.asks_bot("your hours?", "Bot: We are open").await;

    let second = guest.escalates().await;
    assert_ne!(second.session.id, talk.session.id, "a session's id is never used again");
    second.agent_says("Back again?").await;
    second.customer_sees("Back again?").await;
    exact(guest.town.desk.end(&second.session).await);
    let ends = |world: &World| {
        let said = world.transcript(talk.there.channel()).map(|chat| chat.bot_texts());
        said.into_iter().flatten().filter(|text| *text == ENDED).count()
    };
    let over = guest.town.discord.wait_until(PATIENCE, |world| ends(world) == 2).await;
    over.expect("the customer is told");
    second.asks_bot("do you deliver?", "Bot: Delivery").await;

    each_side_has_it_once_and_in_order(&talk, &second);
    assert_eq!(guest.town.desk.violations(), []);
    discord_does_not_complain(&guest.town.discord);
}

fn history_is_there(talk: &Talk<'_>) {
    let opener = talk.session.texts(Party::Customer)[0];
    for part in [
        "Platform: Discord",
        "Name: Ada",
        "Reason: ",
        "Customer: hello",
        "Hello! Ask me",
    ] {
        assert!(opener.contains(part), "the first message lacks {part:?}: {opener}");
    }
}

async fn agent_takes_it(talk: &Talk<'_>) {
    let town = talk.guest.town;
    exact(town.desk.typing(&talk.session, true).await);
    let types = |world: &World| {
        let said = world.transcript(talk.there.channel());
        said.is_some_and(|said| !said.typing().is_empty())
    };
    town.discord.wait_until(PATIENCE, types).await.expect("typing is shown");
    talk.customer_sees_one(|text| text.contains(WITH_YOU), WITH_YOU).await;
    talk.agent_says("Hi Ada, how can I help?").await;
    talk.customer_sees("Hi Ada, how can I help?").await;
    talk.there.types().expect("they are there");
    talk.desk_has(|session| session.customer_typing).await;
}

async fn words_both_ways(talk: &Talk<'_>) {
    let said = talk.there.says("my order is 11");
    talk.desk_reads("my order is 11").await;
    talk.there.edits(said, "my order is 12").expect("it is there");
    talk.desk_reads("Edited: my order is 12 (before: “my order is 11”)")
        .await;
    // A word that the bot knows; and where they asked they are with the agent too.
    talk.there.says("hours");
    talk.guest.home.says("is anybody here?");
    talk.desk_reads("is anybody here?").await;
    talk.agent_says("Thank you.\nOne moment, please").await;
    talk.customer_sees("Thank you.\nOne moment, please").await;
}

async fn files_both_ways(talk: &Talk<'_>) {
    let picture = Content::text("the box").with_file("box.png", "image/png", PNG);
    talk.there.sends(picture);
    talk.there.sends(Content::file("invoice.txt", "text/plain", TEXT));
    talk.desk_has(|session| session.files(Party::Customer).len() == 2).await;
    let session = talk.guest.town.desk.session(&talk.session).expect("a ticket stays");
    let files = session.files(Party::Customer);
    let files: Vec<_> = files.iter().map(|file| (file.name.as_str(), &file.bytes[..])).collect();
    assert_eq!(files, [("box.png", PNG), ("invoice.txt", TEXT)]);

    talk.agent_sends(Upload::new("label.txt", "text/plain", TEXT)).await;
    talk.agent_sends(Upload::new("map.png", "image/png", PNG)).await;
    for (name, bytes) in [("label.txt", TEXT), ("map.png", PNG)] {
        let is_it = |message: &Message| {
            message
                .files
                .iter()
                .any(|file| file.name == name && file.bytes == bytes)
        };
        talk.there
            .sees(PATIENCE, is_it)
            .await
            .expect("the file is shown, whole");
    }
}

/// Twice the connection is lost: once the session is taken up again, once what was missed has to be fetched.
async fn the_gateway_drops(talk: &Talk<'_>) {
    let gateway = talk.guest.town.discord.gateway();
    gateway.drop_connections();
    both_write_on(talk, "while it resumes").await;
    came_back(&gateway, |seen| matches!(seen, Seen::Resumed { .. }));

    gateway.refuse_resumes(true);
    gateway.drop_connections();
    both_write_on(talk, "while it is gone").await;
    came_back(&gateway, |seen| matches!(seen, Seen::ResumeRefused));
    gateway.refuse_resumes(false);
    let fetched = talk.guest.town.discord.calls_of("GET", "/channels/*/messages");
    assert!(!fetched.is_empty(), "what was missed is fetched");
}

async fn both_write_on(talk: &Talk<'_>, when: &str) {
    let [first, second] = ["first", "second"].map(|which| format!("{which} {when}"));
    talk.there.says(&first);
    talk.guest.home.says(&second);
    talk.agent_says(&format!("here {when}")).await;
    talk.customer_sees(&format!("here {when}")).await;
    talk.desk_reads(&second).await;
}

fn came_back(gateway: &Gateway, how: impl Fn(&Seen) -> bool) {
    assert!(gateway.seen().iter().any(how), "{:?}", gateway.seen());
}

fn each_side_has_it_once_and_in_order(first: &Talk<'_>, second: &Talk<'_>) {
    let lines = [
        "my order is 11",
        "Edited: my order is 12 (before: “my order is 11”)",
        "hours",
        "is anybody here?",
        "the box",
        "box.png",
        "invoice.txt",
        "first while it resumes",
        "second while it resumes",
        "first while it is gone",
        "second while it is gone",
    ];
    assert_eq!(first.at_desk(), lines);
    assert_eq!(second.at_desk(), [""; 0]);

    let said = [
        "An agent is with you now.",
        "Hi Ada, how can I help?",
        "Thank you.\nOne moment, please",
        "label.txt",
        "map.png",
        "here while it resumes",
        "here while it is gone",
        ENDED,
        "Bot: We are open on weekdays from 9 to 17.",
        "Anna is with you now.",
        "Back again?",
        ENDED,
        "Bot: Delivery takes two to three days.",
    ];
    // These come when the desk has answered, which the agent may be ahead of.
    let is_loose =
        |text: &str| text.starts_with("Welkom!") || text.starts_with("Please provide") || text == "File uploaded.";
    let mut shown = first.in_chat();
    shown.retain(|text| !is_loose(text));
    let greetings = bot_lines(&first.guest.home);
    assert!(greetings[0].starts_with("Bot: Hello!"), "{greetings:?}");
    if first.guest.guild.is_some() {
        assert_eq!(
            greetings.len(),
            1,
            "where they asked nothing else is said: {greetings:?}"
        );
    } else {
        shown.remove(0);
    }
    assert_eq!(shown, said);
}
