//! A thousand chats.

use std::time::Instant;

use escalator_testkit::telegram::{Fault, On, Plan};
use futures::{StreamExt, stream};
use teloxide::{prelude::Requester, types::ChatId};

use super::{SOON, bot, start};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_chats_are_held_in_order() {
    let fake = start().await;
    let bot = bot(&fake);
    let chats: Vec<_> = (0..1000)
        .map(|number| fake.user(&format!("User {number}")).private_chat())
        .collect();
    for chat in &chats {
        fake.fault(On::chat(chat.id()), Plan::Next(1, Fault::RetryAfter { secs: 1 }));
        chat.says("hello");
    }
    let begun = Instant::now();
    stream::iter(&chats)
        .for_each_concurrent(32, async |chat| {
            let chat_id = ChatId(chat.id());
            assert!(bot.send_message(chat_id, "limited").await.is_err());
            for text in ["one", "two"] {
                bot.send_message(chat_id, text).await.expect("it is sent");
            }
        })
        .await;
    assert!(begun.elapsed() < 3 * SOON, "{:?}", begun.elapsed());
    for chat in &chats {
        assert_eq!(chat.transcript().bot_texts(), ["one", "two"]);
    }
    assert_eq!(fake.calls().len(), 3000);
}
