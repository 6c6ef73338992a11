//! Two instances on one PostgreSQL: Telegram posts to either, one of them receives.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use escalator::{
    omnidesk::{Account, AccountToken, BrandId, ChatUrl, Omnidesk, OmnideskConfig, ServerToken},
    runtime::{Database, Escalator, Running},
    store::PostgresSettings,
};
use escalator_telegram::{Telegram, WebhookSecret, WebhookSettings, client};
use escalator_testkit::{
    desk::{DeskSimulator, DeskState, Party, SessionStatus},
    postgres,
    telegram::{Chat, FakeTelegram, Fault, On, Plan, WEBHOOK, World},
};
use futures::FutureExt;
use teloxide::{
    Bot,
    dispatching::{DefaultKey, Dispatcher},
    dptree,
    error_handlers::LoggingErrorHandler,
};
use tokio::{net::TcpListener, task::JoinHandle};

use super::rig::{Failed, SOON, Seen, TOKEN, authors_handlers, quick};

const SECRET: &str = "shared-by-both";

/// One instance, with its router served on a port of its own.
struct Instance {
    running: Arc<Running>,
    telegram: Telegram<Bot>,
    bot: JoinHandle<()>,
    server: JoinHandle<()>,
    url: String,
}

impl Instance {
    async fn start(desk: &DeskSimulator, fake: &FakeTelegram, database: &str, seen: &Seen) -> Self {
        let mut shared = PostgresSettings::default();
        shared.lease = Duration::from_secs(1);
        let house = Escalator::builder(omnidesk(desk))
            .database(Database::parse(database).expect("it is an address"))
            .postgres(shared)
            .hookpoint_listen(([127, 0, 0, 1], 0).into());
        let mut house = house.open().await.expect("the house opens");
        let bot = client(TOKEN, Some(&fake.url())).expect("token and address are right");
        let telegram = Telegram::with_settings(bot.clone(), house.ingress("telegram"), quick());
        house.connect(Arc::new(telegram.clone())).expect("it is the first");
        let secret = WebhookSecret::parse(SECRET).expect("it is one");
        let webhook = telegram.webhook(WebhookSettings::new(secret));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}/", listener.local_addr().expect("it has one"));
        let router = webhook.router();
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        let running = Arc::new(house.start().await.expect("it starts"));
        let (house, channel, seen) = (Arc::clone(&running), telegram.clone(), seen.clone());
        let bot = tokio::spawn(async move {
            // Until it is taken down.
            while let Some(hold) = house.holds("telegram").await {
                let (listener, handlers) = channel.install(webhook.listener(), authors_handlers());
                let mut dispatcher: Dispatcher<Bot, Failed, DefaultKey> = Dispatcher::builder(bot.clone(), handlers)
                    .dependencies(dptree::deps![channel.clone(), seen.clone()])
                    .build();
                let dispatching = dispatcher.dispatch_with_listener(listener, LoggingErrorHandler::new());
                tokio::pin!(dispatching);
                tokio::select! {
                    () = &mut dispatching => return,
                    () = hold.lost() => channel.stop(),
                }
                dispatching.await;
            }
        });
        Self {
            running,
            telegram,
            bot,
            server,
            url,
        }
    }

    /// As a process that is killed: nothing is said to anybody.
    fn kill(&self) {
        self.bot.abort();
        self.server.abort();
    }
}

fn omnidesk(desk: &DeskSimulator) -> Omnidesk {
    let account = Account::parse(&desk.url()).expect("the desk's address is whole");
    let token = AccountToken::new(desk.account_token()).expect("the desk's token is one");
    let mut config = OmnideskConfig::new(account, token);
    config.chat_url = ChatUrl::parse(&desk.url()).expect("the desk's address is whole");
    config.server_token = Some(ServerToken::new(desk.server_token()).expect("the desk's token is one"));
    config.brand_id = Some(BrandId::new("1").expect("it is an id"));
    Omnidesk::new(config).expect("the settings agree")
}

