//! The gateway, word by word.

use std::time::{Duration, Instant};

use escalator_testkit::discord::{FakeDiscord, Seen, World};
use serde_json::{Value, json};

use super::{
    SOON, call,
    client::{Client, Heard, INTENTS},
    start,
};

#[tokio::test]
async fn the_gateway_is_found_over_rest() {
    let fake = start().await;
    let address = format!("ws://{}", fake.addr());
    for path in ["/gateway", "/gateway/bot"] {
        let (status, body) = call(&fake, "GET", path, Value::Null).await;
        assert_eq!((status, &body["url"]), (200, &json!(address)));
    }
}

#[tokio::test]
async fn ready_takes_a_moment_and_guilds_follow() {
    let fake = start().await;
    let guild = fake.guild("Shop");
    let help = guild.channel("help");
    let mut client = Client::connect(&fake).await;
    assert_eq!(client.hello().await, Duration::from_millis(41_250));
    let asked = Instant::now();
    client.identify(fake.token(), INTENTS).await;
    let ready = client.event("READY").await;
    assert!(asked.elapsed() >= Duration::from_millis(20));
    assert_eq!(ready["user"]["id"], fake.bot_id().to_string());
    assert_eq!(
        ready["guilds"][0],
        json!({ "id": guild.id().to_string(), "unavailable": true })
    );
    let created = client.event("GUILD_CREATE").await;
    assert_eq!(created["channels"][0]["id"], help.id().to_string());
    assert_eq!(created["threads"], json!([]));
    assert!(fake.gateway().connected());
}

#[tokio::test]
async fn only_what_was_asked_for_comes() {
    let fake = start().await;
    let help = fake.guild("Shop").channel("help");
    let ada = fake.user("ada").create();
    let mut direct = Client::ready(&fake, 1 << 12).await;
    let mut guilds = Client::ready(&fake, 1 << 9).await;
    ada.at(&help).types().expect("the channel is there");
    ada.at(&help).says("in the guild");
    ada.dm().says("in private");
    assert_eq!(direct.contents(1).await, ["in private"]);
    // Without the intent the words of others are not shown.
    assert_eq!(guilds.contents(1).await, [""]);
    let all = fake.gateway().seen();
    let ready = all.iter().filter(|seen| matches!(seen, Seen::Ready { .. }));
    assert_eq!(ready.count(), 2);
}

#[tokio::test]
async fn words_to_the_bot_and_its_own_are_always_shown() {
    let fake = start().await;
    let help = fake.guild("Shop").channel("help");
    let ada = fake.user("ada").create().at(&help);
    let mut client = Client::ready(&fake, 1 << 9).await;
    let mention = format!("<@{}> hello", fake.bot_id());
    ada.says(&mention);
    let path = format!("/channels/{}/messages", help.id());
    call(&fake, "POST", &path, json!({ "content": "mine" })).await;
    assert_eq!(client.contents(2).await, [mention.as_str(), "mine"]);
}

#[tokio::test]
async fn a_wrong_token_intent_version_or_word_is_turned_away() {
    let fake = FakeDiscord::builder().without_message_content().start().await;
    let fake = fake.expect("a free port is there");
    let cases = [
        (
            json!({ "op": 2, "d": { "token": "x", "intents": 0, "properties": {} } }),
            4004,
        ),
        (
            json!({ "op": 2, "d": { "token": fake.token(), "intents": 1_u64 << 40, "properties": {} } }),
            4013,
        ),
        (
            json!({ "op": 2, "d": { "token": fake.token(), "intents": 1 << 15, "properties": {} } }),
            4014,
        ),
        (
            json!({ "op": 6, "d": { "token": "x", "session_id": "x", "seq": 1 } }),
            4004,
        ),
        (json!({ "op": 3, "d": {} }), 4003),
        (json!({ "op": 99, "d": {} }), 4001),
        (json!("x"), 4001),
    ];
    for (payload, code) in cases {
        let mut client = Client::connect(&fake).await;
        client.hello().await;
        client.send(payload.clone()).await;
        assert_eq!(client.closed().await, Some(code), "{payload}");
        assert!(fake.gateway().seen().contains(&Seen::ClosedByServer(code)));
    }
    let mut old = Client::connect_to(&fake, "v=6").await.expect("it connects");
    assert_eq!(old.closed().await, Some(4012));
    for query in ["v=10&encoding=etf", "v=10&compress=zlib-stream"] {
        assert_eq!(Client::connect_to(&fake, query).await.err(), Some(400));
    }
}

#[tokio::test]
async fn a_session_is_begun_once_on_a_connection() {
    let fake = start().await;
    let mut client = Client::ready(&fake, INTENTS).await;
    client.identify(fake.token(), INTENTS).await;
    assert_eq!(client.closed().await, Some(4005));
}

#[tokio::test]
async fn a_dropped_session_is_resumed_with_what_was_missed() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let mut client = Client::ready(&fake, INTENTS).await;
    ada.says("before");
    assert_eq!(client.contents(1).await, ["before"]);
    fake.gateway().drop_connections();
    ada.says("while");
    ada.says("away");
    assert_eq!(client.closed().await, None);
    client.resume(&fake).await;
    assert_eq!(client.contents(2).await, ["while", "away"]);
    client.event("RESUMED").await;
    ada.says("after");
    assert_eq!(client.contents(1).await, ["after"]);
    let session = client.session.clone();
    assert!(fake.gateway().seen().contains(&Seen::Resumed { session, missed: 2 }));
    assert!(fake.look(World::all_sent));
}

