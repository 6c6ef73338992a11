//! A street: the two stand-ins, and the ground on which a house is opened, closed and opened again.

use std::{
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use escalator_house::shown::{said, sees};
use escalator_testkit::{
    desk::{
        Content, DeskSimulator, DeskSimulatorBuilder, DeskState, HookAnswer, HookError, Party, Reply, Session,
        SessionStatus,
    },
    telegram::{Chat, FakeTelegram, Message, World},
};
use tempfile::TempDir;
use tracing_subscriber::EnvFilter;

pub(crate) use escalator_house::town::PATIENCE;

/// The stand-ins, and what a house keeps from one opening to the next.
pub(crate) struct Street {
    pub(crate) desk: DeskSimulator,
    pub(crate) telegram: FakeTelegram,
    folder: TempDir,
    /// Where the hookpoint was served last, so that a house that opens again is found where it was.
    hookpoint: Mutex<SocketAddr>,
}

impl Street {
    pub(crate) async fn build() -> Self {
        Self::with_desk(DeskSimulator::builder()).await
    }

    pub(crate) async fn with_desk(desk: DeskSimulatorBuilder) -> Self {
        let logs = tracing_subscriber::fmt().with_env_filter(EnvFilter::from_default_env());
        // The first test of the process sets the logs up for all: `RUST_LOG` says what they show.
        logs.with_test_writer().try_init().ok();
        Self {
            desk: desk.start().await.expect("the desk starts"),
            telegram: FakeTelegram::builder()
                .local_webhooks()
                .start()
                .await
                .expect("Telegram starts"),
            folder: tempfile::tempdir().expect("a folder is made"),
            hookpoint: Mutex::new((Ipv4Addr::LOCALHOST, 0).into()),
        }
    }

    /// A customer who talks to the bot. The name tells their sessions: letters, digits and spaces alone.
    pub(crate) fn customer(&self, name: &str) -> Customer<'_> {
        Customer {
            street: self,
            chat: self.telegram.user(name).language("en").private_chat(),
            name: name.to_owned(),
        }
    }

    /// A customer to whom an agent has said "Hi".
    pub(crate) async fn talk(&self, name: &str) -> Talk<'_> {
        let customer = self.customer(name);
        customer.chat.says("/human");
        let talk = customer.with_agent().await;
        talk.agent_says("Hi").await;
        talk.sees("Hi").await;
        talk
    }

    /// Nothing that was sent broke a rule of the desk or of Telegram.
    pub(crate) fn nobody_complains(&self) {
        assert_eq!(self.desk.violations(), []);
        let violations = self.telegram.violations();
        assert!(violations.is_empty(), "{violations:?}");
        if !self.telegram.spec_checked() {
            // What a test prints is shown only when it fails, unless it goes past the macros.
            let why = "skipped: the requests to Telegram were not checked against its specification, which is not here";
            writeln!(std::io::stderr(), "{why}").expect("there is a standard error");
        }
    }

    /// What is slow goes on at full speed.
    pub(crate) fn hurry(&self) {
        self.telegram.clear_faults();
        self.desk.faults().release_hanging();
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("house.db")
    }

    pub(crate) fn hookpoint(&self) -> SocketAddr {
        *self.hookpoint.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn hookpoint_is(&self, address: SocketAddr) {
        *self.hookpoint.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }
}

/// One customer.
pub(crate) struct Customer<'s> {
    street: &'s Street,
    pub(crate) chat: Chat,
    pub(crate) name: String,
}

impl<'s> Customer<'s> {
    /// Waits until the desk has a session of this customer that is not over.
    pub(crate) async fn with_agent(self) -> Talk<'s> {
        let found = self.street.desk.wait_for(PATIENCE, |desk| {
            sessions_of(desk, &self.name)
                .rfind(|session| session.status != SessionStatus::Ended)
                .cloned()
        });
        let session = found
            .await
            .unwrap_or_else(|_| panic!("no session of {} reached the desk", self.name));
        Talk {
            customer: self,
            session,
        }
    }

    /// Waits until the customer sees this text of the bot's account, with or without an agent's name.
    pub(crate) async fn sees(&self, text: &str) -> Message {
        let seen = sees(&self.chat, PATIENCE, text).await;
        seen.unwrap_or_else(|_| panic!("{} does not see {text:?}, but {:?}", self.name, self.texts()))
    }

    /// Waits until the customer sees a file of this name.
    pub(crate) async fn sees_file(&self, name: &str) -> Message {
        let seen = self.chat.sees(PATIENCE, |message| {
            message
                .file
                .as_ref()
                .is_some_and(|file| file.name.as_deref() == Some(name))
        });
        let seen = seen.await;
        seen.unwrap_or_else(|_| panic!("{} does not see the file {name}, but {:?}", self.name, self.texts()))
    }

    /// Waits until the customer sees a text of the bot's account with these words in it.
    pub(crate) async fn sees_words(&self, part: &str) -> Message {
        let seen = self.chat.sees(PATIENCE, |message| {
            message.words().is_some_and(|words| words.contains(part))
        });
        let seen = seen.await;
        seen.unwrap_or_else(|_| panic!("{} does not see {part:?}, but {:?}", self.name, self.texts()))
    }

    /// Waits until the customer has seen this many texts with these words in them.
    pub(crate) async fn sees_words_times(&self, part: &str, times: usize) {
        let seen = self.street.telegram.wait_until(PATIENCE, |world| {
            let texts = texts_in(world, self.chat.id());
            texts.iter().filter(|text| text.contains(part)).count() == times
        });
        let seen = seen.await;
        assert!(
            seen.is_ok(),
            "{} does not see {part:?} {times} times, but {:?}",
            self.name,
            self.texts()
        );
    }

    /// What the customer saw of the bot's account so far, without the agent's name.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.street.telegram.look(|world| texts_in(world, self.chat.id()))
    }

    /// The same with the agent's name, where it is shown.
    pub(crate) fn shown(&self) -> Vec<String> {
        self.street.telegram.look(|world| shown_in(world, self.chat.id()))
    }

    /// Everybody's sessions of this name at the desk, oldest first.
    pub(crate) fn sessions(&self) -> Vec<Session> {
        self.street
            .desk
            .look(|desk| sessions_of(desk, &self.name).cloned().collect())
    }
}

