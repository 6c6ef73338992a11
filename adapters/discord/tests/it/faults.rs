//! What each failure of Discord's comes to.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use escalator::{
    channel::{ChatDelivery, EscalationChannel},
    delivery::{ChatPayload, DeliveryId, Lane, NoticeKind, OpenFile, OpenedFile, Outcome, Receipt, Scope},
    model::{Address, Attachment, Author, BlobId, ConversationId, FileKind, FileRef, FileSource, SessionId},
};
use escalator_discord::{Bot, BotError, Place, Settings};
use escalator_testkit::discord::{FakeDiscord, Fault, LimitScope, On, Permission, Plan};

use super::rig::{Rig, SOON, account, deliver};

fn notice(text: &str) -> ChatPayload {
    ChatPayload::Notice {
        kind: NoticeKind::Ended,
        text: text.into(),
        agent: None,
    }
}

fn agents(text: &str) -> ChatPayload {
    ChatPayload::Message {
        author: Some(Author::from("Anna")),
        continues: false,
        text: text.into(),
    }
}

/// A bot whose agents speak in the open.
async fn in_the_same_channel() -> Rig {
    let mut settings = Settings::default();
    settings.place = Place::SameChannel;
    Rig::with(FakeDiscord::builder().start().await.expect("it starts"), settings).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_failure_is_told_as_what_it_is() {
    let rig = Rig::new().await;
    let ada = rig.fake.user("ada").dm();
    let to = rig.conversation(&ada);
    let wait = Duration::from_millis(700);
    let limit = |scope| Fault::RateLimit { wait, scope };
    let refusal = |status, code| Fault::Refusal {
        status,
        code,
        message: "as the test wants it".to_owned(),
    };
    for (seq, (fault, word)) in [
        (limit(LimitScope::User), "not_sent"),
        (Fault::Html { status: 502 }, "unknown"),
        (Fault::Refuse, "unknown"),
        (Fault::LoseAnswer, "unknown"),
        (Fault::Block, "not_sent"),
        (refusal(401, 0), "refused"),
        (refusal(403, 50007), "rejected"),
        (refusal(404, 10003), "rejected"),
        // One of the form is sent once more without what may be wrong in it.
        (refusal(400, 50035), "delivered"),
        (refusal(400, 50006), "rejected"),
    ]
    .into_iter()
    .enumerate()
    {
        let on = rig.fake.fault(On::create_message(), Plan::Next(1, fault.clone()));
        let seq = u64::try_from(seq).expect("there are few");
        let outcome = rig.deliver(&to, seq, &notice(&format!("text {seq}"))).await;
        assert_eq!(outcome.word(), word, "{fault:?}: {outcome:?}");
        if let Outcome::Unknown { repeatable, .. } = outcome {
            assert!(repeatable, "a nonce removes the double");
        }
        if fault == Fault::Block {
            assert!(
                matches!(outcome, Outcome::NotSent { scope: Scope::Door, .. }),
                "{outcome:?}"
            );
        } else if word == "not_sent" {
            assert!(
                matches!(outcome, Outcome::NotSent { retry_after: Some(asked), scope: Scope::Lane, .. } if asked == wait)
            );
        }
        rig.fake.release(on);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nonce_removes_the_double_of_a_call_whose_answer_was_lost() {
    let rig = Rig::new().await;
    let ada = rig.fake.user("ada").dm();
    let to = rig.conversation(&ada);
    rig.fake.fault(On::create_message(), Plan::Next(1, Fault::LoseAnswer));
    assert_eq!(rig.deliver(&to, 7, &agents("hello")).await.word(), "unknown");
    assert_eq!(rig.deliver(&to, 7, &agents("hello")).await.word(), "delivered");
    assert_eq!(ada.transcript().bot_texts(), ["**Anna:** hello"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_global_limit_speaks_for_the_door() {
    let rig = Rig::new().await;
    let (ada, bob) = (rig.fake.user("ada").dm(), rig.fake.user("bob").dm());
    let wait = Duration::from_secs(30);
    let scope = LimitScope::Global;
    rig.fake
        .fault(On::create_message(), Plan::Next(1, Fault::RateLimit { wait, scope }));
    for customer in [&ada, &bob] {
        let outcome = rig.deliver(&rig.conversation(customer), 1, &notice("x")).await;
        assert!(
            matches!(outcome, Outcome::NotSent { scope: Scope::Door, .. }),
            "{outcome:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_who_takes_no_direct_messages_is_told_of_and_harms_nobody() {
    let rig = Rig::new().await;
    let (ada, bob) = (rig.fake.user("ada").create(), rig.fake.user("bob").dm());
    ada.takes_dms(false);
    let outcome = rig.deliver(&rig.conversation(&ada.dm()), 1, &notice("x")).await;
    assert!(
        matches!(&outcome, Outcome::Rejected { detail } if detail.contains("direct messages")),
        "{outcome:?}"
    );
    assert_eq!(
        rig.deliver(&rig.conversation(&bob), 2, &notice("x")).await.word(),
        "delivered"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_webhook_the_agent_speaks_as_the_bot() {
    let rig = in_the_same_channel().await;
    let help = rig.fake.guild("Shop").channel("help");
    help.forbid(Permission::ManageWebhooks);
    let ada = rig.fake.user("ada").create().at(&help);
    let to = rig.conversation(&ada);
    assert_eq!(rig.deliver(&to, 1, &agents("hello")).await.word(), "delivered");
    ada.sees_text(SOON, "**Anna:** hello").await.expect("it is shown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_was_deleted_costs_no_message() {
    let rig = in_the_same_channel().await;
    let help = rig.fake.guild("Shop").channel("help");
    let ada = rig.fake.user("ada").create().at(&help);
    let to = rig.conversation(&ada);
    assert_eq!(rig.deliver(&to, 1, &agents("one")).await.word(), "delivered");
    let gone = Fault::Refusal {
        status: 404,
        code: 10015,
        message: "Unknown Webhook".to_owned(),
    };
    rig.fake.fault(On::execute_webhook(), Plan::Next(1, gone));
    assert_eq!(rig.deliver(&to, 2, &agents("two")).await.word(), "delivered");
    assert_eq!(ada.transcript().bot_texts(), ["one", "**Anna:** two"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_is_opened_once_however_often_it_is_asked_for() {
    let rig = Rig::new().await;
    let help = rig.fake.guild("Shop").channel("help");
    let ada = rig.fake.user("ada").create().at(&help);
    let to = rig.conversation(&ada);
    let open = ChatPayload::Open {
        session: SessionId::mint(),
    };
    let threads = On::call("POST", "/channels/*/threads");
    rig.fake.fault(threads, Plan::Next(1, Fault::LoseAnswer));
    assert_eq!(rig.deliver(&to, 1, &open).await.word(), "not_sent");
    let opened = rig.deliver(&to, 1, &open).await;
    assert!(
        matches!(opened, Outcome::Delivered(Receipt::Place { .. })),
        "{opened:?}"
    );
    assert_eq!(rig.deliver(&to, 2, &open).await, opened);
    assert_eq!(rig.fake.threads(help.id()).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_says_nothing_in_the_open_where_no_place_was_opened() {
    for place in [Place::Thread, Place::DirectMessage] {
        let mut settings = Settings::default();
        settings.place = place;
        let rig = Rig::with(FakeDiscord::builder().start().await.expect("it starts"), settings).await;
        let help = rig.fake.guild("Shop").channel("help");
        let (ada, bob) = (rig.fake.user("ada").create().at(&help), rig.fake.user("bob").dm());
        let to = rig.conversation(&ada);
        assert_eq!(
            rig.deliver(&to, 1, &agents("your password is 12")).await.word(),
            "rejected"
        );
        assert_eq!(
            rig.deliver(&to, 2, &notice("the chat is over")).await.word(),
            "delivered"
        );
        assert_eq!(ada.transcript().bot_texts(), ["the chat is over"]);
        let direct = rig.conversation(&bob);
        assert_eq!(rig.deliver(&direct, 3, &agents("hello")).await.word(), "delivered");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_in_the_same_channel_is_not_held_where_an_earlier_one_was() {
    let rig = in_the_same_channel().await;
    let help = rig.fake.guild("Shop").channel("help");
    let ada = rig.fake.user("ada").create().at(&help);
    let open = ChatPayload::Open {
        session: SessionId::mint(),
    };
    let opened = rig.deliver(&rig.conversation(&ada), 1, &open).await;
    let place = Address::new(help.id().to_string());
    assert_eq!(opened, Outcome::Delivered(Receipt::Place { place }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_intent_is_named() {
    let fake = FakeDiscord::builder()
        .without_message_content()
        .start()
        .await
        .expect("it starts");
    let house = super::desk_of_one::House::new();
    let discord = super::rig::channel(&fake, house.ingress(), Settings::default());
    let client = super::rig::Client::connect(&fake, &discord, &super::rig::Heard::default()).await;
    let ended = tokio::time::timeout(SOON, client.running).await.expect("it ends");
    let failed = ended.expect("it does not panic").expect_err("Discord refuses it");
    let told = escalator_discord::explain(&failed).expect("it is known");
    assert!(told.contains("MESSAGE_CONTENT"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_shown() {
    let rig = in_the_same_channel().await;
    let help = rig.fake.guild("Shop").channel("help");
    let ada = rig.fake.user("ada").create().at(&help);
    let to = rig.conversation(&ada);
    let token = rig.fake.token().to_owned();
    let mut shown = vec![format!("{:?}", rig.discord)];
    rig.fake.close_port().await.expect("it closes");
    shown.push(format!("{:?}", rig.deliver(&to, 1, &agents("my words")).await));
    rig.fake.reopen_port().await.expect("it opens");
    rig.fake.fault(On::execute_webhook(), Plan::Next(1, Fault::Refuse));
    shown.push(format!("{:?}", rig.deliver(&to, 2, &agents("my words")).await));
    for shown in shown {
        let is_quiet = !shown.contains(&token) && !shown.contains("/webhooks/") && !shown.contains("my words");
        assert!(is_quiet, "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_who_takes_no_direct_messages_is_told_when_one_was_to_be_opened() {
    let mut settings = Settings::default();
    settings.place = Place::DirectMessage;
    let rig = Rig::with(FakeDiscord::builder().start().await.expect("it starts"), settings).await;
    let help = rig.fake.guild("Shop").channel("help");
    let user = rig.fake.user("ada").create();
    user.takes_dms(false);
    let ada = user.at(&help);
    let open = ChatPayload::Open {
        session: SessionId::mint(),
    };
    assert_eq!(rig.deliver(&rig.conversation(&ada), 1, &open).await.word(), "rejected");
    let told = ada.sees(SOON, |message| message.content.contains("allow direct messages"));
    told.await.expect("it is told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_that_discord_does_not_have_is_given_up() {
    let rig = Rig::new().await;
    let lacking = rig.discord.fetch(&FileRef::new("sticker/7/png")).await;
    let Err(outcome) = lacking else {
        panic!("there is none");
    };
    assert_eq!(outcome.word(), "rejected", "{outcome:?}");
    let busy = On::call("GET", "/stickers/*");
    rig.fake.fault(busy, Plan::Next(1, Fault::Html { status: 503 }));
    let passing = rig.discord.fetch(&FileRef::new("sticker/7/png")).await;
    assert_eq!(passing.err().map(|outcome| outcome.word()), Some("not_sent"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_missing_permission_is_told_as_one() {
    let rig = Rig::new().await;
    let help = rig.fake.guild("Shop").channel("help");
    let ada = rig.fake.user("ada").create().at(&help);
    let open = ChatPayload::Open {
        session: SessionId::mint(),
    };
    let full = Fault::Refusal {
        status: 400,
        code: 30033,
        message: "Maximum number of thread participants reached".to_owned(),
    };
    let threads = On::call("POST", "/channels/*/threads");
    rig.fake.fault(threads, Plan::Next(1, full));
    assert_eq!(rig.deliver(&rig.conversation(&ada), 1, &open).await.word(), "rejected");
    let told = ada.transcript().bot_texts().join(" ");
    assert!(!told.is_empty() && !told.contains("permission"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_or_a_name_that_is_refused_costs_no_message_and_no_file() {
    let rig = in_the_same_channel().await;
    let ada = rig
        .fake
        .user("ada")
        .create()
        .at(&rig.fake.guild("Shop").channel("help"));
    let to = rig.conversation(&ada);
    // Discord does not say here which field it is: first the picture is left out, then the name.
    let refused = Fault::Refusal {
        status: 400,
        code: 50035,
        message: "Invalid Form Body".to_owned(),
    };
    let lane = Lane::Chat(ConversationId::mint());
    // A picture that was refused is not shown again.
    for (picture, times, by_webhook, is_shown) in [
        ("a", 0, true, true),
        ("b", 1, true, false),
        ("b", 0, true, false),
        ("c", 2, false, false),
        ("c", 0, true, true),
    ] {
        for files in [0, 1] {
            let picture = format!("https://desk.example/{picture}{files}.png");
            let author = Some(Author {
                picture: Some(picture.clone()),
                ..Author::from("Anna")
            });
            let payload = match files {
                0 => ChatPayload::Message {
                    author,
                    continues: false,
                    text: "hello".into(),
                },
                _ => ChatPayload::File {
                    author,
                    continues: false,
                    file: map(),
                },
            };
            if times > 0 {
                rig.fake
                    .fault(On::execute_webhook(), Plan::Next(times, refused.clone()));
            }
            let calls = || u32::try_from(rig.fake.calls_of("POST", "/webhooks/*/*").len()).expect("there are few");
            let before = calls();
            let seq = u64::try_from(ada.transcript().from_bot().count()).expect("there are few");
            let sent = rig.discord.deliver(ChatDelivery {
                id: DeliveryId { lane, seq },
                to: &to,
                place: None,
                payload: &payload,
                file: Some(&Map),
                attempt: 1,
            });
            let outcome = sent.await;
            assert_eq!(outcome.word(), "delivered", "{times}, {files}: {outcome:?}");
            assert_eq!(calls() - before, times + u32::from(by_webhook), "{picture}");
            let chat = ada.transcript();
            let shown = chat.from_bot().next_back().expect("it is shown");
            assert_eq!(shown.author.webhook.is_some(), by_webhook, "{times}, {files}");
            let avatar = is_shown.then_some(&picture);
            assert_eq!((shown.author.avatar_url.as_ref(), shown.files.len()), (avatar, files));
        }
    }
    assert_eq!(ada.transcript().from_bot().count(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_does_not_know_the_thread_costs_no_message() {
    let rig = Rig::new().await;
    let help = rig.fake.guild("Shop").channel("help");
    let user = rig.fake.user("ada").create();
    let to = rig.conversation(&user.at(&help));
    let open = ChatPayload::Open {
        session: SessionId::mint(),
    };
    let Outcome::Delivered(Receipt::Place { place }) = rig.deliver(&to, 1, &open).await else {
        panic!("it is opened");
    };
    let moved = Fault::Refusal {
        status: 404,
        code: 10003,
        message: "Unknown Channel".to_owned(),
    };
    rig.fake.fault(On::execute_webhook(), Plan::Next(1, moved));
    let sent = deliver(&rig.discord, &to, 2, Some(&place), &agents("hello")).await;
    assert_eq!(sent.word(), "delivered");
    let there = user.in_channel(place.as_str().parse().expect("it is a channel"));
    there.sees_text(SOON, "**Anna:** hello").await.expect("it is shown");
}

/// An agent's file.
struct Map;

fn map() -> Attachment {
    Attachment {
        kind: FileKind::Image,
        name: "map.png".into(),
        media_type: None,
        bytes: Some(3),
        source: FileSource::Blob(BlobId::mint()),
    }
}

#[async_trait]
impl OpenFile for Map {
    async fn open(&self) -> Result<OpenedFile, Outcome> {
        let pieces = [Ok(Bytes::from_static(b"map"))];
        Ok(OpenedFile {
            bytes: Some(3),
            stream: Box::pin(futures::stream::iter(pieces)),
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_for_a_thread_that_was_deleted_unseen_is_given_up() {
    let rig = Rig::new().await;
    let help = rig.fake.guild("Shop").channel("help");
    let ada = rig.fake.user("ada").create().at(&help);
    let to = rig.conversation(&ada);
    let open = ChatPayload::Open {
        session: SessionId::mint(),
    };
    let Outcome::Delivered(Receipt::Place { place }) = rig.deliver(&to, 1, &open).await else {
        panic!("it is opened");
    };
    let file = ChatPayload::File {
        author: Some(Author::from("Anna")),
        continues: false,
        file: map(),
    };
    let lane = Lane::Chat(ConversationId::mint());
    let send = |seq| {
        rig.discord.deliver(ChatDelivery {
            id: DeliveryId { lane, seq },
            to: &to,
            place: Some(&place),
            payload: &file,
            file: Some(&Map),
            attempt: 1,
        })
    };
    assert_eq!(send(2).await.word(), "delivered");
    rig.fake.gateway().refuse_connections(true);
    rig.fake.gateway().drop_connections();
    let away = rig.fake.wait_until(SOON, |world| !world.connected());
    away.await.expect("the gateway is away");
    rig.fake.gateway().forget_sessions();
    help.thread(place.as_str().parse().expect("it is a channel")).delete();
    // The file was sent to a webhook that has no such thread; then the thread is asked for.
    assert_eq!(send(3).await.word(), "not_sent");
    let given_up = send(3).await;
    assert!(
        matches!(&given_up, Outcome::Rejected { detail } if detail.contains("does not exist any more")),
        "{given_up:?}"
    );
    rig.fake.gateway().refuse_connections(false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_checked_before_anything_is_connected() {
    let fake = FakeDiscord::builder().start().await.expect("it starts");
    assert_eq!(account(&fake).check().await, Ok(()));
    let stranger = Bot::new("MTIz.fakeXX.another-one", Some(&fake.url())).expect("it looks like one");
    assert_eq!(stranger.check().await, Err(BotError::Refused));
    fake.close_port().await.expect("it closes");
    let away = account(&fake).check().await.expect_err("nobody listens").to_string();
    let told = format!(
        "does not answer at {}: Discord cannot be reached: connection refused",
        fake.url()
    );
    assert!(away.ends_with(&told), "{away}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_that_no_list_names_is_found_by_its_address() {
    let rig = Rig::new().await;
    let help = rig.fake.guild("Shop").channel("help");
    let to = rig.conversation(&rig.fake.user("ada").create().at(&help));
    let open = ChatPayload::Open {
        session: SessionId::mint(),
    };
    let opened = rig.deliver(&to, 1, &open).await;
    let Outcome::Delivered(Receipt::Place { place }) = &opened else {
        panic!("it is opened");
    };
    let lists = On::call("GET", "/guilds/*/threads/active");
    rig.fake.fault(lists, Plan::Always(Fault::Html { status: 502 }));
    assert_eq!(deliver(&rig.discord, &to, 2, Some(place), &open).await, opened);
    assert_eq!(rig.fake.threads(help.id()).len(), 1);
}
