//! What each failure of a call is told as.

use std::time::Duration;

use escalator::delivery::{Outcome, Scope};
use escalator_telegram::Telegram;
use escalator_testkit::telegram::{Fault, On, Plan};
use teloxide::Bot;

use super::{
    rig::{Rig, TOKEN, says},
    running::assert_no_secret,
};

async fn outcome_of(fault: Fault) -> Outcome {
    let rig = Rig::new().await;
    let ada = rig.ada();
    rig.fake.fault(On::method("sendMessage"), Plan::Next(1, fault));
    let outcome = rig.deliver(&ada, &says(None, "a private word")).await;
    let shown = format!("{outcome:?}");
    assert_no_secret(&shown);
    assert!(!shown.contains("private word"), "{shown}");
    assert_eq!(rig.fake.calls_of("sendMessage").len(), 1, "it is called once");
    outcome
}

fn refusal(code: u16, description: &str) -> Fault {
    Fault::Refusal {
        code,
        description: description.to_owned(),
    }
}

#[tokio::test]
async fn a_lost_answer_leaves_it_unknown() {
    for fault in [Fault::LoseAnswer, Fault::Refuse] {
        assert_eq!(outcome_of(fault).await.word(), "unknown");
    }
}

#[tokio::test]
async fn an_error_of_telegrams_own_leaves_it_unknown() {
    // teloxide itself waits ten seconds at a 5xx; all three wait at once.
    let (page, json, gateway) = tokio::join!(
        outcome_of(Fault::Html { status: 502 }),
        outcome_of(refusal(500, "Internal Server Error")),
        outcome_of(refusal(502, "Bad Gateway")),
    );
    for outcome in [page, json, gateway] {
        assert_eq!(outcome.word(), "unknown");
    }
}

#[tokio::test]
async fn silence_leaves_it_unknown() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let impatient = reqwest::Client::builder().timeout(Duration::from_millis(100));
    let impatient = impatient.build().expect("a client is made");
    let url = rig.fake.url().parse().expect("it is a URL");
    let bot = Bot::with_client(TOKEN, impatient).set_api_url(url);
    let rig = Rig {
        telegram: Telegram::new(bot, rig.house.ingress()),
        ..rig
    };
    rig.fake
        .fault(On::method("sendMessage"), Plan::Always(Fault::HangAfterEffect));
    let outcome = rig.deliver(&ada, &says(None, "hello")).await;
    assert_eq!(outcome, Outcome::unknown("Telegram did not answer in time"));
}

#[tokio::test]
async fn a_closed_port_is_not_sent_and_speaks_for_the_bot() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    rig.fake.close_port().await.expect("the port is closed");
    let outcome = rig.deliver(&ada, &says(None, "hello")).await;
    let Outcome::NotSent { detail, scope, .. } = outcome else {
        panic!("nothing was sent: {outcome:?}");
    };
    assert_eq!(scope, Scope::Door);
    assert_eq!(detail, "Telegram cannot be reached: connection refused");
}

#[tokio::test]
async fn a_wait_is_handed_on_and_speaks_for_the_chat_until_many_wait() {
    let rig = Rig::new().await;
    let wait = Fault::RetryAfter { secs: 7 };
    rig.fake.fault(On::method("sendMessage"), Plan::Always(wait));
    let mut scopes = Vec::new();
    for name in ["Ada", "Eve", "Ida"] {
        let chat = rig.fake.user(name).private_chat();
        match rig.deliver(&chat, &says(None, "hello")).await {
            Outcome::NotSent { retry_after, scope, .. } => {
                assert_eq!(retry_after, Some(Duration::from_secs(7)));
                scopes.push(scope);
            }
            outcome => panic!("it has to wait: {outcome:?}"),
        }
    }
    assert_eq!(scopes, [Scope::Lane, Scope::Lane, Scope::Door]);
}

#[tokio::test]
async fn a_customer_who_cannot_be_reached_is_told_in_words() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    ada.blocks_bot().expect("the chat is open");
    let blocked = rig.deliver(&ada, &says(None, "hello")).await;
    assert_eq!(blocked, Outcome::rejected("the customer has blocked the bot"));

    let eve = rig.fake.user("Eve").private_chat();
    eve.deactivates();
    let closed = rig.deliver(&eve, &says(None, "hello")).await;
    assert_eq!(closed, Outcome::rejected("the customer's Telegram account is closed"));
}

#[tokio::test]
async fn a_refusal_is_final_and_a_refused_token_closes_the_door() {
    for (fault, wanted) in [
        (
            refusal(400, "Bad Request: chat not found"),
            Outcome::rejected("Telegram does not know the customer's chat with the bot"),
        ),
        (
            refusal(403, "Forbidden: bot can't initiate conversation with a user"),
            Outcome::rejected("the customer has not started the bot"),
        ),
        (
            refusal(400, "Bad Request: message is too long"),
            Outcome::rejected("Telegram refused it: message is too long"),
        ),
        (
            refusal(400, "Bad Request: SOMETHING_NEW"),
            Outcome::rejected("Telegram refused it: SOMETHING_NEW"),
        ),
        (
            refusal(401, "Unauthorized"),
            Outcome::Refused {
                detail: "Telegram refuses the bot's token".to_owned(),
                scope: Scope::Door,
            },
        ),
    ] {
        assert_eq!(outcome_of(fault).await, wanted);
    }
}
