//! A crowd: five hundred conversations at once, on three channels of one process with one ledger and one hookpoint.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use escalator::model::TextChoice;
use escalator_examples::faq;
use escalator_house::shown::said;
use escalator_testkit::{
    desk::{DeskState, Line, Party, Reply, Session, SessionStatus, Upload},
    discord::{self, Content},
    telegram::{self, Media},
};
use futures::future::join_all;

use crate::{
    bot::Seen,
    home::Plan,
    square::{Console, Square},
    street::{PATIENCE, exact},
};

const TELEGRAM: usize = 250;
/// In direct messages of Discord's.
const DIRECT: usize = 125;
/// In channels of a guild, from where each goes to a thread of its own.
const GUILD: usize = 124;
const GUILD_CHANNELS: usize = 4;
/// All of them, and the terminal.
const CROWD: usize = TELEGRAM + DIRECT + GUILD + 1;
/// One machine talks for all of them.
const CROWD_PATIENCE: Duration = PATIENCE.saturating_mul(4);

const WAITING: &str = "Waiting";
const PHONE: &str = "Phone";
const CONNECTED: &str = "Connected";
const OVER: &str = "Over";

/// Where a customer sits.
enum Seat<'s> {
    Telegram(telegram::Chat),
    Direct(discord::Customer),
    Guild {
        home: discord::Customer,
        user: discord::User,
    },
    Terminal(&'s Console),
}

/// What one of the two says or does.
enum Act {
    Says(String),
    Sends { name: String, bytes: String },
    Types,
}

enum Step {
    Customer(Act),
    Agent(Act),
}

/// One conversation, and what is to happen in it.
struct Talk<'s> {
    square: &'s Square,
    name: String,
    seat: Seat<'s>,
    steps: Vec<Step>,
    ended_by: Party,
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_crowd_on_three_channels_everything_goes_to_the_chat_it_belongs_to() {
    let seed = std::env::var("HOUSE_CROWD_SEED").ok();
    let seed = seed.map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("it is a number"));
    println!("HOUSE_CROWD_SEED={seed}");
    let mut chance = fastrand::Rng::with_seed(seed);

    let square = Square::build().await;
    let open = square.open(plan()).await;
    let guild = square.discord.guild("Shop");
    let places: Vec<_> = (0..GUILD_CHANNELS)
        .map(|number| guild.channel(&format!("help-{number}")))
        .collect();
    let talks = crowd(&square, &places, &mut chance);

    everybody_asks(&talks, &mut chance);
    let sessions = everybody_waits(&square).await;
    let talks = with_threads(talks, &places).await;
    // Whoever is first at their turn goes first.
    join_all(talks.iter().map(|talk| talk.is_held(&sessions[&talk.name]))).await;
    open.house.drained().await;

    for talk in &talks {
        talk.agent_read_this_alone(&sessions[&talk.name]);
        talk.customer_saw_this_alone();
    }
    assert!(
        talks.iter().any(Talk::saw_typing),
        "signs of typing may be dropped, but not all of them"
    );
    nobody_else_was_told(&square, &talks, &places);
    the_bot_heard_its_own_part(&talks, &open.house.seen);
    square.nobody_complains();
    open.shutdown().await;
}

fn plan() -> Plan {
    let mut plan = Plan::default();
    let say = |text: &str| TextChoice::Say(text.into());
    plan.texts.waiting = say(WAITING);
    plan.texts.ask_phone = say(PHONE);
    plan.texts.connected = say(CONNECTED);
    plan.texts.ended = say(OVER);
    // It comes when the desk has the file, so at no certain place.
    plan.texts.file_received = TextChoice::Off;
    plan.omnidesk = |omnidesk| omnidesk.availability_max = Duration::from_secs(10);
    plan
}

fn crowd<'s>(square: &'s Square, places: &[discord::Place], chance: &mut fastrand::Rng) -> Vec<Talk<'s>> {
    let on_telegram = (0..TELEGRAM).map(|number| {
        let name = format!("Chat {number}");
        let chat = square.street.telegram.user(&name).private_chat();
        (name, Seat::Telegram(chat))
    });
    let user = |name: &str| {
        let username = name.to_lowercase().replace(' ', "_");
        square.discord.user(&username).global_name(name)
    };
    let direct = (0..DIRECT).map(|number| {
        let name = format!("Direct {number}");
        let seat = Seat::Direct(user(&name).dm());
        (name, seat)
    });
    let in_guild = (0..GUILD).map(|number| {
        let name = format!("Guild {number}");
        let user = user(&name).create();
        let home = user.at(&places[number % places.len()]);
        (name, Seat::Guild { home, user })
    });
    let terminal = std::iter::once(("Terminal".to_owned(), Seat::Terminal(&square.console)));
    let seats = on_telegram.chain(direct).chain(in_guild).chain(terminal);
    seats
        .map(|(name, seat)| Talk {
            square,
            steps: steps(&name, &seat, chance),
            name,
            seat,
            ended_by: if chance.bool() { Party::Agent } else { Party::Customer },
        })
        .collect()
}

