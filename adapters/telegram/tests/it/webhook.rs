//! Updates by webhook: nothing is answered 200 before it is accepted, or the bot has it.

use std::time::Duration;

use axum::Router;
use escalator::model::Position;
use escalator_telegram::{Webhook, WebhookSecret, WebhookSettings};
use escalator_testkit::telegram::{Fault, On, Plan, Post, WEBHOOK, World};
use reqwest::{Client, Response, StatusCode, header::RETRY_AFTER};
use serde_json::{Value, json};
use teloxide::{Bot, payloads::SetWebhookSetters, requests::Requester};
use tokio::{net::TcpListener, task::JoinHandle};
use url::Url;

use super::{
    desk_of_one::Trouble,
    rig::{Rig, SOON},
};

const SECRET: &str = "one_of-A-Z";
const HEADER: &str = "X-Telegram-Bot-Api-Secret-Token";

/// The author's server, with the webhook under a path of its own.
struct Served {
    webhook: Webhook<Bot>,
    url: Url,
    server: JoinHandle<()>,
}

impl Served {
    /// Telegram is told of it when the bot begins.
    async fn told(rig: &Rig) -> Self {
        Self::with(rig, WebhookSettings::register_at).await
    }

    async fn with(rig: &Rig, settings: impl FnOnce(WebhookSettings, Url) -> WebhookSettings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has one");
        let url: Url = format!("http://{address}/telegram/here").parse().expect("it is a URL");
        let mut quick = WebhookSettings::new(WebhookSecret::parse(SECRET).expect("it is one"));
        quick.answer_max = Duration::from_millis(100);
        let webhook = rig.telegram.webhook(settings(quick, url.clone()));
        let app = Router::new().nest("/telegram", webhook.router());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        Self { webhook, url, server }
    }

