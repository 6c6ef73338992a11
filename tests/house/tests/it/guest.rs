//! Customers of the example Discord bot, which runs in a process of its own.

use escalator_house::{
    shown::said,
    town::{PATIENCE, Town},
};
use escalator_testkit::{
    desk::{DeskState, Encoding, Reply, Session, SessionStatus, Upload},
    discord::{Channel, Customer, Message, Place, User, World},
};

use crate::street::{exact, lines_of};

/// What a customer is told at the end.
pub(crate) const ENDED: &str = "The chat with our team is over. You are talking to the bot again.";
/// Part of what a customer is told when an agent is there.
pub(crate) const WITH_YOU: &str = "is with you now";
/// What stands in the files.
pub(crate) const TEXT: &[u8] = b"no words, but a head and a tail";

pub(crate) async fn town() -> Town {
    let program = env!("CARGO_BIN_EXE_killable_discord_bot").into();
    Town::build(program, Encoding::Multipart)
        .await
        .expect("the town is built")
}

/// A customer of the bot.
pub(crate) struct Guest<'t> {
    pub(crate) town: &'t Town,
    pub(crate) name: &'static str,
    pub(crate) user: User,
    /// Where they ask for a human.
    pub(crate) home: Customer,
    /// The channel of their thread's, for one who asks in a guild.
    pub(crate) guild: Option<Place>,
}

/// A customer with an agent.
pub(crate) struct Talk<'g> {
    pub(crate) guest: &'g Guest<'g>,
    pub(crate) session: Session,
    /// Where the agent speaks: at home, or in the thread.
    pub(crate) there: Customer,
}

impl<'t> Guest<'t> {
    pub(crate) fn in_direct_messages(town: &'t Town, name: &'static str) -> Self {
        let user = town.discord.user(&name.to_lowercase()).global_name(name).create();
        Self {
            town,
            name,
            home: user.dm(),
            user,
            guild: None,
        }
    }

    pub(crate) fn in_guild(town: &'t Town, name: &'static str) -> Self {
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
    pub(crate) async fn escalates(&self) -> Talk<'_> {
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
    /// Asks the bot something, and waits for its answer.
    pub(crate) async fn asks_bot(&self, question: &str, answer: &str) {
        self.there.says(question);
        self.customer_sees_one(|text| text.starts_with(answer), answer).await;
    }

    pub(crate) async fn agent_says(&self, text: &str) {
        exact(
            self.guest
                .town
                .desk
                .reply(&self.session, Reply::new(text, "Anna"))
                .await,
        );
    }

    pub(crate) async fn agent_sends(&self, file: Upload) {
        exact(self.guest.town.desk.send_file(&self.session, file).await);
    }

    pub(crate) async fn desk_has(&self, wanted: impl Fn(&Session) -> bool) {
        let has = |desk: &DeskState| desk.session(&self.session).is_some_and(&wanted);
        let had = self.guest.town.desk.wait_until(PATIENCE, has).await;
        assert!(
            had.is_ok(),
            "the ticket of {} has only {:?}",
            self.guest.name,
            self.at_desk()
        );
    }

    pub(crate) async fn desk_reads(&self, line: &str) {
        self.desk_has(|session| session.transcript.iter().any(|of| of.text() == Some(line)))
            .await;
    }

    /// Waits until a line is shown, as [`Self::in_chat`] tells it.
    pub(crate) async fn customer_sees(&self, line: &str) {
        self.customer_sees_one(|shown| shown == line, line).await;
    }

    pub(crate) async fn customer_sees_one(&self, wanted: impl Fn(&str) -> bool, what: &str) {
        let seen = self.there.sees(PATIENCE, |message| wanted(said(&shown(message)))).await;
        assert!(
            seen.is_ok(),
            "{} does not see {what:?}, but {:?}",
            self.guest.name,
            self.in_chat()
        );
    }

    /// What the ticket shows on the customer's side behind the opening.
    pub(crate) fn at_desk(&self) -> Vec<String> {
        self.guest.town.desk.look(|desk| lines_of(desk, &self.session))
    }

    /// What the customer saw there: texts without the agent's name, and the names of files.
    pub(crate) fn in_chat(&self) -> Vec<String> {
        let shown = bot_lines(&self.there);
        shown.iter().map(|line| said(line).to_owned()).collect()
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

/// What a customer was shown where they sit: texts with the agent's name where it is shown, and the names of files.
pub(crate) fn bot_lines(seat: &Customer) -> Vec<String> {
    seat.transcript().from_bot().map(shown).collect()
}