/// A few acts of each side, in random order.
fn steps(name: &str, seat: &Seat<'_>, chance: &mut fastrand::Rng) -> Vec<Step> {
    let mut left = [chance.usize(2..=4), chance.usize(2..=4)];
    let mut steps = Vec::new();
    while left != [0, 0] {
        let side = chance.usize(0..2);
        if left[side] == 0 {
            continue;
        }
        left[side] -= 1;
        let number = steps.len() + 1;
        let (who, can_type) = match side {
            0 => ("Customer", !matches!(seat, Seat::Telegram(_))),
            _ => ("Agent", true),
        };
        let act = match chance.u8(0..10) {
            0..2 => Act::Sends {
                name: format!("{who}-{number}-{}.txt", name.replace(' ', "-")),
                bytes: format!("file {number} of {who} in {name}"),
            },
            2 if can_type => Act::Types,
            _ => Act::Says(format!("line {number} of {who} in {name}")),
        };
        steps.push(match side {
            0 => Step::Customer(act),
            _ => Step::Agent(act),
        });
    }
    steps
}

/// Each customer greets the bot, asks for a human and writes on, all of them at once.
fn everybody_asks(talks: &[Talk<'_>], chance: &mut fastrand::Rng) {
    let mut openings: Vec<_> = talks.iter().map(|talk| (talk, talk.opening().into_iter())).collect();
    let mut turns: Vec<_> = (0..openings.len()).flat_map(|number| [number; 3]).collect();
    chance.shuffle(&mut turns);
    for number in turns {
        let (talk, opening) = &mut openings[number];
        talk.customer_says(&opening.next().expect("an opening has three lines"));
    }
}

/// Waits until each customer has a ticket, and no agent has done anything.
async fn everybody_waits(square: &Square) -> HashMap<String, Session> {
    let waits = |desk: &DeskState| desk.session_count() == CROWD;
    let all = square.street.desk.wait_until(CROWD_PATIENCE, waits).await;
    all.expect("every customer gets a ticket");
    let sessions = square.street.desk.sessions();
    assert!(sessions.iter().all(|session| session.status == SessionStatus::Waiting));
    let name = |session: &Session| session.customer.get("customerName").cloned();
    let named: HashMap<_, _> = sessions
        .into_iter()
        .map(|session| (name(&session).unwrap_or_else(|| "Terminal".to_owned()), session))
        .collect();
    assert_eq!(named.len(), CROWD, "one ticket a customer");
    named
}

/// Lets those who asked in a guild go on in their threads.
async fn with_threads<'s>(talks: Vec<Talk<'s>>, places: &[discord::Place]) -> Vec<Talk<'s>> {
    let fake = &talks[0].square.discord;
    let threads = fake.wait_for(CROWD_PATIENCE, |world| {
        let threads = places.iter().flat_map(|place| world.threads(place.id()));
        let members = threads.flat_map(|thread| thread.members.iter().map(|member| (*member, thread.id)));
        let of: BTreeMap<u64, u64> = members.collect();
        // The bot is in each of them.
        (of.len() == GUILD + 1).then_some(of)
    });
    let threads = threads.await.expect("each customer of the guild gets a thread");
    let moved = |talk: Talk<'s>| match talk.seat {
        Seat::Guild { user, .. } => {
            let home = user.in_channel(threads[&user.id()]);
            Talk {
                seat: Seat::Guild { home, user },
                ..talk
            }
        }
        _ => talk,
    };
    talks.into_iter().map(moved).collect()
}

