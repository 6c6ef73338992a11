//! The example Discord bot, killed again and again in mid-conversation while both sides write on.

use std::{ops::Range, time::Duration};

use escalator_house::{
    judge::{Verdict, bot_lines_after_takeover, judge},
    town::{Bot, Town},
};
use escalator_testkit::{
    desk::{HookAnswer, HookRecord, HookRetry, Session, SessionStatus, Upload},
    discord::Content,
};
use futures::future::join_all;

use crate::{
    guest::{ENDED, Guest, TEXT, Talk, WITH_YOU, town},
    square::discord_does_not_complain,
    street::exact,
};

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
        talk.asks_bot("your hours?", "Bot: We are open").await;
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
            watched.customer_sees(&reply(round, cut_behind)).await;
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
        talk.customer_sees(&reply(round, 3)).await;
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
        let mut said: Vec<_> = (0..4).map(|number| reply(round, number)).collect();
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
