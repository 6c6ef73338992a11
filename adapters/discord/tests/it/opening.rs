//! What a customer writes in a thread reaches the human, whoever knows of the thread by then: it can be opened before
//! there is a session of the gateway, and by a process that is killed before it can say so.

use std::sync::Arc;

use escalator::{
    channel::EscalationChannel,
    delivery::ChatPayload,
    model::{Address, ConversationKey, SessionId},
};
use escalator_discord::{Discord, Place, Settings};
use escalator_testkit::discord::{self, Customer, FakeDiscord, Fault, On, Plan, User, World};
use tokio_util::sync::CancellationToken;

use super::{
    desk_of_one::House,
    rig::{Client, Heard, SOON, channel, deliver},
};

/// A customer who asked for a human in a channel; the bot is not connected.
struct Asked {
    fake: FakeDiscord,
    house: Arc<House>,
    help: discord::Place,
    user: User,
    to: ConversationKey,
    settings: Settings,
}

impl Asked {
    async fn for_a_human() -> Self {
        Self::with(Settings::default()).await
    }

    async fn with(settings: Settings) -> Self {
        let fake = FakeDiscord::builder().start().await.expect("it starts");
        let house = House::new();
        let help = fake.guild("Shop").channel("help");
        let user = fake.user("ada").create();
        let (home, customer) = (user.at(&help).channel().into(), user.id().into());
        let to = channel(&fake, house.ingress(), settings.clone()).conversation(home, customer);
        house.hand_over(&to);
        Self {
            fake,
            house,
            help,
            user,
            to,
            settings,
        }
    }

    /// The bot of a new process.
    fn bot(&self) -> Discord {
        channel(&self.fake, self.house.ingress(), self.settings.clone())
    }

    async fn connect(&self, discord: &Discord) -> Client {
        Client::start(&self.fake, discord, &Heard::default()).await
    }

    /// The customer in the thread, once they are in it.
    async fn in_thread(&self) -> Customer {
        let theirs = |world: &World| {
            let mut threads = world.threads(self.help.id());
            threads
                .find(|thread| thread.members.contains(&self.user.id()))
                .map(|thread| thread.id)
        };
        let thread = self.fake.wait_for(SOON, theirs).await.expect("it is opened");
        self.user.in_channel(thread)
    }

    /// Waits until the human has read the last of these, and nothing is missing before it.
    async fn reads(&self, wanted: &[&str]) {
        let last = wanted.last().expect("something is waited for");
        self.house
            .wait(|state| state.lines_of(&self.to).iter().any(|line| line == last))
            .await;
        assert_eq!(self.house.look(|state| state.lines_of(&self.to)), wanted);
    }
}

async fn open(discord: &Discord, to: &ConversationKey) {
    open_instead(discord, to, None).await;
}

async fn open_instead(discord: &Discord, to: &ConversationKey, of: Option<&Address>) {
    let session = SessionId::mint();
    let opened = deliver(discord, to, 1, of, &ChatPayload::Open { session }).await;
    assert_eq!(opened.word(), "delivered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_in_a_thread_before_the_gateway_is_there_is_read() {
    let asked = Asked::for_a_human().await;
    let discord = asked.bot();
    open(&discord, &asked.to).await;
    let ada = asked.in_thread().await;
    ada.says("one");
    let client = asked.connect(&discord).await;
    ada.says("two");
    asked.reads(&["one", "two"]).await;
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_before_the_opening_of_a_thread_is_answered_is_read() {
    let asked = Asked::for_a_human().await;
    let discord = asked.bot();
    let joining = On::call("PUT", "/channels/*/thread-members/*");
    asked.fake.fault(joining, Plan::Next(1, Fault::HangAfterEffect));
    let (opening, to) = (discord.clone(), asked.to.clone());
    let opening = tokio::spawn(async move { open(&opening, &to).await });
    let ada = asked.in_thread().await;
    ada.says("one");
    let client = asked.connect(&discord).await;
    ada.says("two");
    asked.reads(&["one", "two"]).await;
    assert!(!opening.is_finished(), "it is not answered");
    opening.abort();
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_whose_opening_was_never_settled_is_found_and_read() {
    let asked = Asked::for_a_human().await;
    open(&asked.bot(), &asked.to).await;
    let ada = asked.in_thread().await;
    ada.says("one");
    let discord = asked.bot();
    let lists = On::call("GET", "/guilds/*/threads/active");
    asked.fake.fault(lists, Plan::Next(1, Fault::Html { status: 502 }));
    let client = asked.connect(&discord).await;
    ada.says("two");
    asked.reads(&["one", "two"]).await;
    open(&discord, &asked.to).await;
    assert_eq!(asked.fake.threads(asked.help.id()).len(), 1);
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_in_a_thread_that_took_the_place_of_another_is_read_when_it_is_found() {
    let asked = Asked::for_a_human().await;
    let gone = Address::new("1");
    asked
        .house
        .change(|state| state.places.insert(asked.to.clone(), gone.clone()));
    open_instead(&asked.bot(), &asked.to, Some(&gone)).await;
    let ada = asked.in_thread().await;
    ada.says("one");
    let bot = asked.bot();
    let client = asked.connect(&bot).await;
    let working = bot.clone();
    let work = tokio::spawn(async move { working.run(CancellationToken::new()).await });
    open_instead(&bot, &asked.to, Some(&gone)).await;
    ada.says("two");
    asked.reads(&["one", "two"]).await;
    work.abort();
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn direct_messages_whose_opening_was_never_settled_are_read_from_there_on() {
    let mut settings = Settings::default();
    settings.place = Place::DirectMessage;
    let asked = Asked::with(settings).await;
    let ada = asked.user.dm();
    ada.says("to the bot");
    open(&asked.bot(), &asked.to).await;
    ada.says("one");
    let client = asked.connect(&asked.bot()).await;
    ada.says("two");
    asked.reads(&["one", "two"]).await;
    client.stop().await;
}
