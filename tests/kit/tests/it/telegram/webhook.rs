//! Updates that are posted instead of being polled.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
    routing::post,
};
use escalator_testkit::telegram::{FakeTelegram, Fault, On, Plan, Post, WEBHOOK, World};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{SOON, call, refused};

/// A bot that writes down what it is posted, and answers as it is told.
#[derive(Clone, Default)]
struct Bot(Arc<Mutex<Heard>>);

#[derive(Default)]
struct Heard {
    updates: Vec<Value>,
    secrets: Vec<Option<String>>,
    /// How many it refuses from now on.
    refuses: usize,
}

impl Bot {
    async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}/hook", listener.local_addr().expect("it has one"));
        let app = Router::new().route("/hook", post(receive)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        url
    }

    fn refuse(&self, times: usize) {
        self.0.lock().expect("nobody panics").refuses = times;
    }

    fn texts(&self) -> Vec<String> {
        let heard = self.0.lock().expect("nobody panics");
        let texts = heard
            .updates
            .iter()
            .filter_map(|update| update["message"]["text"].as_str());
        texts.map(str::to_owned).collect()
    }
}

async fn receive(State(bot): State<Bot>, headers: HeaderMap, body: String) -> Response {
    let mut heard = bot.0.lock().expect("nobody panics");
    let secret = headers.get("X-Telegram-Bot-Api-Secret-Token");
    heard
        .secrets
        .push(secret.map(|secret| secret.to_str().expect("it is text").to_owned()));
    if heard.refuses > 0 {
        heard.refuses -= 1;
        return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")]).into_response();
    }
    heard.updates.push(serde_json::from_str(&body).expect("it is JSON"));
    StatusCode::OK.into_response()
}

async fn start() -> FakeTelegram {
    let fake = FakeTelegram::builder().local_webhooks();
    fake.post_wait_max(Duration::from_millis(20))
        .start()
        .await
        .expect("a port is free")
}

async fn set(fake: &FakeTelegram, url: &str) {
    let hook = json!({ "url": url, "secret_token": "s_1-A", "max_connections": 2 });
    assert_eq!(call(fake, "setWebhook", hook).await.0, 200);
}

#[tokio::test]
async fn what_waited_and_what_comes_is_posted_with_the_secret_and_forgotten() {
    let (fake, bot) = (start().await, Bot::default());
    let ada = fake.user("Ada").private_chat();
    ada.says("before");
    set(&fake, &bot.serve().await).await;
    ada.says("after");
    fake.wait_until(SOON, World::all_confirmed)
        .await
        .expect("both are posted");
    assert_eq!(bot.texts(), ["before", "after"]);
    let secrets = bot.0.lock().expect("nobody panics").secrets.clone();
    assert_eq!(secrets, [Some("s_1-A".to_owned()), Some("s_1-A".to_owned())]);
    assert_eq!(refused(&fake, "getUpdates", json!({})).await.0, 409);
    call(&fake, "deleteWebhook", json!({})).await;
    ada.says("polled");
    let (_, polled) = call(&fake, "getUpdates", json!({})).await;
    assert_eq!(polled["result"][0]["message"]["text"], "polled");
}

#[tokio::test]
async fn one_that_is_refused_comes_again_before_the_next_of_its_chat_and_holds_up_no_other() {
    let (fake, bot) = (start().await, Bot::default());
    let (ada, ida) = (fake.user("Ada").private_chat(), fake.user("Ida").private_chat());
    let broken = fake.fault(On::method(WEBHOOK).in_chat(ada.id()), Plan::Always(Fault::Refuse));
    set(&fake, &bot.serve().await).await;
    let first = ada.says("one").update_id;
    ada.says("two");
    ida.says("of Ida");
    let failed = |world: &World| world.posts().iter().filter(|post| post.status.is_none()).count() >= 2;
    fake.wait_until(SOON, failed).await.expect("it is tried again");
    fake.wait_until(SOON, |world| world.pending_updates().len() == 2)
        .await
        .expect("Ida's has arrived");
    assert_eq!(bot.texts(), ["of Ida"]);
    let (_, info) = call(&fake, "getWebhookInfo", json!({})).await;
    assert_eq!(info["result"]["last_error_message"], "Connection refused");
    assert_eq!(info["result"]["max_connections"], 2);

    bot.refuse(2);
    fake.release(broken);
    fake.wait_until(SOON, World::all_confirmed)
        .await
        .expect("all are posted");
    assert_eq!(bot.texts(), ["of Ida", "one", "two"]);
    let refusals = |world: &World| {
        let of_first = world.posts().iter().filter(|post| post.update_id == first);
        of_first.filter(|post| post.status == Some(503)).count()
    };
    assert_eq!(fake.look(refusals), 2, "the same update came again");
    assert_eq!(
        fake.look(|world| world.posts().last().cloned())
            .map(|Post { status, .. }| status),
        Some(Some(200))
    );
}

#[tokio::test]
async fn an_answer_that_is_lost_makes_a_double() {
    let (fake, bot) = (start().await, Bot::default());
    fake.fault(On::method(WEBHOOK), Plan::Next(1, Fault::LoseAnswer));
    set(&fake, &bot.serve().await).await;
    fake.user("Ada").private_chat().says("once");
    fake.wait_until(SOON, World::all_confirmed).await.expect("it is posted");
    assert_eq!(bot.texts(), ["once", "once"]);
}

#[tokio::test]
async fn a_secret_or_an_address_that_telegram_refuses_is_refused() {
    let fake = start().await;
    for (hook, why) in [
        (
            json!({"url": "https://example.com", "secret_token": "a b"}),
            "secret token contains unallowed characters",
        ),
        (
            json!({"url": "https://example.com", "secret_token": "x".repeat(257)}),
            "secret token is too long",
        ),
    ] {
        let (status, said) = refused(&fake, "setWebhook", hook).await;
        assert_eq!((status, said), (400, format!("Bad Request: {why}")));
    }
    let strict = FakeTelegram::builder().start().await.expect("a port is free");
    let (status, _) = refused(&strict, "setWebhook", json!({"url": "http://127.0.0.1:1/"})).await;
    assert_eq!(status, 400);
}