/// What stands in front of the instances and gives each post to another one, or, where nobody is there, to the next.
async fn balance(urls: [String; 2]) -> (String, Arc<[AtomicUsize; 2]>) {
    let posted = Arc::<[AtomicUsize; 2]>::default();
    let (counts, turn) = (Arc::clone(&posted), Arc::new(AtomicUsize::new(0)));
    let pass_on = move |headers: HeaderMap, body: Bytes| {
        let (urls, counts, turn) = (urls.clone(), Arc::clone(&counts), Arc::clone(&turn));
        async move {
            let first = turn.fetch_add(1, Ordering::Relaxed);
            for at in [first % 2, (first + 1) % 2] {
                let secret = headers.get("x-telegram-bot-api-secret-token").cloned();
                let secret = secret.expect("Telegram tells the secret");
                let call = reqwest::Client::new()
                    .post(&urls[at])
                    .header("x-telegram-bot-api-secret-token", secret);
                if let Ok(answer) = call.body(body.clone()).send().await {
                    counts[at].fetch_add(1, Ordering::Relaxed);
                    return answer.status();
                }
            }
            StatusCode::BAD_GATEWAY
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}/hook", listener.local_addr().expect("it has one"));
    let app = Router::new().route("/hook", post(pass_on));
    tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
    (url, posted)
}

/// What the customer said in the session that stands, as the agent reads it, without the opener.
fn lines(desk: &DeskState) -> Vec<String> {
    let standing = desk.sessions().find(|session| session.status != SessionStatus::Ended);
    let texts = standing
        .map(|session| session.texts(Party::Customer))
        .unwrap_or_default();
    texts.iter().skip(1).map(|&line| line.to_owned()).collect()
}

async fn agent_reads(desk: &DeskSimulator, said: &[String]) {
    let read = desk.wait_until(SOON, |desk| lines(desk) == said).await;
    assert!(
        read.is_ok(),
        "the agent reads {:?} instead of {said:?}",
        desk.look(lines)
    );
}

fn says(chat: &Chat, said: &mut Vec<String>, part: &str) {
    for line in 0..10 {
        let line = format!("{part} {line}");
        chat.says(&line);
        said.push(line);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_posted_to_either_instance_reaches_the_agent_in_order_also_when_one_dies() {
    let database = postgres::database().expect("PostgreSQL is there");
    let desk = DeskSimulator::builder().start().await.expect("the desk starts");
    let fake = FakeTelegram::builder().token(TOKEN).local_webhooks();
    let fake = fake
        .post_wait_max(Duration::from_millis(50))
        .start()
        .await
        .expect("a free port is there");
    let seen = Seen::default();
    let one = Instance::start(&desk, &fake, database.url(), &seen).await;
    let two = Instance::start(&desk, &fake, database.url(), &seen).await;
    let (url, posted) = balance([one.url.clone(), two.url.clone()]).await;
    let set = reqwest::Client::new().post(format!("{}/setWebhook", fake.url_with_token()));
    let set = set
        .form(&[("url", url.as_str()), ("secret_token", SECRET)])
        .send()
        .await;
    assert!(set.expect("it is answered").status().is_success());
    let lost = Plan::Chance {
        probability: 0.2,
        seed: 3,
        fault: Fault::LoseAnswer,
    };
    fake.fault(On::method(WEBHOOK), lost);

    let ada = fake.user("Ada").private_chat();
    ada.says("hello");
    ada.sees_text(SOON, "Bot: hello").await.expect("the bot answers");
    ada.says("/human");
    let opened = desk.wait_until(SOON, |desk| desk.sessions().next().is_some()).await;
    opened.expect("a session is opened");
    let mut said = Vec::new();
    says(&ada, &mut said, "both");
    agent_reads(&desk, &said).await;
    assert!(
        posted.iter().all(|count| count.load(Ordering::Relaxed) > 2),
        "both were posted to"
    );

    // Whichever receives dies in the middle of it, and says nothing to anybody.
    let one_receives = one.running.holds("telegram").now_or_never().is_some();
    let (dead, alive) = if one_receives { (one, two) } else { (two, one) };
    says(&ada, &mut said, "dying");
    dead.kill();
    drop(dead);
    says(&ada, &mut said, "alone");
    let read = desk.wait_until(3 * SOON, |desk| {
        // What was on its way to the desk may stand twice.
        let mut read = lines(desk);
        read.dedup();
        read == said
    });
    let read = read.await;
    assert!(
        read.is_ok(),
        "the agent reads {:?} instead of {said:?}",
        desk.look(lines)
    );
    fake.wait_until(SOON, World::all_confirmed)
        .await
        .expect("all is answered");
    assert_eq!(
        seen.all()
            .iter()
            .filter(|line| *line == "hello" || *line == "/human")
            .count(),
        2
    );
    let emptied = async {
        while database.run(&["SELECT count(*) FROM arrivals"]).expect("it answers") != "0" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, emptied)
        .await
        .expect("what was dealt with is removed");
    alive.telegram.stop();
    alive.kill();
}
