//! A bot is told to stop.

use escalator_telegram::polling;
use escalator_testkit::telegram::{Fault, On, Plan};

use super::rig::{Rig, Running, SOON, Seen, authors_handlers};

async fn ends(running: Running) {
    tokio::time::timeout(SOON, running.stop())
        .await
        .expect("it ends in time");
}

#[tokio::test]
async fn a_wish_to_stop_that_comes_before_the_first_poll_is_heard() {
    let rig = Rig::new().await;
    let (listener, handlers) = rig.telegram.install(polling(rig.bot.clone()), authors_handlers());
    rig.telegram.stop();
    let seen = Seen::default();
    let mut dispatcher = rig.dispatcher(handlers, &seen);
    let dispatching = dispatcher.dispatch_with_listener(listener, teloxide::error_handlers::LoggingErrorHandler::new());
    tokio::time::timeout(SOON, dispatching).await.expect("it ends in time");

    let ada = rig.ada();
    let running = rig.run();
    ada.says("hello");
    ada.sees_text(SOON, "Bot: hello").await.expect("the next one runs");
    ends(running).await;
}

#[tokio::test]
async fn a_bot_that_stops_does_not_wait_for_a_telegram_that_hangs() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let running = rig.run();
    ada.says("hello");
    ada.sees_text(SOON, "Bot: hello").await.expect("it is answered");
    rig.fake.fault(On::method("getUpdates"), Plan::Always(Fault::Hang));
    ends(running).await;
}