impl Talk<'_> {
    fn greeting(&self) -> String {
        format!("hello from {}", self.name)
    }

    fn first_line(&self) -> String {
        format!("first line of {}", self.name)
    }

    fn last_line(&self) -> String {
        format!("hello again from {}", self.name)
    }

    fn opening(&self) -> [String; 3] {
        [self.greeting(), "/human".to_owned(), self.first_line()]
    }

    fn bots_answer(&self, to: &str) -> String {
        match self.seat {
            Seat::Terminal(_) => faq::answer(to),
            _ => format!("Bot: {to}"),
        }
    }

    async fn is_held(&self, session: &Session) {
        // An agent who is ahead of the desk's answer would spare the customer the notice.
        self.customer_sees(WAITING).await;
        for step in &self.steps {
            match step {
                Step::Customer(act) => self.customer_does(act),
                Step::Agent(act) => self.agent_does(act, session).await,
            }
        }
        match self.ended_by {
            Party::Agent => {
                let wanted = self.customers_lines().len();
                let read = self.square.street.desk.wait_until(CROWD_PATIENCE, |desk| {
                    desk.session(session)
                        .is_some_and(|session| lines(session).count() >= wanted)
                });
                read.await.expect("the ticket has all lines");
                exact(self.square.street.desk.end(session).await);
            }
            _ => self.customer_says("/end"),
        }
        self.customer_sees(OVER).await;
        self.customer_says(&self.last_line());
        self.customer_sees(&self.bots_answer(&self.last_line())).await;
    }

    fn customer_says(&self, text: &str) {
        self.customer_does(&Act::Says(text.to_owned()));
    }

    fn customer_does(&self, act: &Act) {
        match (&self.seat, act) {
            (Seat::Telegram(chat), Act::Says(text)) => drop(chat.says(text)),
            (Seat::Telegram(chat), Act::Sends { name, bytes }) => {
                drop(chat.sends(Media::document(name, bytes.clone())));
            }
            (Seat::Telegram(_), Act::Types) => unreachable!("Telegram tells nobody"),
            (Seat::Direct(home) | Seat::Guild { home, .. }, act) => match act {
                Act::Says(text) => drop(home.says(text)),
                Act::Sends { name, bytes } => drop(home.sends(Content::file(name, "text/plain", bytes.clone()))),
                Act::Types => home.types().expect("they are there"),
            },
            (Seat::Terminal(console), act) => match act {
                Act::Says(text) => console.types(text),
                Act::Sends { name, bytes } => console.sends(name, bytes),
                Act::Types => console.types("/typing"),
            },
        }
    }

    async fn agent_does(&self, act: &Act, session: &Session) {
        let desk = &self.square.street.desk;
        exact(match act {
            Act::Says(text) => desk.reply(session, Reply::new(text, "Anna")).await,
            Act::Sends { name, bytes } => {
                desk.send_file(session, Upload::new(name, "text/plain", bytes.clone()))
                    .await
            }
            Act::Types => desk.typing(session, true).await,
        });
    }

    async fn customer_sees(&self, text: &str) {
        let seen = match &self.seat {
            Seat::Telegram(chat) => chat.sees_text(CROWD_PATIENCE, text).await.is_ok(),
            Seat::Direct(home) | Seat::Guild { home, .. } => home.sees_text(CROWD_PATIENCE, text).await.is_ok(),
            Seat::Terminal(console) => {
                console.sees(text).await;
                true
            }
        };
        assert!(seen, "{} does not see {text:?}, but {:?}", self.name, self.shown());
    }

    /// What the ticket is to show behind its opening.
    fn customers_lines(&self) -> Vec<String> {
        let acts = self.steps.iter().filter_map(|step| match step {
            Step::Customer(act) => Some(act),
            Step::Agent(_) => None,
        });
        let lines = acts.filter_map(Act::shown);
        std::iter::once(self.first_line()).chain(lines).collect()
    }

    fn agents_acts(&self) -> impl Iterator<Item = &Act> {
        self.steps.iter().filter_map(|step| match step {
            Step::Agent(act) => Some(act),
            Step::Customer(_) => None,
        })
    }

    /// What the customer is to see without the agent's name, but for what the bot said in a guild's channel.
    fn expected(&self) -> Vec<String> {
        let greeted = self.bots_answer(&self.greeting());
        let before = (!matches!(self.seat, Seat::Guild { .. })).then_some(greeted);
        let notices = [WAITING, PHONE, CONNECTED].map(str::to_owned);
        let said = self.agents_acts().filter_map(Act::shown);
        let after = [OVER.to_owned(), self.bots_answer(&self.last_line())];
        before.into_iter().chain(notices).chain(said).chain(after).collect()
    }

    /// What the customer saw, without the agent's name.
    fn shown(&self) -> Vec<String> {
        match &self.seat {
            Seat::Telegram(chat) => chat.transcript().from_bot().map(on_telegram).collect(),
            Seat::Direct(home) | Seat::Guild { home, .. } => home.transcript().from_bot().map(on_discord).collect(),
            Seat::Terminal(console) => {
                let shown = console.shown().into_iter();
                let shown = shown.filter(|line| line != TERMINAL_TYPING);
                shown.map(|line| said(&line).to_owned()).collect()
            }
        }
    }

    fn agent_read_this_alone(&self, session: &Session) {
        let name = &self.name;
        let session = self.square.street.desk.session(session).expect("a ticket stays");
        let opener = session.texts(Party::Customer)[0];
        assert!(opener.contains(&self.greeting()), "{opener}");
        assert_eq!(lines(&session).collect::<Vec<_>>(), self.customers_lines(), "{name}");
        assert_eq!(
            (session.status, session.ended_by),
            (SessionStatus::Ended, Some(self.ended_by)),
            "{name}"
        );
        let has_typed = |step: &Step| matches!(step, Step::Customer(Act::Types));
        let may_type = self.steps.iter().any(has_typed);
        assert!(may_type || session.events.is_empty(), "{name} did not type");
    }

    fn customer_saw_this_alone(&self) {
        let name = &self.name;
        assert_eq!(self.shown(), self.expected(), "{name}");
        let may_type = self.agents_acts().any(|act| matches!(act, Act::Types));
        assert!(may_type || !self.saw_typing(), "the agent of {name} did not type");
    }

    fn saw_typing(&self) -> bool {
        match &self.seat {
            Seat::Telegram(chat) => !chat.transcript().actions().is_empty(),
            Seat::Direct(home) | Seat::Guild { home, .. } => !home.transcript().typing().is_empty(),
            Seat::Terminal(console) => console.shown().iter().any(|line| line == TERMINAL_TYPING),
        }
    }
}