#[tokio::test]
async fn events_that_were_sent_but_not_heard_come_again() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let mut client = Client::ready(&fake, INTENTS).await;
    ada.says("lost");
    fake.wait_until(SOON, World::all_sent).await.expect("it is sent");
    fake.gateway().drop_connections();
    client.resume(&fake).await;
    assert_eq!(client.contents(1).await, ["lost"]);
    client.event("RESUMED").await;
}

#[tokio::test]
async fn sessions_end_or_live_on_by_how_the_connection_ended() {
    let fake = start().await;
    let live = async |client: &mut Client| {
        client.resume(&fake).await;
        client.payload().await["t"] == "RESUMED"
    };
    for (code, lives) in [(4000, true), (1000, true), (4009, false), (4004, false)] {
        let mut client = Client::ready(&fake, INTENTS).await;
        fake.gateway().close(code);
        assert_eq!(client.closed().await, Some(code));
        assert_eq!(live(&mut client).await, lives, "{code}");
        client.leave(1000).await;
    }
    for lives in [true, false] {
        let mut client = Client::ready(&fake, INTENTS).await;
        fake.gateway().invalidate_sessions(lives);
        assert_eq!(
            client.payload().await,
            json!({ "op": 9, "s": null, "t": null, "d": lives })
        );
        assert_eq!(live(&mut client).await, lives, "op 9 {lives}");
        client.leave(1000).await;
    }
    let mut client = Client::ready(&fake, INTENTS).await;
    fake.gateway().ask_to_reconnect();
    assert_eq!(client.payload().await["op"], 7);
    assert!(live(&mut client).await);
}

#[tokio::test]
async fn a_refused_resume_is_an_invalid_session() {
    let fake = start().await;
    let mut client = Client::ready(&fake, INTENTS).await;
    fake.gateway().refuse_resumes(true);
    client.resume(&fake).await;
    assert_eq!(
        client.payload().await,
        json!({ "op": 9, "s": null, "t": null, "d": false })
    );
    assert!(fake.gateway().seen().contains(&Seen::ResumeRefused));
    client.identify(fake.token(), INTENTS).await;
    client.last = 0;
    client.event("READY").await;
}

#[tokio::test]
async fn a_resume_from_the_future_is_closed() {
    let fake = start().await;
    let mut client = Client::ready(&fake, INTENTS).await;
    client.last = 1000;
    client.resume(&fake).await;
    assert_eq!(client.closed().await, Some(4007));
}

#[tokio::test]
async fn a_client_that_takes_leave_for_good_has_no_session_any_more() {
    let fake = start().await;
    for (code, lives) in [(1000, false), (4000, true)] {
        let client = Client::ready(&fake, INTENTS).await;
        let (session, last) = (client.session.clone(), client.last);
        client.leave(code).await;
        let seen = Seen::ClosedByClient(Some(code));
        fake.wait_until(SOON, |world| world.gateway().contains(&seen) && !world.connected())
            .await
            .expect("it is gone");
        let mut next = Client::connect(&fake).await;
        next.hello().await;
        next.last = last;
        let data = json!({ "token": fake.token(), "session_id": session, "seq": last });
        next.send(json!({ "op": 6, "d": data })).await;
        assert_eq!(next.payload().await["op"] == 0, lives, "{code}");
    }
}

#[tokio::test]
async fn heartbeats_are_answered_unless_the_gateway_is_a_zombie() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let mut client = Client::ready(&fake, INTENTS).await;
    client.send(json!({ "op": 1, "d": client.last })).await;
    assert_eq!(client.payload().await["op"], 11);
    fake.gateway().ignore_heartbeats(true);
    client.send(json!({ "op": 1, "d": client.last })).await;
    fake.wait_until(SOON, |world| {
        let beats = world.gateway().iter().filter(|seen| **seen == Seen::Heartbeat);
        beats.count() == 2
    })
    .await
    .expect("it is heard");
    ada.says("the next word is no answer");
    assert_eq!(client.contents(1).await.len(), 1);
}

#[tokio::test]
async fn a_client_without_heartbeats_is_given_up() {
    let interval = Duration::from_millis(50);
    let fake = FakeDiscord::builder().heartbeat_interval(interval).start().await;
    let fake = fake.expect("a free port is there");
    let mut client = Client::connect(&fake).await;
    assert_eq!(client.hello().await, interval);
    assert_eq!(client.hear().await, Heard::Closed(Some(4009)));
}

#[tokio::test]
async fn events_can_be_held_back_and_connections_refused() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let mut client = Client::ready(&fake, INTENTS).await;
    fake.gateway().hold_events();
    ada.bursts((0..3).map(|number| number.to_string()));
    client.send(json!({ "op": 1, "d": 1 })).await;
    assert_eq!(client.payload().await["op"], 11, "the answer overtakes what is held");
    fake.gateway().release_events();
    assert_eq!(client.contents(3).await, ["0", "1", "2"]);
    fake.gateway().refuse_connections(true);
    assert_eq!(Client::connect_to(&fake, "v=10").await.err(), Some(503));
    fake.gateway().refuse_connections(false);
    Client::ready(&fake, INTENTS).await;
}

#[tokio::test]
async fn a_closed_port_cuts_the_gateway_and_keeps_the_session() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let mut client = Client::ready(&fake, INTENTS).await;
    fake.close_port().await.expect("the number is held");
    assert_eq!(client.closed().await, None);
    ada.says("while it is closed");
    fake.reopen_port().await.expect("the port is free");
    client.resume(&fake).await;
    assert_eq!(client.contents(1).await, ["while it is closed"]);
}