/// A customer with an agent, or on the way to one.
pub(crate) struct Talk<'s> {
    customer: Customer<'s>,
    /// As it was when it opened.
    pub(crate) session: Session,
}

impl<'s> std::ops::Deref for Talk<'s> {
    type Target = Customer<'s>;

    fn deref(&self) -> &Customer<'s> {
        &self.customer
    }
}

impl<'s> Talk<'s> {
    /// The agent writes, and is answered as the contract says.
    pub(crate) async fn agent_says(&self, text: &str) {
        let answer = self.street.desk.reply(&self.session, Reply::new(text, "Anna")).await;
        exact(answer);
    }

    /// The customer writes, and the agent reads it.
    pub(crate) async fn customer_says(&self, text: &str) {
        self.chat.says(text);
        self.desk_reads(text).await;
    }

    /// Waits until the ticket has a line on the customer's side with these words in it.
    pub(crate) async fn desk_reads(&self, part: &str) {
        let has = |lines: &[String]| lines.iter().any(|line| line.contains(part));
        let read = self
            .street
            .desk
            .wait_until(PATIENCE, |desk| has(&lines_of(desk, &self.session)));
        let read = read.await;
        assert!(
            read.is_ok(),
            "{part:?} did not reach the ticket of {}, but {:?}",
            self.name,
            self.lines()
        );
    }

    /// What the ticket shows on the customer's side behind the opening: texts, and the names of files.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.street.desk.look(|desk| lines_of(desk, &self.session))
    }

    /// Ends the session from the desk, and waits until the customer knows.
    pub(crate) async fn agent_ends(self) -> Customer<'s> {
        exact(self.street.desk.end(&self.session).await);
        self.customer.sees_words("is over").await;
        self.customer
    }

    /// Ends the session from the chat, and waits until both sides know.
    pub(crate) async fn customer_ends(self) -> Customer<'s> {
        self.customer.chat.says("/end");
        self.is_ended_at_desk().await;
        self.customer.sees_words("is over").await;
        self.customer
    }

    /// Waits until the desk knows of the end.
    pub(crate) async fn is_ended_at_desk(&self) {
        let ended = self.street.desk.wait_until(PATIENCE, |desk| {
            desk.session(&self.session)
                .is_some_and(|session| session.status == SessionStatus::Ended)
        });
        ended.await.expect("the desk is told of the end");
    }
}

/// A hook that was answered to the byte.
pub(crate) fn exact(answer: Result<HookAnswer, HookError>) {
    let answer = answer.expect("the hook goes out");
    assert!(
        answer.exact,
        "answered {:?} {:?} {:?}",
        answer.status, answer.body, answer.error
    );
}

/// What a ticket shows on the customer's side behind the opening: texts, and the names of files.
pub(crate) fn lines_of(desk: &DeskState, session: &Session) -> Vec<String> {
    let transcript = desk.session(session).map(|session| &session.transcript);
    let lines = transcript
        .into_iter()
        .flatten()
        .filter(|line| line.from == Party::Customer);
    let lines = lines.map(|line| match &line.content {
        Content::Text { text } => text.clone(),
        Content::File { file } => file.name.clone(),
    });
    lines.skip(1).collect()
}

/// What a customer saw of the bot's account: texts without the agent's name, and the names of files.
pub(crate) fn texts_in(world: &World, chat: i64) -> Vec<String> {
    let shown = shown_in(world, chat);
    shown.iter().map(|text| said(text).to_owned()).collect()
}

fn shown_in(world: &World, chat: i64) -> Vec<String> {
    let shown = |message: &Message| {
        let file = message.file.as_ref().and_then(|file| file.name.clone());
        file.or_else(|| message.words().map(str::to_owned)).unwrap_or_default()
    };
    let chat = world.chat(chat);
    chat.map(|chat| chat.from_bot().map(shown).collect())
        .unwrap_or_default()
}

fn sessions_of<'d>(desk: &'d DeskState, name: &'d str) -> impl DoubleEndedIterator<Item = &'d Session> {
    desk.sessions()
        .filter(move |session| session.customer.get("customerName").is_some_and(|of| of == name))
}
