//! Whole stories: Discord, the house, the desk, and back; asserted on what each server received.

use std::time::Duration;

use escalator::model::CustomerEvent;
use escalator_discord::{AgentAuthor, History, Place, Settings};
use escalator_testkit::{
    desk::{Party, Reply, Session, SessionStatus, Upload},
    discord::{Content, Customer, FakeDiscord, Fault, On, Permission, Plan, World},
};
use serenity::builder::CreateCommand;

use super::{
    desk_of_one::State,
    rig::{Client, Heard, Rig, SOON, account},
    shop::Shop,
};

fn reply(words: &str) -> Reply {
    let mut reply = Reply::new(words, "Anna");
    reply.picture.push_str("https://desk.example/anna.png");
    reply
}

/// Says nothing that the bot answers, and waits until a line of the bot's is there.
async fn sees(customer: &Customer, text: &str) {
    customer.sees_text(SOON, text).await.expect("it is shown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_direct_message_goes_to_an_agent_and_back() {
    let shop = Shop::build().await;
    let open = shop.open(Settings::default()).await;
    let ada = shop.fake.user("ada").global_name("Ada").dm();
    ada.says("what are your hours?");
    sees(&ada, "Bot: what are your hours?").await;
    ada.says("/human");
    ada.says("my order is 12");
    let session = shop.agent_reads("my order is 12").await;
    let opener = session.texts(Party::Customer)[0].to_owned();
    assert!(
        opener.contains("what are your hours?") && opener.contains("Discord"),
        "{opener}"
    );

    shop.desk.typing(session.ticket, true).await.expect("the house hears");
    let typed = |world: &World| {
        let said = world.transcript(ada.channel());
        said.is_some_and(|said| !said.typing().is_empty())
    };
    shop.fake.wait_until(SOON, typed).await.expect("the agent types");
    ada.types().expect("ada is there");
    shop.session(|session| session.customer_typing).await;
    shop.desk
        .reply(session.ticket, reply("2*3 @everyone"))
        .await
        .expect("the house hears");
    let said = ada
        .sees(SOON, |message| message.content.ends_with("@everyone"))
        .await
        .expect("it is shown");
    assert_eq!(said.content, r"**Anna:** 2\*3 @everyone");
    assert!(!said.pings.everyone);
    assert!(said.nonce.as_ref().is_some_and(|nonce| nonce.chars().count() == 25));

    ada.sends(Content::text("look").with_file("cat.png", "image/png", b"\x89PNG\r\n\x1a\ncat".as_slice()));
    let session = shop.session(|session| !session.files(Party::Customer).is_empty()).await;
    assert_eq!(session.files(Party::Customer)[0].name, "cat.png");
    let file = Upload::new("map.png", "image/png", b"\x89PNG\r\n\x1a\nmap".as_slice());
    shop.desk
        .send_file(session.ticket, file)
        .await
        .expect("the house hears");
    let sent = ada
        .sees(SOON, |message| !message.files.is_empty() && message.author.bot)
        .await
        .expect("it is shown");
    assert_eq!(sent.files[0].name, "map.png");

    shop.desk.end(session.ticket).await.expect("the house hears");
    let over = shop.session(|session| session.status == SessionStatus::Ended).await;
    assert_eq!(over.ended_by, Some(Party::Agent));
    ada.says("hello again");
    sees(&ada, "Bot: hello again").await;
    assert_eq!(open.heard.all(), ["what are your hours?", "/human", "hello again"]);
    assert_eq!(shop.fake.violations(), []);
    open.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_of_a_guild_talks_to_the_agent_in_a_private_thread() {
    let shop = Shop::build().await;
    let open = shop.open(Settings::default()).await;
    let help = shop.fake.guild("Shop").channel("help");
    let user = shop.fake.user("ada").global_name("Ada").create();
    let ada = user.at(&help);
    let bob = shop.fake.user("bob").create().at(&help);
    ada.says("/human");
    let session = shop.agent_reads("/human").await;
    shop.desk
        .reply(session.ticket, reply("Hello, Ada"))
        .await
        .expect("the house hears");
    let found = shop
        .fake
        .wait_for(SOON, |world| world.threads(help.id()).next().map(|thread| thread.id));
    let thread = found.await.expect("it is opened");
    let there = user.in_channel(thread);
    let said = there
        .sees(SOON, |message| message.content == "Hello, Ada")
        .await
        .expect("it is shown");
    assert_eq!(said.author.name, "Anna");
    assert_eq!(said.author.avatar_url.as_deref(), Some("https://desk.example/anna.png"));
    assert!(said.author.webhook.is_some());

    let file = Upload::new("map.png", "image/png", b"\x89PNG\r\n\x1a\nmap".as_slice());
    shop.desk
        .send_file(session.ticket, file)
        .await
        .expect("the house hears");
    let sent = there
        .sees(SOON, |message| !message.files.is_empty())
        .await
        .expect("it is shown");
    assert_eq!(
        (sent.author.name.as_str(), sent.files[0].name.as_str()),
        ("Anna", "map.png")
    );

    shop.fake.gateway().drop_connections();
    let file = Upload::new("map.png", "image/png", b"\x89PNG\r\n\x1a\nmap".as_slice());
    shop.desk
        .send_file(session.ticket, file)
        .await
        .expect("the house hears");
    let sent = there
        .sees(SOON, |message| !message.files.is_empty())
        .await
        .expect("it is shown");
    assert_eq!(
        (sent.author.name.as_str(), sent.files[0].name.as_str()),
        ("Anna", "map.png")
    );

    shop.fake.gateway().drop_connections();
    there.says("in the thread");
    ada.says("in the channel");
    bob.says("somebody else");
    sees(&bob, "Bot: somebody else").await;
    let session = shop.agent_reads("in the channel").await;
    let texts = session.texts(Party::Customer);
    assert_eq!(texts[texts.len() - 2..], ["in the thread", "in the channel"]);

    there.says("/end");
    let over = shop.session(|session| session.status == SessionStatus::Ended).await;
    assert_eq!(over.ended_by, Some(Party::Customer));
    there.says("hello again");
    sees(&there, "Bot: hello again").await;

    // A second time it is the same thread.
    ada.says("/human");
    let again = shop.session(|session| session.status == SessionStatus::Waiting).await;
    shop.desk
        .reply(again.ticket, reply("Me again"))
        .await
        .expect("the house hears");
    sees(&there, "Me again").await;
    assert_eq!(shop.fake.threads(help.id()).len(), 1);
    assert_eq!(shop.fake.violations(), []);
    open.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_mid_conversation_loses_and_doubles_nothing() {
    let shop = Shop::build().await;
    let help = shop.fake.guild("Shop").channel("help");
    let user = shop.fake.user("ada").create();
    let ada = user.at(&help);
    let open = shop.open(Settings::default()).await;
    ada.says("/human");
    ada.says("one");
    let session = shop.agent_reads("one").await;
    shop.desk
        .reply(session.ticket, reply("Hello"))
        .await
        .expect("the house hears");
    let found = shop
        .fake
        .wait_for(SOON, |world| world.threads(help.id()).next().map(|thread| thread.id));
    let there = user.in_channel(found.await.expect("it is opened"));
    sees(&there, "Hello").await;
    there.says("two");
    shop.agent_reads("two").await;
    open.close().await;
    there.says("three");
    ada.says("four");
    let open = shop.open(Settings::default()).await;
    there.says("five");
    let session = shop.agent_reads("five").await;
    assert_eq!(
        session.texts(Party::Customer)[1..],
        ["one", "two", "three", "four", "five"]
    );
    shop.desk
        .reply(session.ticket, reply("Still here"))
        .await
        .expect("the house hears");
    sees(&there, "Still here").await;
    assert!(open.heard.all().is_empty());
    open.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_before_an_end_that_came_first_stands_in_the_history() {
    let shop = Shop::build().await;
    let ada = shop.fake.user("ada").dm();
    let open = shop.open(Settings::default()).await;
    ada.says("/human");
    let session = shop.agent_reads("/human").await;
    ada.says("my order is 12");
    shop.agent_reads("my order is 12").await;
    open.close().await;
    ada.says("are you there?");
    let (running, discord) = shop.open_unconnected(Settings::default()).await;
    shop.desk.end(session.ticket).await.expect("the house hears");
    sees(
        &ada,
        "The chat with our team is over. You are talking to the bot again.",
    )
    .await;
    let heard = Heard::default();
    let client = Client::start(&shop.fake, &discord, &heard).await;
    ada.says("/human");
    let second = shop.one(|of| of.ticket != session.ticket).await;
    let opener = second.texts(Party::Customer)[0];
    for line in ["my order is 12", "are you there?"] {
        assert_eq!(opener.matches(line).count(), 1, "{opener}");
    }
    assert!(heard.all().iter().all(|said| said != "are you there?"));
    client.stop().await;
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_permission_is_named_and_the_bot_goes_on() {
    let shop = Shop::build().await;
    let help = shop.fake.guild("Shop").channel("help");
    help.forbid(Permission::CreatePrivateThreads);
    let open = shop.open(Settings::default()).await;
    let ada = shop.fake.user("ada").create().at(&help);
    ada.says("/human");
    ada.sees(SOON, |message| message.content.contains("Create Private Threads"))
        .await
        .expect("it is named");
    shop.session(|session| session.status == SessionStatus::Ended).await;
    ada.says("hello?");
    sees(&ada, "Bot: hello?").await;
    open.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_channel_and_direct_messages_are_places_too() {
    for place in [Place::SameChannel, Place::DirectMessage] {
        let shop = Shop::build().await;
        let mut settings = Settings::default();
        settings.place = place;
        settings.agent_author = AgentAuthor::Line;
        let open = shop.open(settings).await;
        let help = shop.fake.guild("Shop").channel("help");
        let user = shop.fake.user("ada").create();
        let ada = user.at(&help);
        ada.says("/human");
        let session = shop.agent_reads("/human").await;
        shop.desk
            .reply(session.ticket, reply("Hello"))
            .await
            .expect("the house hears");
        let there = if place == Place::SameChannel { ada } else { user.dm() };
        sees(&there, "**Anna:** Hello").await;
        there.says("thank you");
        shop.agent_reads("thank you").await;
        assert!(shop.fake.threads(help.id()).is_empty());
        open.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_sessions_in_the_same_direct_messages_the_one_that_stands_hears_the_customer() {
    let shop = Shop::build().await;
    let mut settings = Settings::default();
    settings.place = Place::DirectMessage;
    let open = shop.open(settings.clone()).await;
    let guild = shop.fake.guild("Shop");
    let user = shop.fake.user("ada").create();
    let direct = user.dm();
    let mut sessions = Vec::new();
    for channel in ["help", "sales"] {
        user.at(&guild.channel(channel)).says("/human");
        let is_new = |session: &Session| sessions.iter().all(|ticket| *ticket != session.ticket);
        let session = shop.one(is_new).await;
        let hello = format!("Hello in {channel}");
        let sent = shop.desk.reply(session.ticket, reply(&hello)).await;
        sent.expect("the house hears");
        sees(&direct, &format!("**Anna:** {hello}")).await;
        sessions.push(session.ticket);
    }
    open.close().await;
    direct.says("in the night");
    let open = shop.open(settings).await;
    let reads = |session: &Session, line: &str| {
        let texts = session.texts(Party::Customer);
        session.ticket == sessions[1] && texts.contains(&line)
    };
    shop.one(|session| reads(session, "in the night")).await;
    // What tells the customer that the first one is over is shown there too.
    shop.desk.end(sessions[0]).await.expect("the house hears");
    let over = direct.sees(SOON, |message| message.content.contains("is over"));
    over.await.expect("it is told");
    direct.says("are you still there?");
    shop.one(|session| reads(session, "are you still there?")).await;
    shop.desk.end(sessions[1]).await.expect("the house hears");
    direct.says("hello again");
    sees(&direct, "Bot: hello again").await;
    assert_eq!(open.heard.all(), ["hello again"]);
    open.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_and_buttons_are_answered_in_time() {
    let shop = Shop::build().await;
    let open = shop.open(Settings::default()).await;
    let made = shop.fake.wait_until(SOON, |world| world.commands(None).len() == 2);
    made.await.expect("the commands are made");
    let ada = shop.fake.user("ada").dm();
    ada.uses("end", &[]).expect("it is there");
    sees(&ada, "There is no chat with a human to end.").await;
    ada.uses("human", &[]).expect("it is there");
    sees(&ada, "I am asking for a human.").await;
    let waiting = ada
        .sees(SOON, |message| message.components.to_string().contains("escalator:end"))
        .await
        .expect("it stands under the notice");
    ada.uses("human", &[]).expect("it is there");
    sees(&ada, "You are talking to a human already.").await;
    ada.presses(waiting.id, "escalator:end").expect("it is there");
    sees(&ada, "The chat with a human is over.").await;
    let over = shop.session(|session| session.status == SessionStatus::Ended).await;
    assert_eq!(over.ended_by, Some(Party::Customer));
    assert_eq!(shop.fake.violations(), []);
    open.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_called_over_before_it_is_committed() {
    let rig = Rig::new().await;
    let ada = rig.fake.user("ada").dm();
    rig.house.hand_over(&rig.conversation(&ada));
    rig.house.change(|state| state.is_away = true);
    ada.uses("end", &[]).expect("it is there");
    sees(&ada, "I am ending the chat with the human.").await;
    rig.house.change(|state| state.is_away = false);
    let is_over = |state: &State| state.accepted.iter().any(|update| update.event == CustomerEvent::Ended);
    rig.house.wait(is_over).await;
    ada.uses("end", &[]).expect("it is there");
    sees(&ada, "There is no chat with a human to end.").await;
    assert_eq!(ada.transcript().bot_texts().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_is_one_too_many_is_told_as_lost() {
    let mut settings = Settings::default();
    settings.interactions_max = 2;
    let rig = Rig::with(FakeDiscord::builder().start().await.expect("it starts"), settings).await;
    rig.house.change(|state| state.is_away = true);
    let customers = ["ada", "bob", "eve"].map(|name| rig.fake.user(name).dm());
    for (customer, told) in customers.iter().zip([
        "I am ending the chat with the human.",
        "I am ending the chat with the human.",
        "I could not end the chat with the human. Please try again later.",
    ]) {
        rig.house.hand_over(&rig.conversation(customer));
        customer.uses("end", &[]).expect("it is there");
        sees(customer, told).await;
    }
    rig.house.change(|state| state.is_away = false);
    rig.house.wait(|state| state.accepted.len() == 2).await;
    customers[2].says("then I stay");
    rig.house
        .wait(|state| state.lines().iter().any(|line| line == "then I stay"))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_history_can_be_the_channels_own() {
    let rig = {
        let mut settings = Settings::default();
        settings.history = History::Channel { messages_max: 50 };
        let fake = FakeDiscord::builder().start().await.expect("it starts");
        Rig::with(fake, settings).await
    };
    let help = rig.fake.guild("Shop").channel("help");
    let ada = rig.fake.user("ada").create().at(&help);
    let bob = rig.fake.user("bob").create().at(&help);
    for (customer, words) in [(&ada, "hello"), (&bob, "good day")] {
        customer.says(words);
        sees(customer, &format!("Bot: {words}")).await;
    }
    ada.says("/human");
    rig.house.wait(|state| !state.history.is_empty()).await;
    let history = rig.house.look(|state| state.history.clone());
    let lines: Vec<_> = history.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(lines, ["hello", "Bot: hello", "/human"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_in_front_of_a_command_that_hands_over_reaches_the_human() {
    for command in ["human", "agent"] {
        let shop = Shop::build().await;
        let open = shop.open(Settings::default()).await;
        let http = account(&shop.fake).http();
        http.set_application_id(shop.fake.application_id().into());
        let agent = CreateCommand::new("agent").description("The bot's own");
        http.create_global_command(&agent).await.expect("it is made");
        let made = shop.fake.wait_until(SOON, |world| world.commands(None).len() == 3);
        made.await.expect("the commands are made");
        let ada = shop.fake.user("ada").dm();
        ada.says("think");
        open.heard.hears("think").await;
        ada.says("order 12 is broken");
        ada.uses(command, &[]).expect("it is there");
        // The bot thinks for longer than a command may wait.
        shop.session(|session| session.status == SessionStatus::Waiting).await;
        open.heard.thought.notify_one();
        let session = shop.agent_reads("order 12 is broken").await;
        assert!(session.texts(Party::Customer)[0].contains("think"), "{session:?}");
        assert_eq!(open.heard.all(), ["think"]);
        open.close().await;
    }
}

/// A bot whose channel's history is slow to come, once, by more than an answer to a command may take.
async fn with_slow_history() -> Rig {
    let mut settings = Settings::default();
    settings.history = History::Channel { messages_max: 50 };
    let fake = FakeDiscord::builder().start().await.expect("it starts");
    let rig = Rig::with(fake, settings).await;
    let late = Fault::AnswerAfter(Duration::from_millis(2_500));
    let reading = On::call("GET", "/channels/*/messages");
    rig.fake.fault(reading, Plan::Next(1, late));
    rig
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_for_a_human_that_was_confirmed_goes_on() {
    let rig = with_slow_history().await;
    let ada = rig.fake.user("ada").dm();
    ada.says("hello");
    sees(&ada, "Bot: hello").await;
    ada.uses("human", &[]).expect("it is there");
    sees(&ada, "I am asking for a human.").await;
    // It stands behind the call, though nobody has answered that yet.
    ada.says("my order is 12");
    rig.house.wait(|state| !state.history.is_empty()).await;
    rig.house
        .wait(|state| state.lines().iter().any(|line| line == "my order is 12"))
        .await;
    assert_eq!(rig.heard.all(), ["hello"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_for_a_human_that_fails_after_it_was_confirmed_is_taken_back() {
    let rig = with_slow_history().await;
    rig.house.change(|state| state.is_closed = true);
    let ada = rig.fake.user("ada").dm();
    ada.uses("human", &[]).expect("it is there");
    sees(&ada, "I am asking for a human.").await;
    sees(&ada, "I could not ask for a human. Please try again later.").await;
    ada.says("hello?");
    sees(&ada, "Bot: hello?").await;
    assert_eq!(rig.fake.violations(), []);
}
