//! The example Discord bot in a process of its own, between a fake Discord and the desk: the main story in direct
//! messages and in a guild's thread, and a bot that is killed again and again in mid-conversation.

use std::{ops::Range, time::Duration};

use escalator_house::{
    judge::{Verdict, bot_lines_after_takeover, judge},
    story::PNG,
    town::{Bot, PATIENCE, Town},
};
use escalator_testkit::{
    desk::{DeskState, Encoding, HookAnswer, HookRecord, HookRetry, Party, Reply, Session, SessionStatus, Upload},
    discord::{Channel, Content, Customer, Gateway, Message, Place, Seen, User, World},
};
use futures::future::join_all;

use crate::{
    square::discord_does_not_complain,
    street::{exact, lines_of},
};

const ENDED: &str = "The chat with our team is over. You are talking to the bot again.";
const WITH_YOU: &str = "is with you now";
const TEXT: &[u8] = b"no words, but a head and a tail";

async fn town() -> Town {
    let program = env!("CARGO_BIN_EXE_killable_discord_bot").into();
    Town::build(program, Encoding::Multipart)
        .await
        .expect("the town is built")
}

/// A customer of the bot.
struct Guest<'t> {
    town: &'t Town,
    name: &'static str,
    user: User,
    /// Where they ask for a human.
    home: Customer,
    /// The channel of their thread's, for one who asks in a guild.
    guild: Option<Place>,
}

/// A customer with an agent.
struct Talk<'g> {
    guest: &'g Guest<'g>,
    session: Session,
    /// Where the agent speaks: at home, or in the thread.
    there: Customer,
}

impl<'t> Guest<'t> {
    fn in_direct_messages(town: &'t Town, name: &'static str) -> Self {
        let user = town.discord.user(&name.to_lowercase()).global_name(name).create();
        Self {
            town,
            name,
            home: user.dm(),
            user,
            guild: None,
        }
    }

    fn in_guild(town: &'t Town, name: &'static str) -> Self {
        let help = town.discord.guild("Shop").channel("help");
        let user = town.discord.user(&name.to_lowercase()).global_name(name).create();
        Self {
            town,
            name,
            home: user.at(&help),
            user,
            guild: Some(help),
        }
    }

    /// Asks for a human, and waits for what that opens.
    async fn escalates(&self) -> Talk<'_> {
        self.home.says("Human");
        let newest = |desk: &DeskState| {
            let mut theirs = desk.sessions().rev();
            let newest = theirs.find(|session| session.customer.get("customerName").is_some_and(|of| of == self.name));
            newest
                .filter(|session| session.status == SessionStatus::Waiting)
                .cloned()
        };
        let session = self.town.desk.wait_for(PATIENCE, newest).await;
        let thread = |world: &World| {
            let is_theirs = |thread: &&Channel| thread.members.contains(&self.user.id());
            world
                .threads(self.guild.as_ref()?.id())
                .find(is_theirs)
                .map(|thread| thread.id)
        };
        let there = if self.guild.is_some() {
            let thread = self.town.discord.wait_for(PATIENCE, thread).await;
            self.user.in_channel(thread.expect("a thread is opened"))
        } else {
            self.home.clone()
        };
        Talk {
            guest: self,
            session: session.expect("a session reaches the desk"),
            there,
        }
    }
}

impl Talk<'_> {
    async fn agent_says(&self, text: &str) {
        exact(
            self.guest
                .town
                .desk
                .reply(&self.session, Reply::new(text, "Anna"))
                .await,
        );
    }

    async fn agent_sends(&self, file: Upload) {
        exact(self.guest.town.desk.send_file(&self.session, file).await);
    }

    async fn desk_has(&self, wanted: impl Fn(&Session) -> bool) {
        let has = |desk: &DeskState| desk.session(&self.session).is_some_and(&wanted);
        let had = self.guest.town.desk.wait_until(PATIENCE, has).await;
        assert!(
            had.is_ok(),
            "the ticket of {} has only {:?}",
            self.guest.name,
            self.at_desk()
        );
    }

    async fn desk_reads(&self, line: &str) {
        self.desk_has(|session| session.transcript.iter().any(|of| of.text() == Some(line)))
            .await;
    }

    /// Waits until a line is shown, as [`Self::in_chat`] tells it.
    async fn customer_sees(&self, line: &str) {
        self.customer_sees_one(|shown| shown == line, line).await;
    }

    async fn customer_sees_one(&self, wanted: impl Fn(&str) -> bool, what: &str) {
        let seen = self.there.sees(PATIENCE, |message| wanted(&shown(message))).await;
        assert!(
            seen.is_ok(),
            "{} does not see {what:?}, but {:?}",
            self.guest.name,
            self.in_chat()
        );
    }

    /// What the ticket shows on the customer's side behind the opening.
    fn at_desk(&self) -> Vec<String> {
        self.guest.town.desk.look(|desk| lines_of(desk, &self.session))
    }

    /// What the customer saw there: texts, and the names of files.
    fn in_chat(&self) -> Vec<String> {
        bot_lines(&self.there)
    }
}

