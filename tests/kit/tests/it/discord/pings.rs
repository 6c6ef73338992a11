//! Whom a message tells by sound.

use std::collections::BTreeSet;

use escalator_testkit::discord::{Content, FakeDiscord, Pings};
use serde_json::{Value, json};

use super::{call, id_of, start};

/// Sends as the bot; returns the message's id.
async fn send(fake: &FakeDiscord, channel: u64, body: Value) -> u64 {
    let (status, made) = call(fake, "POST", &format!("/channels/{channel}/messages"), body).await;
    assert_eq!(status, 200, "{made}");
    id_of(&made)
}

#[tokio::test]
async fn a_message_tells_those_whom_its_sender_allows() {
    let fake = start().await;
    let guild = fake.guild("Shop");
    let help = guild.channel("help");
    let (ada, eve) = (fake.user("ada").create(), fake.user("eve").create());
    let (here, _) = (ada.at(&help), eve.at(&help));
    let stranger = fake.user("stranger").create().id();
    let staff = guild.role("staff");
    guild.give(staff, &eve);
    let content = format!("@everyone @here <@{}> <@!{stranger}> <@&{staff}>", ada.id());
    let told = async |allowed: Option<Value>| {
        let mut body = json!({ "content": content });
        if let Some(allowed) = allowed {
            body["allowed_mentions"] = allowed;
        }
        let id = send(&fake, help.id(), body).await;
        fake.pings(help.id(), id)
    };
    let people = |users: &[u64]| users.iter().copied().collect::<BTreeSet<_>>();
    let all = told(None).await;
    assert!(all.is_superset(&people(&[ada.id(), eve.id()])) && !all.contains(&stranger));
    assert!(!all.contains(&fake.bot_id()), "nobody is told of what they said");
    assert_eq!(told(Some(json!({ "parse": [] }))).await, people(&[]));
    assert_eq!(told(Some(json!({}))).await, people(&[]));
    assert_eq!(told(Some(json!({ "parse": ["users"] }))).await, people(&[ada.id()]));
    assert_eq!(told(Some(json!({ "parse": ["roles"] }))).await, people(&[eve.id()]));
    let by_id = json!({ "roles": [staff.to_string()], "users": [eve.id().to_string()] });
    assert_eq!(told(Some(by_id)).await, people(&[eve.id()]));
    assert_eq!(told(Some(json!({ "parse": ["everyone"] }))).await, all);

    let silent = json!({ "content": content, "flags": 1 << 12 });
    assert_eq!(fake.pings(help.id(), send(&fake, help.id(), silent).await), people(&[]));
    let asked = here.says("question");
    let answer = |allowed: Value| {
        json!({
            "content": "x", "message_reference": { "message_id": asked.to_string() }, "allowed_mentions": allowed,
        })
    };
    let said = send(&fake, help.id(), answer(json!({ "parse": [], "replied_user": true }))).await;
    assert_eq!(fake.pings(help.id(), said), people(&[ada.id()]));
    let said = send(&fake, help.id(), answer(json!({ "parse": [] }))).await;
    assert_eq!(fake.pings(help.id(), said), people(&[]));
}

#[tokio::test]
async fn an_edit_and_a_webhook_are_held_to_it_too() {
    let fake = start().await;
    let help = fake.guild("Shop").channel("help");
    let ada = fake.user("ada").create();
    let seat = ada.at(&help);
    let named = format!("<@{}>", ada.id());
    let said = send(&fake, help.id(), json!({ "content": "x" })).await;
    let path = format!("/channels/{}/messages/{said}", help.id());
    let edit = |allowed: Value| json!({ "content": named, "allowed_mentions": allowed });
    assert_eq!(call(&fake, "PATCH", &path, edit(json!({ "parse": [] }))).await.0, 200);
    assert_eq!(fake.pings(help.id(), said).len(), 0);
    assert_eq!(
        call(&fake, "PATCH", &path, edit(json!({ "parse": ["users"] }))).await.0,
        200
    );
    assert_eq!(fake.pings(help.id(), said).len(), 1);

    let hooks = format!("/channels/{}/webhooks", help.id());
    let (_, hook) = call(&fake, "POST", &hooks, json!({ "name": "Desk" })).await;
    let token = hook["token"].as_str().expect("it is the bot's own");
    let path = format!("/webhooks/{}/{token}?wait=true", id_of(&hook));
    let (_, made) = call(&fake, "POST", &path, json!({ "content": named })).await;
    assert_eq!(fake.pings(help.id(), id_of(&made)), BTreeSet::from([ada.id()]));

    let said = seat.sends(Content::text(format!("<@{}> @everyone", fake.bot_id())));
    let shown = help.transcript().message(said).cloned().expect("it is there");
    assert!(shown.pings.everyone && !shown.pings.is_empty());
    assert!(fake.pings(help.id(), said).contains(&fake.bot_id()));
    assert!(Pings::default().is_empty());
}
