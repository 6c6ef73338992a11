//! How the programs end: at the end of what they read, when nobody reads them, and when they are told to stop.

use std::path::Path;

use escalator_testkit::{desk::DeskSimulator, discord::FakeDiscord, telegram::FakeTelegram};
use rustix::process::{Signal, kill_process};
use tokio::net::TcpListener;

use crate::{SOON, program::Program};

const DEMO: &str = env!("CARGO_BIN_EXE_demo");

fn assert_empty(folder: &Path) {
    let left: Vec<_> = std::fs::read_dir(folder).expect("it is a folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

fn tell(program: &Program, signal: Signal) {
    kill_process(program.pid(), signal).expect("it runs");
}

#[tokio::test]
async fn the_demo_ends_when_nobody_reads_the_chat_and_leaves_nothing() {
    let mut demo = Program::start(DEMO, &[]);
    demo.types("hello").await;
    assert!(demo.shows().await.starts_with("Bot: Hello!"));
    demo.is_read_no_more();
    demo.types("human").await;
    let (status, told) = demo.ends().await;
    assert!(status.success(), "{status} {told}");
    assert_empty(demo.folder());
}

#[tokio::test]
async fn a_signal_ends_the_demo_and_leaves_nothing() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut demo = Program::start(DEMO, &[]);
        demo.tells("You are the customer").await;
        tell(&demo, signal);
        let (status, told) = demo.ends().await;
        assert!(status.success(), "{status} {told}");
        assert_empty(demo.folder());
    }
}

#[tokio::test]
async fn a_signal_ends_the_demo_while_it_starts() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = format!("http://{}", silent.local_addr().expect("it has an address"));
    let settings = [("TELEGRAM_BOT_TOKEN", "123:abc"), ("TELEGRAM_API_URL", &address)];
    let mut demo = Program::start(DEMO, &settings);
    let asked = tokio::time::timeout(SOON, silent.accept()).await;
    let _never_answered = asked.expect("it asks in time").expect("it asks");
    tell(&demo, Signal::TERM);
    let (status, told) = demo.ends().await;
    assert!(status.success(), "{status} {told}");
    assert_empty(demo.folder());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_signal_of_a_service_manager_stops_each_bot_in_good_order() {
    let desk = DeskSimulator::builder().start().await.expect("it starts");
    for program in [
        env!("CARGO_BIN_EXE_telegram_bot"),
        env!("CARGO_BIN_EXE_discord_bot"),
        env!("CARGO_BIN_EXE_poise_bot"),
        env!("CARGO_BIN_EXE_two_channels"),
    ] {
        let telegram = FakeTelegram::builder().start().await.expect("it starts");
        let discord = FakeDiscord::builder().start().await.expect("it starts");
        let mut bot = Program::start(
            program,
            &[
                ("OMNIDESK_URL", &desk.url()),
                ("OMNIDESK_CHAT_ACCOUNT_TOKEN", desk.account_token()),
                ("TELEGRAM_BOT_TOKEN", telegram.token()),
                ("TELEGRAM_API_URL", &telegram.url()),
                ("DISCORD_TOKEN", discord.token()),
                ("DISCORD_API_URL", &discord.url()),
            ],
        );
        let polls = telegram.wait_until(SOON, |world| {
            world.calls().iter().any(|call| call.method == "getUpdates")
        });
        if !program.ends_with("discord_bot") && !program.ends_with("poise_bot") {
            polls.await.expect("it polls");
        }
        if !program.ends_with("telegram_bot") {
            discord.wait_connected(SOON).await.expect("it connects");
        }
        tell(&bot, Signal::TERM);
        let (status, told) = bot.ends().await;
        assert!(status.success(), "{program}: {status} {told}");
        assert!(!told.contains("cut off"), "{program}: {told}");
    }
}
