//! A real client: serenity connects, hears a burst, and comes back after a drop.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use escalator_testkit::discord::{Content, FakeDiscord, Seen, World};
use serenity::{
    all::{
        ButtonStyle, ChannelType, Client, Command, CommandOptionType, Context, CreateActionRow, CreateAllowedMentions,
        CreateAttachment, CreateButton, CreateCommand, CreateCommandOption, CreateInteractionResponse,
        CreateInteractionResponseMessage, CreateMessage, CreateThread, CreateWebhook, EditMessage, EventHandler,
        ExecuteWebhook, GatewayIntents, GetMessages, Http, HttpBuilder, Interaction, Message, ReactionType, UserId,
    },
    async_trait,
};

use super::{SOON, start};

/// A loaded machine is slow to notice a lost connection.
const LATE: Duration = Duration::from_mins(1);

fn http(fake: &FakeDiscord) -> Http {
    let builder = HttpBuilder::new(fake.token()).proxy(fake.url());
    let http = builder.ratelimiter_disabled(true).build();
    http.set_application_id(fake.application_id().into());
    http
}

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn sorted(&self) -> Vec<String> {
        let mut heard = self.0.lock().expect("no handler panics").clone();
        heard.sort();
        heard
    }
}

#[async_trait]
impl EventHandler for Heard {
    async fn message(&self, ctx: Context, message: Message) {
        if message.author.bot {
            return;
        }
        self.0.lock().expect("no handler panics").push(message.content.clone());
        if message.content == "last" {
            message.channel_id.say(&ctx, "heard").await.expect("it is sent");
        }
    }

    async fn interaction_create(&self, ctx: Context, interaction: Interaction) {
        let answer = CreateInteractionResponseMessage::new()
            .content("answered")
            .ephemeral(true);
        let answer = CreateInteractionResponse::Message(answer);
        match interaction {
            Interaction::Command(command) => command.create_response(&ctx, answer).await,
            Interaction::Component(button) => button.create_response(&ctx, answer).await,
            _ => Ok(()),
        }
        .expect("it is answered");
    }
}

