//! Threads: opened, joined, listed, archived.

use escalator_testkit::discord::{CannotHappen, ChannelKind, Permission};
use serde_json::{Value, json};

use super::{
    call,
    client::{Client, INTENTS},
    id_of, refused, start,
};

#[tokio::test]
async fn a_private_thread_is_for_its_members() {
    let fake = start().await;
    let help = fake.guild("Shop").channel("help");
    let (ada, eve) = (fake.user("ada").create(), fake.user("eve").create());
    ada.at(&help);
    eve.at(&help);
    let mut client = Client::ready(&fake, INTENTS).await;
    let body = json!({ "name": "Ada", "type": 12, "auto_archive_duration": 1440, "invitable": false });
    let (status, made) = call(&fake, "POST", &format!("/channels/{}/threads", help.id()), body).await;
    assert_eq!((status, &made["type"]), (201, &json!(12)));
    let thread = id_of(&made);
    assert_eq!(client.event("THREAD_CREATE").await["id"], made["id"]);
    let member = format!("/channels/{thread}/thread-members/{}", ada.id());
    assert_eq!(call(&fake, "PUT", &member, Value::Null).await.0, 204);
    ada.in_channel(thread).says("hello");
    assert_eq!(client.contents(1).await, ["hello"]);
    let denied = fake.happen(eve.in_channel(thread).message("let me in"));
    assert_eq!(denied, Err(CannotHappen::NotThere(thread)));
    let threads = help.threads();
    assert_eq!(threads.len(), 1);
    assert_eq!(threads[0].kind, ChannelKind::PrivateThread);
    assert!(threads[0].members.contains(&ada.id()) && threads[0].members.contains(&fake.bot_id()));
}

#[tokio::test]
async fn threads_are_listed_while_active_and_when_archived() {
    let fake = start().await;
    let guild = fake.guild("Shop");
    let help = guild.channel("help");
    let open = async |name: &str| {
        let body = json!({ "name": name });
        id_of(
            &call(&fake, "POST", &format!("/channels/{}/threads", help.id()), body)
                .await
                .1,
        )
    };
    let (first, second) = (open("1").await, open("2").await);
    let active = format!("/guilds/{}/threads/active", guild.id());
    let list = async |path: &str| -> Vec<u64> {
        let (status, body) = call(&fake, "GET", path, Value::Null).await;
        assert_eq!(status, 200, "{body}");
        body["threads"].as_array().into_iter().flatten().map(id_of).collect()
    };
    assert_eq!(list(&active).await, [second, first]);
    let archive = json!({ "archived": true });
    assert_eq!(
        call(&fake, "PATCH", &format!("/channels/{first}"), archive.clone())
            .await
            .0,
        200
    );
    assert_eq!(list(&active).await, [second]);
    let own = format!("/channels/{}/users/@me/threads/archived/private", help.id());
    let all = format!("/channels/{}/threads/archived/private?limit=10", help.id());
    assert_eq!(list(&own).await, [first]);
    assert_eq!(list(&all).await, [first]);
    guild.forbid(Permission::ManageThreads);
    assert_eq!(refused(&fake, "GET", &all, Value::Null).await, (403, 50013));
    assert_eq!(list(&own).await, [first]);
    // A word opens it again.
    let messages = format!("/channels/{first}/messages");
    assert_eq!(call(&fake, "POST", &messages, json!({ "content": "x" })).await.0, 200);
    assert_eq!(list(&active).await, [second, first]);
    let lock = json!({ "archived": true, "locked": true });
    call(&fake, "PATCH", &format!("/channels/{first}"), lock).await;
    assert_eq!(
        refused(&fake, "POST", &messages, json!({ "content": "x" })).await,
        (400, 50083)
    );
}

#[tokio::test]
async fn threads_take_a_permission_and_a_text_channel() {
    let fake = start().await;
    let help = fake.guild("Shop").channel("help");
    let path = format!("/channels/{}/threads", help.id());
    help.forbid(Permission::CreatePrivateThreads);
    assert_eq!(
        refused(&fake, "POST", &path, json!({ "name": "x" })).await,
        (403, 50013)
    );
    help.allow(Permission::CreatePrivateThreads);
    assert_eq!(refused(&fake, "POST", &path, json!({ "name": "" })).await, (400, 50035));
    let dm = format!("/channels/{}/threads", fake.user("ada").dm().channel());
    assert_eq!(refused(&fake, "POST", &dm, json!({ "name": "x" })).await, (400, 50024));
    help.forbid(Permission::SendMessagesInThreads);
    let thread = id_of(&call(&fake, "POST", &path, json!({ "name": "x" })).await.1);
    let messages = format!("/channels/{thread}/messages");
    assert_eq!(
        refused(&fake, "POST", &messages, json!({ "content": "x" })).await,
        (403, 50013)
    );
    let nobody = format!("/channels/{thread}/thread-members/7");
    assert_eq!(refused(&fake, "PUT", &nobody, Value::Null).await, (404, 10013));
}

#[tokio::test]
async fn a_deleted_channel_takes_its_threads_with_it() {
    let fake = start().await;
    let help = fake.guild("Shop").channel("help");
    let thread = id_of(
        &call(
            &fake,
            "POST",
            &format!("/channels/{}/threads", help.id()),
            json!({ "name": "x" }),
        )
        .await
        .1,
    );
    let mut client = Client::ready(&fake, INTENTS).await;
    help.delete();
    assert_eq!(client.event("THREAD_DELETE").await["id"], thread.to_string());
    assert_eq!(client.event("CHANNEL_DELETE").await["id"], help.id().to_string());
}