/// A text with its author in front, whether that is a webhook's or stands in the text; a file's name.
fn shown(message: &Message) -> String {
    match (message.files.first(), message.author.webhook) {
        (Some(file), _) => file.name.clone(),
        (None, Some(_)) => format!("{}: {}", message.author.name, message.content),
        (None, None) => message.content.replace("**", ""),
    }
}

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
    bot_has_it_again(&talk, "your hours?", "Bot: We are open").await;

    let second = guest.escalates().await;
    assert_ne!(second.session.id, talk.session.id, "a session's id is never used again");
    second.agent_says("Back again?").await;
    second.customer_sees("Anna: Back again?").await;
    exact(guest.town.desk.end(&second.session).await);
    let ends = |world: &World| {
        let said = world.transcript(talk.there.channel()).map(|chat| chat.bot_texts());
        said.into_iter().flatten().filter(|text| *text == ENDED).count()
    };
    let over = guest.town.discord.wait_until(PATIENCE, |world| ends(world) == 2).await;
    over.expect("the customer is told");
    bot_has_it_again(&second, "do you deliver?", "Bot: Delivery").await;

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
    talk.customer_sees("Anna: Hi Ada, how can I help?").await;
    talk.there.types().expect("they are there");
    talk.desk_has(|session| session.customer_typing).await;
}

async fn words_both_ways(talk: &Talk<'_>) {
    let said = talk.there.says("my order is 11");
    talk.desk_reads("my order is 11").await;
    talk.there.edits(said, "my order is 12").expect("it is there");
    talk.desk_reads("Edited: my order is 12").await;
    // A word that the bot knows; and where they asked they are with the agent too.
    talk.there.says("hours");
    talk.guest.home.says("is anybody here?");
    talk.desk_reads("is anybody here?").await;
    talk.agent_says("Thank you.\nOne moment, please").await;
    talk.customer_sees("Anna: Thank you.\nOne moment, please").await;
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
    talk.customer_sees(&format!("Anna: here {when}")).await;
    talk.desk_reads(&second).await;
}

fn came_back(gateway: &Gateway, how: impl Fn(&Seen) -> bool) {
    assert!(gateway.seen().iter().any(how), "{:?}", gateway.seen());
}

async fn bot_has_it_again(talk: &Talk<'_>, question: &str, answer: &str) {
    talk.there.says(question);
    talk.customer_sees_one(|text| text.starts_with(answer), answer).await;
}

fn each_side_has_it_once_and_in_order(first: &Talk<'_>, second: &Talk<'_>) {
    let lines = [
        "my order is 11",
        "Edited: my order is 12",
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
        "Anna: Hi Ada, how can I help?",
        "Anna: Thank you.\nOne moment, please",
        "label.txt",
        "map.png",
        "Anna: here while it resumes",
        "Anna: here while it is gone",
        ENDED,
        "Bot: We are open on weekdays from 9 to 17.",
        "Anna is with you now.",
        "Anna: Back again?",
        ENDED,
        "Bot: Delivery takes two to three days.",
    ];
    // These come when the desk has answered, which the agent may be ahead of.
    let is_loose = |text: &str| text.starts_with("Welkom!") || text == "File uploaded.";
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

fn bot_lines(seat: &Customer) -> Vec<String> {
    seat.transcript().from_bot().map(shown).collect()
}

/// How often the bot is killed.
const ROUNDS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_is_killed_in_mid_conversation_loses_nothing_and_doubles_only_what_was_cut() {
    let seed = std::env::var("HOUSE_KILL_SEED").ok();
    let seed = seed.map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("it is a number"));
    println!("HOUSE_KILL_SEED={seed}");
    let mut chance = fastrand::Rng::with_seed(seed);

    let town = town().await;
    // A careful desk: what is not answered comes again.
    town.desk.configure(|desk| {
        desk.hooks.retry = HookRetry::Growing {
            retries_max: 10,
            first_wait: Duration::from_millis(50),
        };
    });
    let mut bot = town.start_discord_bot().await.expect("the bot starts");
    let (ada, eve) = (Guest::in_direct_messages(&town, "Ada"), Guest::in_guild(&town, "Eve"));
    let talks = [ada.escalates().await, eve.escalates().await];
    for round in 0..ROUNDS {
        bot = killed_amid(&town, &talks, round, bot, &mut chance).await;
    }

    let [with_ada, with_eve] = &talks;
    exact(town.desk.end(&with_ada.session).await);
    with_eve.there.says("/end");
    for talk in &talks {
        talk.desk_has(|session| session.status == SessionStatus::Ended).await;
        talk.customer_sees(ENDED).await;
        bot_has_it_again(talk, "your hours?", "Bot: We are open").await;
        nothing_is_amiss(talk);
    }
    assert_eq!(town.desk.violations(), []);
    discord_does_not_complain(&town.discord);
}

