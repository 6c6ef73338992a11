//! Posting updates to a webhook, as `WebhookActor.cpp` of `tdlib/telegram-bot-api` does: one after the other in each lane,
//! several lanes at once, and again until it is answered with a 2xx.

use std::{
    collections::{HashMap, HashSet},
    future::pending,
    sync::{Arc, Weak},
    time::Duration,
};

use reqwest::{Client, header::RETRY_AFTER, redirect};
use serde_json::Value;
use tokio::{sync::watch, task::JoinSet, time::Instant};
use url::Host;

use super::{
    call::WEBHOOK,
    fault::Fault,
    shared::Shared,
    world::{Post, Webhook, World, unix_now},
};

/// In this header the bot is told the secret.
const SECRET_HEADER: &str = "X-Telegram-Bot-Api-Secret-Token";

/// How long the bot may take to answer.
const ANSWER_MAX: Duration = Duration::from_mins(1);

/// The wait that grows with each failure behind the first.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait that a bot may ask for.
const ASKED_MAX: Duration = Duration::from_hours(1);

/// Posts for as long as the server lives.
pub(crate) fn start(shared: &Arc<Shared>) {
    let post = Postman {
        shared: Arc::downgrade(shared),
        http: Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(ANSWER_MAX)
            .build()
            .expect("a client without settings of the system can be made"),
        under_way: JoinSet::new(),
        busy: HashSet::new(),
        failures: HashMap::new(),
    };
    tokio::spawn(post.run(shared.polling()));
}

/// What is posted one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Lane {
    /// The messages of a chat, and their edits.
    Chat(i64),
    /// The buttons that a user presses.
    Presses(i64),
    /// An update beside all others.
    Alone(i64),
}

/// What is known of a lane whose first update was not taken.
struct Failure {
    times: u32,
    not_before: Instant,
}

struct Postman {
    shared: Weak<Shared>,
    http: Client,
    under_way: JoinSet<Posted>,
    busy: HashSet<Lane>,
    failures: HashMap<Lane, Failure>,
}

/// A post that is over.
struct Posted {
    lane: Lane,
    update_id: i64,
    answer: Result<u16, String>,
    asks: Option<Duration>,
}

impl Postman {
    async fn run(mut self, mut news: watch::Receiver<u64>) {
        loop {
            news.borrow_and_update();
            let wakes_at = match self.shared.upgrade() {
                Some(shared) => self.post_what_is_due(&shared),
                None => return,
            };
            tokio::select! {
                told = news.changed() => if told.is_err() { return },
                Some(posted) = self.under_way.join_next() => match (posted, self.shared.upgrade()) {
                    (Ok(posted), Some(shared)) => self.settle(&shared, posted),
                    _ => return,
                },
                () = until(wakes_at) => {}
            }
        }
    }

    /// Begins what can begin; returns when the next lane may.
    fn post_what_is_due(&mut self, shared: &Arc<Shared>) -> Option<Instant> {
        let (webhook, updates) = shared.look(due);
        let webhook = webhook?;
        let now = Instant::now();
        let mut wakes_at = None;
        let mut seen = HashSet::new();
        for update in updates {
            let (lane, update_id) = (lane(&update), id(&update));
            // The first of each lane alone.
            if !seen.insert(lane) || self.busy.contains(&lane) || self.under_way.len() >= at_once(&webhook) {
                continue;
            }
            match self.failures.get(&lane) {
                Some(failure) if failure.not_before > now => {
                    wakes_at = [wakes_at, Some(failure.not_before)].into_iter().flatten().min();
                }
                _ => {
                    self.busy.insert(lane);
                    let post = post(self.http.clone(), Arc::downgrade(shared), webhook.clone(), update);
                    self.under_way.spawn(async move {
                        let (answer, asks) = post.await;
                        Posted {
                            lane,
                            update_id,
                            answer,
                            asks,
                        }
                    });
                }
            }
        }
        wakes_at
    }

    fn settle(&mut self, shared: &Shared, posted: Posted) {
        let Posted {
            lane,
            update_id,
            answer,
            asks,
        } = posted;
        self.busy.remove(&lane);
        let failed = match &answer {
            Ok(200..=299) => None,
            Ok(status) => Some(format!("Wrong response from the webhook: {status}")),
            Err(why) => Some(why.clone()),
        };
        if failed.is_some() {
            let times = self.failures.get(&lane).map_or(1, |failure| failure.times + 1);
            let wait = wait(times, asks).min(shared.limits.post_wait_max);
            let not_before = Instant::now() + wait;
            self.failures.insert(lane, Failure { times, not_before });
        } else {
            self.failures.remove(&lane);
        }
        shared.change_polling(|world| {
            world.posts.push(Post {
                update_id,
                status: answer.ok(),
            });
            match failed {
                None => world.queue.forget(update_id),
                Some(why) => {
                    if let Some(webhook) = &mut world.webhook {
                        webhook.failed = Some((unix_now(), why));
                    }
                }
            }
        });
    }
}