    async fn post(&self, update: &Value) -> Response {
        let post = Client::new().post(self.url.clone()).header(HEADER, SECRET);
        post.body(update.to_string()).send().await.expect("it is answered")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn says(id: u32, text: &str) -> Value {
    json!({"update_id": id, "message": {
        "message_id": id, "date": 1_700_000_000, "text": text,
        "from": {"id": 42, "is_bot": false, "first_name": "Ada"},
        "chat": {"id": 42, "type": "private", "first_name": "Ada"},
    }})
}

async fn posted(rig: &Rig, wanted: impl Fn(&[Post]) -> bool) {
    let posted = rig.fake.wait_until(SOON, |world| wanted(world.posts())).await;
    posted.unwrap_or_else(|late| panic!("{late}: {:?}", rig.fake.look(|world| world.posts().to_vec())));
}

#[tokio::test]
async fn the_bot_answers_what_is_posted_and_telegram_is_told_what_it_needs() {
    let rig = Rig::new().await;
    let served = Served::told(&rig).await;
    let ada = rig.ada();
    let running = rig.run_by_webhook(&served.webhook);
    ada.says("hello");
    ada.sees_text(SOON, "Bot: hello").await.expect("it is answered");
    ada.says("/human");
    rig.house.wait(|state| state.started.len() == 2).await;
    ada.says("my order is 12");
    rig.house.wait(|state| state.lines() == ["my order is 12"]).await;
    rig.fake
        .wait_until(SOON, World::all_confirmed)
        .await
        .expect("all is answered");

    let asked = rig.fake.calls_of("setWebhook");
    let [asked] = &asked[..] else {
        panic!("it is asked for once: {asked:?}")
    };
    assert_eq!(asked.params.text("url").as_deref(), Some(served.url.as_str()));
    assert_eq!(asked.params.text("secret_token").as_deref(), Some(SECRET));
    assert_eq!(asked.params.integer("max_connections"), Some(40));
    let kinds = asked.params.json("allowed_updates").expect("kinds are asked for");
    let mut kinds: Vec<String> = serde_json::from_value(kinds).expect("it is a list");
    kinds.sort();
    assert_eq!(kinds, ["callback_query", "edited_message", "message"]);
    assert_eq!(running.seen.all(), ["hello", "/human"]);
    running.stop().await;
    assert!(rig.fake.calls_of("getUpdates").is_empty());
    assert!(rig.fake.calls_of("deleteWebhook").is_empty());
    assert_eq!(rig.fake.violations(), []);
}

#[tokio::test]
async fn a_webhook_of_the_authors_own_is_left_as_it_is() {
    let rig = Rig::new().await;
    let served = Served::with(&rig, |settings, _| settings).await;
    let ada = rig.ada();
    let set = rig.bot.set_webhook(served.url.clone()).secret_token(SECRET);
    set.await.expect("it is set");
    let running = rig.run_by_webhook(&served.webhook);
    ada.says("hello");
    ada.sees_text(SOON, "Bot: hello").await.expect("it is answered");
    running.stop().await;
    assert_eq!(rig.fake.calls_of("setWebhook").len(), 1);
    assert!(rig.fake.calls_of("deleteWebhook").is_empty());
}

#[tokio::test]
async fn an_update_of_a_humans_chat_is_answered_only_once_it_was_accepted() {
    let rig = Rig::new().await;
    let served = Served::told(&rig).await;
    let ada = rig.ada();
    rig.house.hand_over(&rig.key(&ada));
    rig.house.set_trouble(Some(Trouble::Away));
    let running = rig.run_by_webhook(&served.webhook);
    let lines = ["one", "two", "three"];
    let sent = rig.fake.push_batch(lines.map(|line| ada.message(line)).into());
    let first = sent.expect("the chat is open")[0].update_id;
    let refused = |posts: &[Post]| posts.iter().filter(|post| post.status == Some(503)).count() >= 3;
    posted(&rig, refused).await;
    assert!(
        rig.house
            .look(|state| state.offers.iter().all(|offer| *offer == Position(first)))
    );
    assert!(
        rig.fake
            .look(|world| world.posts().iter().all(|post| post.update_id == first)),
        "the others wait"
    );
    assert_eq!(rig.fake.look(World::pending_updates).len(), 3);

    rig.house.set_trouble(None);
    rig.house.wait(|state| state.lines() == lines).await;
    rig.fake
        .wait_until(SOON, World::all_confirmed)
        .await
        .expect("all is answered");
    assert_eq!(rig.house.look(|state| state.accepted.len()), 3);
    running.stop().await;
}

#[tokio::test]
async fn an_answer_to_words_of_another_chat_has_its_words() {
    let rig = Rig::new().await;
    let served = Served::told(&rig).await;
    let ada = rig.ada();
    rig.house.hand_over(&rig.key(&ada));
    let running = rig.run_by_webhook(&served.webhook);
    let mut update = says(1, "is this true?");
    let message = &mut update["message"];
    message["chat"]["id"] = json!(ada.id());
    message["from"]["id"] = json!(ada.id());
    // It tells of no kind: what is answered is words.
    message["external_reply"] = json!({"origin": {"type": "hidden_user", "date": 1, "sender_user_name": "Bea"}});
    message["quote"] = json!({"text": "All at half price", "position": 0});
    assert_eq!(served.post(&update).await.status(), StatusCode::OK);
    let said = "[in reply to “All at half price”]\nis this true?";
    rig.house.wait(|state| state.lines() == [said]).await;
    running.stop().await;
}

#[tokio::test]
async fn who_does_not_tell_the_secret_is_turned_away_unheard() {
    let rig = Rig::new().await;
    let served = Served::told(&rig).await;
    let running = rig.run_by_webhook(&served.webhook);
    let post = |secret: Option<&str>| {
        let call = Client::new()
            .post(served.url.clone())
            .body(says(1, "hello").to_string());
        match secret {
            Some(secret) => call.header(HEADER, secret).send(),
            None => call.send(),
        }
    };
    for secret in [None, Some(""), Some("one_of-A-z"), Some("one_of-A-Z!")] {
        let answer = post(secret).await.expect("it is answered");
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{secret:?}");
    }
    let got = Client::new()
        .get(served.url.clone())
        .header(HEADER, SECRET)
        .send()
        .await;
    assert_eq!(got.expect("it is answered").status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(rig.house.look(|state| state.offers.is_empty()));
    assert_eq!(served.post(&says(1, "hello")).await.status(), StatusCode::OK);
    rig.house.wait(|state| state.offers == [Position(1)]).await;
    running.stop().await;
}

#[tokio::test]
async fn what_is_no_update_or_too_large_is_told_so() {
    let rig = Rig::new().await;
    let small = |mut settings: WebhookSettings, _| {
        settings.body_bytes_max = 1_000;
        settings
    };
    let served = Served::with(&rig, small).await;
    let running = rig.run_by_webhook(&served.webhook);
    for (body, status) in [
        (json!("no update"), StatusCode::BAD_REQUEST),
        (json!({"message": {}}), StatusCode::BAD_REQUEST),
        (says(1, &"x".repeat(1_000)), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        assert_eq!(served.post(&body).await.status(), status);
    }
    assert!(rig.house.look(|state| state.offers.is_empty()));
    running.stop().await;
}

#[tokio::test]
async fn an_update_that_teloxide_cannot_read_is_accepted_or_dropped_as_when_it_is_polled() {
    let rig = Rig::new().await;
    let served = Served::told(&rig).await;
    let ada = rig.ada();
    let running = rig.run_by_webhook(&served.webhook);
    let mut odd = says(7, "in a form of tomorrow");
    odd["message"]["chat"]["id"] = json!(ada.id());
    odd["message"]["date"] = json!("tomorrow");
    assert_eq!(served.post(&odd).await.status(), StatusCode::OK);
    rig.house.hand_over(&rig.key(&ada));
    odd["update_id"] = json!(8);
    assert_eq!(served.post(&odd).await.status(), StatusCode::OK);
    let unknown = json!({"update_id": 9, "something_new": {"text": "private"}});
    assert_eq!(served.post(&unknown).await.status(), StatusCode::OK);
    assert_eq!(rig.house.look(|state| state.offers.clone()), [Position(7), Position(8)]);
    assert_eq!(
        rig.house.look(super::desk_of_one::State::lines),
        ["in a form of tomorrow"]
    );
    assert!(running.seen.all().is_empty());
    running.stop().await;
}

#[tokio::test]
async fn more_than_can_wait_is_to_be_sent_again() {
    let rig = Rig::new().await;
    let narrow = |mut settings: WebhookSettings, _| {
        settings.waiting_max = 1;
        settings.answer_max = SOON;
        settings
    };
    let served = Served::with(&rig, narrow).await;
    let ada = rig.ada();
    rig.house.hand_over(&rig.key(&ada));
    rig.house.set_trouble(Some(Trouble::Away));
    let running = rig.run_by_webhook(&served.webhook);
    let of_ada = |id, text| {
        let mut update = says(id, text);
        update["message"]["chat"]["id"] = json!(ada.id());
        update
    };
    let post = |id, text| {
        let (url, body) = (served.url.clone(), of_ada(id, text).to_string());
        tokio::spawn(async move {
            let post = Client::new().post(url).header(HEADER, SECRET).body(body);
            post.send().await.expect("it is answered").status()
        })
    };
    let first = post(1, "one");
    rig.house.wait(|state| !state.offers.is_empty()).await;
    // One of the two finds room, whichever comes first.
    let (mut two, mut three) = (post(2, "two"), post(3, "three"));
    let (refused, waits) = tokio::select! {
        refused = &mut two => (refused, three),
        refused = &mut three => (refused, two),
    };
    assert_eq!(refused.expect("it is answered"), StatusCode::SERVICE_UNAVAILABLE);
    rig.house.set_trouble(None);
    assert_eq!(first.await.expect("it is answered"), StatusCode::OK);
    assert_eq!(waits.await.expect("it is answered"), StatusCode::OK);
    running.stop().await;
}

#[tokio::test]
async fn a_bot_that_stops_leaves_what_waits_to_the_next_one() {
    let rig = Rig::new().await;
    let served = Served::told(&rig).await;
    let ada = rig.ada();
    rig.house.hand_over(&rig.key(&ada));
    rig.house.set_trouble(Some(Trouble::Away));
    let running = rig.run_by_webhook(&served.webhook);
    ada.says("one");
    rig.house.wait(|state| !state.offers.is_empty()).await;
    running.stop().await;
    let refused = served.post(&says(1, "hello")).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers().get(RETRY_AFTER).expect("it says when"), "1");
    assert_eq!(rig.fake.look(World::pending_updates).len(), 1);

    rig.house.set_trouble(None);
    let running = rig.run_by_webhook(&served.webhook);
    ada.says("two");
    rig.house.wait(|state| state.lines() == ["one", "two"]).await;
    rig.fake
        .wait_until(SOON, World::all_confirmed)
        .await
        .expect("all is answered");
    running.stop().await;
}

#[tokio::test]
async fn who_hangs_up_takes_nothing_back() {
    let rig = Rig::new().await;
    let served = Served::with(&rig, |settings, _| settings).await;
    rig.house
        .hand_over(&rig.telegram.conversation(teloxide::types::UserId(42)));
    rig.house.set_trouble(Some(Trouble::Away));
    let running = rig.run_by_webhook(&served.webhook);
    let (url, body) = (served.url.clone(), says(1, "hello").to_string());
    let caller = tokio::spawn(async move {
        let post = Client::new().post(url).header(HEADER, SECRET).body(body);
        drop(post.send().await);
    });
    rig.house.wait(|state| !state.offers.is_empty()).await;
    caller.abort();
    rig.house.set_trouble(None);
    rig.house.wait(|state| state.lines() == ["hello"]).await;
    running.stop().await;
}

#[tokio::test]
async fn what_is_sent_again_is_not_answered_twice() {
    let rig = Rig::new().await;
    let served = Served::told(&rig).await;
    let ada = rig.ada();
    rig.fake.fault(On::method(WEBHOOK), Plan::Next(3, Fault::LoseAnswer));
    let running = rig.run_by_webhook(&served.webhook);
    ada.says("hello");
    ada.says("again");
    rig.fake
        .wait_until(SOON, World::all_confirmed)
        .await
        .expect("all is answered");
    ada.sees_text(SOON, "Bot: again").await.expect("it is answered");
    assert_eq!(running.seen.all(), ["hello", "again"]);
    assert_eq!(rig.fake.look(|world| world.posts().len()), 5);
    running.stop().await;
}

#[tokio::test]
async fn each_chat_keeps_its_order_among_many_that_are_posted_at_once() {
    let rig = Rig::new().await;
    let served = Served::told(&rig).await;
    let lost = Plan::Chance {
        probability: 0.2,
        seed: 7,
        fault: Fault::LoseAnswer,
    };
    rig.fake.fault(On::method(WEBHOOK), lost);
    let chats: Vec<_> = (0..20)
        .map(|n| rig.fake.user(&format!("Customer {n}")).private_chat())
        .collect();
    for chat in &chats {
        rig.house.hand_over(&rig.key(chat));
    }
    let running = rig.run_by_webhook(&served.webhook);
    for line in 0..10 {
        for chat in &chats {
            chat.says(&format!("{}: {line}", chat.id()));
        }
    }
    rig.fake
        .wait_until(3 * SOON, World::all_confirmed)
        .await
        .expect("all is answered");
    let lines = rig.house.look(super::desk_of_one::State::lines);
    for chat in &chats {
        let start = format!("{}: ", chat.id());
        let own: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix(&*start)).collect();
        assert_eq!(own, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    }
    running.stop().await;
}