/// Both sides of all talks write at once; in the middle of it the bot is killed, and starts again.
async fn killed_amid(town: &Town, talks: &[Talk<'_>], round: usize, mut bot: Bot, chance: &mut fastrand::Rng) -> Bot {
    let cut_behind = chance.usize(0..FILE);
    let agents = join_all(talks.iter().map(|talk| talk.agent_writes(round)));
    let customers_write = |numbers: Range<usize>| {
        for talk in talks {
            talk.customer_writes(round, numbers.clone());
        }
    };
    let cut = async {
        customers_write(0..4);
        let watched = &talks[chance.usize(0..talks.len())];
        if chance.bool() {
            watched.desk_has(|session| has(session, &line(round, cut_behind))).await;
        } else {
            let reply = format!("Anna: {}", reply(round, cut_behind));
            watched.customer_sees(&reply).await;
        }
        bot.kill().expect("the system kills it");
        customers_write(4..6);
        let started = town.start_discord_bot().await.expect("the bot starts again");
        customers_write(6..8);
        started
    };
    let (started, _) = tokio::join!(cut, agents);
    for talk in talks {
        talk.desk_has(|session| has(session, &line(round, 7))).await;
        talk.customer_sees(&format!("Anna: {}", reply(round, 3))).await;
    }
    started
}

/// Which line of a round is a file. The bot is killed behind one of those before it.
const FILE: usize = 3;

fn line(round: usize, number: usize) -> String {
    format!("line {round}.{number}")
}

fn reply(round: usize, number: usize) -> String {
    format!("reply {round}.{number}")
}

fn customers_file(round: usize) -> String {
    format!("customer-{round}.txt")
}

fn agents_file(round: usize) -> String {
    format!("agent-{round}.txt")
}

fn has(session: &Session, line: &str) -> bool {
    session.transcript.iter().any(|of| of.text() == Some(line))
}

impl Talk<'_> {
    /// A few lines at once. Who has a thread writes every other one where they asked.
    fn customer_writes(&self, round: usize, numbers: Range<usize>) {
        let message = |number: usize| {
            let seat = if number.is_multiple_of(2) {
                &self.there
            } else {
                &self.guest.home
            };
            match number {
                FILE => seat.message(Content::file(&customers_file(round), "text/plain", TEXT)),
                number => seat.message(line(round, number)),
            }
        };
        let written = self.guest.town.discord.happen_at_once(numbers.map(message).collect());
        written.expect("the channels are open");
    }

    /// Hooks that reached the bot and were not answered: each comes again, as a message of its own.
    fn hooks_cut(&self) -> usize {
        let is_cut = |answer: &&HookAnswer| {
            let why = answer.error.as_deref();
            why.is_some_and(|why| !why.starts_with("no connection"))
        };
        let is_theirs = |hook: &&HookRecord| hook.ticket == Some(self.session.ticket);
        self.guest.town.desk.look(|desk| {
            let hooks = desk.hooks().iter().filter(is_theirs);
            hooks.flat_map(|hook| &hook.attempts).filter(is_cut).count()
        })
    }

    /// A few replies and a file, each as soon as the one before is answered.
    async fn agent_writes(&self, round: usize) {
        for number in 0..4 {
            self.agent_says(&reply(round, number)).await;
            if number == 1 {
                self.agent_sends(Upload::new(agents_file(round), "text/plain", TEXT))
                    .await;
            }
        }
    }
}

fn nothing_is_amiss(talk: &Talk<'_>) {
    let name = talk.guest.name;
    let customers_of = |round| {
        (0..8).map(move |number| {
            if number == FILE {
                customers_file(round)
            } else {
                line(round, number)
            }
        })
    };
    let agents_of = |round| {
        let mut said: Vec<_> = (0..4).map(|number| format!("Anna: {}", reply(round, number))).collect();
        said.insert(2, agents_file(round));
        said
    };
    let customers: Vec<_> = (0..ROUNDS).flat_map(customers_of).collect();
    let agents: Vec<_> = (0..ROUNDS).flat_map(agents_of).collect();
    let (at_desk, in_chat) = (talk.at_desk(), talk.in_chat());
    println!(
        "{name}: {:?} at the desk, {:?} in the chat",
        judge(&customers, &at_desk),
        judge(&agents, &in_chat)
    );

    let Verdict {
        lost,
        inverted,
        doubled,
    } = judge(&customers, &at_desk);
    assert_eq!((lost, inverted), (0, 0), "{name}: {at_desk:?}");
    assert!(doubled <= ROUNDS, "each kill cuts one call of a lane: {at_desk:?}");
    let Verdict {
        lost,
        inverted,
        doubled,
    } = judge(&agents, &in_chat);
    assert_eq!((lost, inverted), (0, 0), "{name}: {in_chat:?}");
    // A call that a kill cuts stands twice where Discord has no nonce for it: through a webhook.
    let calls_cut = if talk.guest.guild.is_some() { ROUNDS } else { 0 };
    assert!(doubled <= talk.hooks_cut() + calls_cut, "{name}: {in_chat:?}");

    let is_over = |text: &str| text == ENDED;
    let spoken = bot_lines_after_takeover(&in_chat, |text| text.contains(WITH_YOU), is_over);
    assert_eq!(spoken, 0, "{name}: {in_chat:?}");
    if talk.guest.guild.is_some() {
        assert_eq!(
            talk.guest.home.transcript().bot_texts(),
            [""; 0],
            "where {name} asked nothing is said"
        );
    }
}