/// How the terminal shows typing.
const TERMINAL_TYPING: &str = "(an agent is typing)";

impl Act {
    /// What is to be seen of it on the other side.
    fn shown(&self) -> Option<String> {
        match self {
            Self::Says(text) => Some(text.clone()),
            Self::Sends { name, bytes } => Some(format!("{name}: {bytes}")),
            Self::Types => None,
        }
    }
}

/// What a ticket shows on the customer's side behind the opening.
fn lines(session: &Session) -> impl Iterator<Item = String> {
    let lines = session.transcript.iter().filter(|line| line.from == Party::Customer);
    lines.skip(1).map(|line: &Line| match line.file() {
        Some(file) => format!("{}: {}", file.name, String::from_utf8_lossy(&file.bytes)),
        None => line.text().unwrap_or_default().to_owned(),
    })
}

fn on_telegram(message: &telegram::Message) -> String {
    match &message.file {
        Some(file) => format!(
            "{}: {}",
            file.name.as_deref().unwrap_or_default(),
            String::from_utf8_lossy(&file.bytes)
        ),
        None => said(message.words().unwrap_or_default()).to_owned(),
    }
}

/// The agent's name stands in front of the first of a turn, or is that of a webhook's author.
fn on_discord(message: &discord::Message) -> String {
    if let Some(file) = message.files.first() {
        return format!("{}: {}", file.name, String::from_utf8_lossy(&file.bytes));
    }
    said(&message.content.replace("**", "")).to_owned()
}

/// What was sent is what the customers were shown, and in the guild's channels the bot answered greetings alone.
fn nobody_else_was_told(square: &Square, talks: &[Talk<'_>], places: &[discord::Place]) {
    let sent = square.street.telegram.calls();
    let sent = sent
        .iter()
        .filter(|call| call.method.starts_with("send") && call.method != "sendChatAction");
    let shown = |is_it: fn(&Seat<'_>) -> bool| {
        let theirs = talks.iter().filter(|talk| is_it(&talk.seat));
        theirs.map(|talk| talk.shown().len()).sum::<usize>()
    };
    assert_eq!(sent.count(), shown(|seat| matches!(seat, Seat::Telegram(_))));

    let sent = square.discord.calls();
    let sent = sent
        .iter()
        .filter(|call| call.is("POST", "/channels/*/messages") || call.is("POST", "/webhooks/*/*"));
    let in_chats = shown(|seat| matches!(seat, Seat::Direct(_) | Seat::Guild { .. }));
    assert_eq!(sent.count(), in_chats + GUILD);
    let webhooks = square.discord.calls_of("POST", "/channels/*/webhooks");
    assert_eq!(webhooks.len(), GUILD_CHANNELS, "one webhook a channel is enough");
    let mut greeted: Vec<_> = places
        .iter()
        .flat_map(|place| place.transcript().from_bot().map(on_discord).collect::<Vec<_>>())
        .collect();
    let guests = talks.iter().filter(|talk| matches!(talk.seat, Seat::Guild { .. }));
    let mut expected: Vec<_> = guests.map(|talk| talk.bots_answer(&talk.greeting())).collect();
    greeted.sort_unstable();
    expected.sort_unstable();
    assert_eq!(greeted, expected);
}

/// The bot heard what was said before and after the human's part, and nothing of that.
fn the_bot_heard_its_own_part(talks: &[Talk<'_>], seen: &Seen) {
    let heard_by_ours = talks.iter().filter(|talk| !matches!(talk.seat, Seat::Terminal(_)));
    let mut expected: Vec<_> = heard_by_ours
        .flat_map(|talk| [talk.greeting(), "/human".to_owned(), talk.last_line()])
        .collect();
    let mut heard = seen.all();
    heard.sort_unstable();
    expected.sort_unstable();
    assert_eq!(heard, expected);
}