async fn connect(fake: &FakeDiscord, heard: Heard) -> (Arc<serenity::all::ShardManager>, tokio::task::JoinHandle<()>) {
    let intents = GatewayIntents::non_privileged() | GatewayIntents::MESSAGE_CONTENT;
    let client = serenity::client::ClientBuilder::new_with_http(http(fake), intents).event_handler(heard);
    let mut client: Client = client.await.expect("it is built");
    let shards = Arc::clone(&client.shard_manager);
    let running = tokio::spawn(async move { client.start().await.expect("it ran") });
    fake.wait_connected(SOON).await.expect("it connects");
    (shards, running)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serenity_hears_everything_once_over_a_drop() {
    let fake = start().await;
    let help = fake.guild("Shop").channel("help");
    let ada = fake.user("ada").create().at(&help);
    let heard = Heard::default();
    let (shards, running) = connect(&fake, heard.clone()).await;
    ada.bursts((0..200).map(|number| format!("{number:03}")));
    fake.wait_until(SOON, World::all_sent).await.expect("all is sent");
    fake.gateway().drop_connections();
    ada.bursts((200..300).map(|number| format!("{number:03}")));
    fake.wait_connected(LATE).await.expect("it comes back");
    ada.says("last");
    ada.sees_text(LATE, "heard").await.expect("it answers");
    // The answer to the last word may overtake the others: serenity hands them out side by side.
    let wanted: Vec<_> = (0..300)
        .map(|number| format!("{number:03}"))
        .chain(["last".to_owned()])
        .collect();
    let all = fake.wait_until(SOON, |_| heard.sorted().len() == wanted.len()).await;
    assert_eq!(heard.sorted(), wanted, "{all:?}");
    let seen = fake.gateway().seen();
    let resumed = seen.iter().filter(|seen| matches!(seen, Seen::Resumed { .. }));
    assert_eq!(resumed.count(), 1, "{seen:?}");
    shards.shutdown_all().await;
    running.await.expect("it ends");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serenity_understands_interactions_and_answers_them() {
    let fake = start().await;
    let help = fake.guild("Shop").channel("help");
    let ada = fake.user("ada").create().at(&help);
    let http = http(&fake);
    let option = CreateCommandOption::new(CommandOptionType::String, "reason", "Why");
    let command = CreateCommand::new("human")
        .description("Ask for a human")
        .add_option(option);
    Command::set_global_commands(&http, vec![command])
        .await
        .expect("they are set");
    let (shards, running) = connect(&fake, Heard::default()).await;
    let button = CreateButton::new("end").label("End").style(ButtonStyle::Danger);
    let message = CreateMessage::new()
        .content("x")
        .components(vec![CreateActionRow::Buttons(vec![button])]);
    let channel = serenity::all::ChannelId::new(help.id());
    let made = channel.send_message(&http, message).await.expect("it is sent");
    ada.uses("human", &[("reason", "order")]).expect("it is there");
    ada.sees_text(SOON, "answered").await.expect("it is answered");
    let pressed = ada.presses(made.id.get(), "end").expect("it is there");
    fake.wait_until(SOON, |world| {
        world
            .interaction(pressed)
            .is_some_and(|pressed| pressed.answer.is_some())
    })
    .await
    .expect("it is answered");
    assert_eq!(fake.violations(), []);
    shards.shutdown_all().await;
    running.await.expect("it ends");
}

#[tokio::test]
async fn serenity_reads_every_answer_and_breaks_nothing() {
    let fake = start().await;
    let guild = fake.guild("Shop");
    let help = guild.channel("help");
    let ada = fake.user("ada").create();
    let said = ada
        .at(&help)
        .sends(Content::text("x").with_file("a.txt", "text/plain", "x"));
    let http = http(&fake);
    http.get_current_user().await.expect("it is told");
    http.get_current_application_info().await.expect("it is told");
    http.get_bot_gateway().await.expect("it is told");
    http.get_guild(guild.id().into()).await.expect("it is told");
    let dm = UserId::new(ada.id())
        .create_dm_channel(&http)
        .await
        .expect("it is opened");
    let file = CreateAttachment::bytes(b"x".as_slice(), "a.txt");
    let message = CreateMessage::new()
        .content("hello")
        .add_file(file)
        .nonce(serenity::all::Nonce::String("n".repeat(25)))
        .enforce_nonce(true)
        .allowed_mentions(CreateAllowedMentions::new());
    let mut sent = dm.id.send_message(&http, message).await.expect("it is sent");
    sent.edit(&http, EditMessage::new().content("edited"))
        .await
        .expect("it is edited");
    sent.react(&http, ReactionType::Unicode("✅".to_owned()))
        .await
        .expect("it is put there");
    dm.id.broadcast_typing(&http).await.expect("it is shown");
    let channel = serenity::all::ChannelId::new(help.id());
    channel.to_channel(&http).await.expect("it is there");
    let listed = channel.messages(&http, GetMessages::new().after(1).limit(10)).await;
    assert_eq!(listed.expect("they are listed")[0].id.get(), said);
    let thread = CreateThread::new("Ada").kind(ChannelType::PrivateThread);
    let thread = channel.create_thread(&http, thread).await.expect("it is opened");
    thread
        .id
        .add_thread_member(&http, ada.id().into())
        .await
        .expect("it is let in");
    let guild = serenity::all::GuildId::new(guild.id());
    let active = guild.get_active_threads(&http).await.expect("they are listed");
    assert_eq!(active.threads.len(), 1);
    let archived = channel.get_joined_archived_private_threads(&http, None, None).await;
    assert!(archived.expect("they are listed").threads.is_empty());
    channel.webhooks(&http).await.expect("they are listed");
    let hook = channel
        .create_webhook(&http, CreateWebhook::new("Desk"))
        .await
        .expect("it is made");
    let words = ExecuteWebhook::new()
        .content("hi")
        .username("Anna")
        .in_thread(thread.id);
    let made = hook
        .execute(&http, true, words)
        .await
        .expect("it is sent")
        .expect("it was waited for");
    assert_eq!(made.author.name, "Anna");
    assert_eq!(fake.violations(), []);
}