/// The webhook that is posted to now, and what is loaded for it.
fn due(world: &World) -> (Option<Webhook>, Vec<Value>) {
    let webhook = world
        .webhook
        .as_ref()
        .filter(|webhook| !world.away && is_of_this_machine(&webhook.url));
    let loaded = webhook.map_or(0, |webhook| 2 * at_once(webhook));
    (webhook.cloned(), world.queue.oldest(loaded))
}

async fn post(
    http: Client,
    shared: Weak<Shared>,
    webhook: Webhook,
    update: Value,
) -> (Result<u16, String>, Option<Duration>) {
    let fault = shared
        .upgrade()
        .and_then(|shared| shared.change(|world| strike(world, &update)));
    if fault == Some(Fault::Refuse) {
        return (Err("Connection refused".to_owned()), None);
    }
    let mut request = http.post(&webhook.url).header("Content-Type", "application/json");
    if let Some(secret) = &webhook.secret {
        request = request.header(SECRET_HEADER, secret);
    }
    match request.body(update.to_string()).send().await {
        Ok(_) if fault == Some(Fault::LoseAnswer) => (Err("Webhook connection closed".to_owned()), None),
        Ok(answer) => {
            let asks = answer
                .headers()
                .get(RETRY_AFTER)
                .and_then(|secs| secs.to_str().ok()?.parse().ok());
            (Ok(answer.status().as_u16()), asks.map(Duration::from_secs))
        }
        Err(failed) if failed.is_timeout() => (Err("Read timeout expired".to_owned()), None),
        Err(_) => (Err("Connection refused".to_owned()), None),
    }
}

fn strike(world: &mut World, update: &Value) -> Option<Fault> {
    let of_chat = match lane(update) {
        Lane::Chat(chat) | Lane::Presses(chat) => world.faults.strike_chat(WEBHOOK, chat),
        Lane::Alone(_) => None,
    };
    of_chat.or_else(|| world.faults.strike(WEBHOOK))
}

/// A first failure is tried again at once, unless the bot asks for a wait.
fn wait(times: u32, asks: Option<Duration>) -> Duration {
    match asks.filter(|asks| !asks.is_zero()) {
        Some(asks) => asks.min(ASKED_MAX),
        None if times < 2 => Duration::ZERO,
        None => FIRST_WAIT * 2_u32.saturating_pow(times - 1),
    }
}

fn lane(update: &Value) -> Lane {
    let number = |kind: &str, of: &str| update.get(kind)?.get(of)?.get("id")?.as_i64();
    let chat = number("message", "chat").or_else(|| number("edited_message", "chat"));
    let presses = || number("callback_query", "from").map(Lane::Presses);
    chat.map(Lane::Chat)
        .or_else(presses)
        .unwrap_or_else(|| Lane::Alone(id(update)))
}

fn id(update: &Value) -> i64 {
    update["update_id"].as_i64().unwrap_or_default()
}

fn at_once(webhook: &Webhook) -> usize {
    usize::try_from(webhook.max_connections).unwrap_or(1)
}

/// Nothing of a test leaves this machine.
fn is_of_this_machine(url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else { return false };
    let is_local = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "http" && is_local
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_and_edits_of_a_chat_go_one_after_the_other_and_the_rest_beside_them() {
        let of = |update: Value| lane(&update);
        assert_eq!(
            of(json!({"update_id": 1, "message": {"chat": {"id": 7}}})),
            Lane::Chat(7)
        );
        assert_eq!(
            of(json!({"update_id": 2, "edited_message": {"chat": {"id": 7}}})),
            Lane::Chat(7)
        );
        assert_eq!(
            of(json!({"update_id": 3, "callback_query": {"from": {"id": 7}}})),
            Lane::Presses(7)
        );
        assert_eq!(of(json!({"update_id": 4, "poll": {}})), Lane::Alone(4));
    }

    #[test]
    fn waits_grow_unless_the_bot_asks_for_one() {
        let secs = |times| wait(times, None).as_secs();
        assert_eq!([secs(1), secs(2), secs(3), secs(4)], [0, 2, 4, 8]);
        assert_eq!(wait(5, Some(Duration::from_secs(1))), Duration::from_secs(1));
        assert_eq!(wait(1, Some(Duration::from_hours(2))), ASKED_MAX);
    }

    #[test]
    fn nothing_is_posted_beyond_this_machine() {
        for near in ["http://127.0.0.1:8080/hook", "http://[::1]/", "http://localhost:1"] {
            assert!(is_of_this_machine(near), "{near}");
        }
        for far in [
            "https://example.com/hook",
            "http://10.0.0.1/",
            "https://127.0.0.1/",
            "",
            "127.0.0.1",
        ] {
            assert!(!is_of_this_machine(far), "{far}");
        }
    }
}
