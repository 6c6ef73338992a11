//! A whole bot: teloxide's own dispatcher polls, handles and answers.

use escalator_testkit::telegram::{Fault, On, Plan, World};
use teloxide::{
    Bot,
    dispatching::{Dispatcher, UpdateFilterExt},
    dptree,
    prelude::Requester,
    types::{Message, Update},
    update_listeners::Polling,
};

use super::{SOON, bot, start};

#[tokio::test]
async fn a_dispatcher_answers_each_customer_and_confirms_at_its_end() {
    let fake = start().await;
    let chats: Vec<_> = ["Ada", "Eve", "Ida"].map(|name| fake.user(name).private_chat()).into();
    let mut first = 0;
    for chat in &chats {
        first = chat.says("hello").update_id;
    }
    let (dispatcher, running) = spawn_echo(bot(&fake));
    for chat in &chats {
        chat.sees_text(SOON, "Bot: hello").await.expect("it is answered");
    }
    let last = chats[0].says("again").update_id;
    chats[0].sees_text(SOON, "Bot: again").await.expect("it is answered");
    assert!(last > first);
    stop(dispatcher, running).await;
    assert_eq!(fake.confirmed_offset(), Some(last + 1));
    assert!(fake.look(World::all_confirmed));
    assert_eq!(fake.violations(), []);
}

#[tokio::test]
async fn a_bot_that_died_gets_what_it_did_not_confirm() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    fake.fault(On::method("getUpdates"), Plan::Next(1, Fault::LoseAnswer));
    let said = ada.says("hello").update_id;
    let lost = bot(&fake).get_updates().await;
    assert!(lost.is_err());
    assert_eq!(fake.handouts()[0].handed_out, [said]);

    let (dispatcher, running) = spawn_echo(bot(&fake));
    ada.sees_text(SOON, "Bot: hello").await.expect("it is answered");
    stop(dispatcher, running).await;
    assert_eq!(ada.transcript().bot_texts(), ["Bot: hello"]);
}

type Running = tokio::task::JoinHandle<()>;

fn spawn_echo(bot: Bot) -> (teloxide::dispatching::ShutdownToken, Running) {
    let handler = Update::filter_message().endpoint(async |bot: Bot, message: Message| {
        let text = format!("Bot: {}", message.text().unwrap_or_default());
        bot.send_message(message.chat.id, text).await.map(|_| ())
    });
    let mut dispatcher = Dispatcher::builder(bot.clone(), dptree::entry().branch(handler)).build();
    let token = dispatcher.shutdown_token();
    let listener = Polling::builder(bot).build();
    let running = tokio::spawn(async move {
        let on_error = teloxide::error_handlers::LoggingErrorHandler::new();
        dispatcher.dispatch_with_listener(listener, on_error).await;
    });
    (token, running)
}

async fn stop(token: teloxide::dispatching::ShutdownToken, running: Running) {
    // Its future is not waited for: teloxide loses the news when the end comes before the first poll.
    drop(token.shutdown().expect("it runs"));
    running.await.expect("it ends well");
}
