//! Telegram: the adapter as an author installs it, against the fake.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use escalator::channel::Ingress;
use escalator_telegram::{Settings, Telegram, client, polling};
use escalator_testkit::{
    conformance::{
        Patience, Unsupported,
        channel::{Act, ChannelHarness, Connected, Customer, Platform, Shown},
    },
    telegram::{Chat, FakeTelegram, Fault, Media, Message, On, Plan},
};
use teloxide::{
    dispatching::{Dispatcher, UpdateFilterExt, UpdateHandler},
    dptree,
    error_handlers::LoggingErrorHandler,
    types::Update,
};
use tokio_util::sync::CancellationToken;

type Failed = Box<dyn std::error::Error + Send + Sync>;

const SECRET: &str = "AAE-secret_secret_secret_secret_secret";

pub(crate) struct Harness;

#[async_trait]
impl ChannelHarness for Harness {
    async fn platform(&self) -> Arc<dyn Platform> {
        let fake = FakeTelegram::builder().token(format!("7000000001:{SECRET}"));
        let fake = fake.start().await.expect("a free port is there");
        Arc::new(Stand {
            ada: fake.user("Ada").private_chat(),
            ben: fake.user("Ben").private_chat(),
            fake,
            updates: Mutex::default(),
            lines: Mutex::default(),
            heard: Arc::default(),
        })
    }

    fn patience(&self) -> Patience {
        Patience::default()
    }
}

struct Stand {
    fake: FakeTelegram,
    ada: Chat,
    ben: Chat,
    /// The updates that the customers made.
    updates: Mutex<Vec<i64>>,
    /// The last line of each customer.
    lines: Mutex<HashMap<Customer, i64>>,
    heard: Arc<AtomicUsize>,
}

impl Stand {
    fn chat(&self, of: Customer) -> &Chat {
        match of {
            Customer::Ada => &self.ada,
            Customer::Ben => &self.ben,
        }
    }
}

#[async_trait]
impl Platform for Stand {
    async fn connect(&self, ingress: Ingress, shutdown: CancellationToken) -> Connected {
        let bot = client(self.fake.token(), Some(&self.fake.url())).expect("token and address are right");
        let mut settings = Settings::default();
        settings.offer_retry.first_wait = Duration::from_millis(5);
        settings.offer_retry.wait_max = Duration::from_millis(50);
        let telegram = Telegram::with_settings(bot.clone(), ingress, settings);
        let (listener, handlers) = telegram.install(polling(bot.clone()), handlers());
        let mut dispatcher = Dispatcher::builder(bot, handlers)
            .dependencies(dptree::deps![Arc::clone(&self.heard)])
            .build();
        let stopped = telegram.clone();
        let receiving = tokio::spawn(async move {
            let mut dispatching = pin!(dispatcher.dispatch_with_listener(listener, LoggingErrorHandler::new()));
            tokio::select! {
                () = &mut dispatching => return,
                () = shutdown.cancelled() => stopped.stop(),
            }
            dispatching.await;
        });
        Connected {
            debug: Some(format!("{telegram:?}")),
            channel: Arc::new(telegram),
            receiving: Some(receiving),
        }
    }

    async fn customer(&self, who: Customer, act: Act) -> Result<(), Unsupported> {
        let chat = self.chat(who);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let pushed = match act {
            Act::Write(line) => chat.says(&line),
            Act::Edit(line) => chat.edits(lines[&who], &line).expect("there is a line"),
            Act::Send { name, bytes } => chat.sends(Media::document(&name, bytes)),
            Act::End => chat.says("/end"),
            _ => return Err(Unsupported),
        };
        lines.extend(pushed.message_id.map(|line| (who, line)));
        let mut updates = self.updates.lock().unwrap_or_else(PoisonError::into_inner);
        updates.push(pushed.update_id);
        Ok(())
    }

    fn acknowledged(&self) -> Option<usize> {
        let offset = self.fake.confirmed_offset().unwrap_or_default();
        let updates = self.updates.lock().unwrap_or_else(PoisonError::into_inner);
        Some(updates.iter().filter(|update| **update < offset).count())
    }

    fn redelivers(&self) -> bool {
        true
    }

    fn heard(&self) -> usize {
        self.heard.load(Ordering::SeqCst)
    }

    fn shown(&self, to: Customer) -> Vec<Shown> {
        let transcript = self.chat(to).transcript();
        let signs = transcript.actions().iter().map(|_| Shown::Typing);
        transcript.from_bot().map(shown).chain(signs).collect()
    }

    async fn set_fault(&self, fault: escalator_testkit::conformance::channel::Fault) -> Result<(), Unsupported> {
        use escalator_testkit::conformance::channel::Fault as Wanted;
        let next = |fault| {
            self.fake.fault(On::method("sendMessage"), Plan::Next(1, fault));
        };
        match fault {
            Wanted::Unreachable => self.fake.close_port().await.expect("the port is closed"),
            Wanted::Busy { retry_after } => next(Fault::RetryAfter {
                secs: u32::try_from(retry_after.as_secs()).expect("a wait is short"),
            }),
            Wanted::ServerError => next(refusal(500, "Internal Server Error")),
            Wanted::Silence => next(Fault::HangAfterEffect),
            Wanted::LostAnswer => next(Fault::LoseAnswer),
            Wanted::Closed(who) => drop(self.chat(who).blocks_bot().expect("the chat is open")),
            Wanted::AccountRefused => {
                for method in ["sendMessage", "getMe"] {
                    let refused = Plan::Always(refusal(401, "Unauthorized"));
                    self.fake.fault(On::method(method), refused);
                }
            }
            _ => return Err(Unsupported),
        }
        Ok(())
    }

    async fn mend(&self) {
        self.fake.clear_faults();
        self.fake.reopen_port().await.expect("the port was ours");
        for chat in [&self.ada, &self.ben] {
            chat.unblocks_bot().expect("there is such a chat");
        }
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned(), "/bot7000000001".to_owned()]
    }
}

fn handlers() -> UpdateHandler<Failed> {
    dptree::entry().branch(Update::filter_message().endpoint(hear))
}

async fn hear(heard: Arc<AtomicUsize>) -> Result<(), Failed> {
    heard.fetch_add(1, Ordering::SeqCst);
    Ok(())
}

fn shown(message: &Message) -> Shown {
    match &message.file {
        Some(file) => Shown::File {
            name: file.name.clone().unwrap_or_default(),
            bytes: file.bytes.clone(),
        },
        None => Shown::Text(message.words().unwrap_or_default().to_owned()),
    }
}

fn refusal(code: u16, description: &str) -> Fault {
    Fault::Refusal {
        code,
        description: description.to_owned(),
    }
}
