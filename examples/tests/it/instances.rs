//! Each bot as two instances on one PostgreSQL.

use escalator_testkit::{
    desk::DeskSimulator,
    discord::{Customer, FakeDiscord, Seen, World},
    postgres,
    telegram::{Chat, FakeTelegram},
};
use rustix::process::{Signal, kill_process};

use crate::{SOON, program::Program, sees};

/// Somebody who asks the bot, on each platform that it serves.
struct Customers {
    telegram: Option<Chat>,
    discord: Option<Customer>,
}

impl Customers {
    /// Asks, and waits for the answer.
    async fn ask(&self, question: &str, answer: &str) {
        if let Some(chat) = &self.telegram {
            chat.says(question);
            let shown = chat.sees(SOON, |message| holds(message.text.as_deref(), answer)).await;
            shown.expect("the bot answers on Telegram");
        }
        if let Some(customer) = &self.discord {
            customer.says(question);
            sees(customer, answer).await;
        }
    }

    /// How many lines of the bot each of them sees.
    fn answers(&self) -> Vec<usize> {
        let telegram = self.telegram.iter().map(|chat| chat.transcript().bot_texts().len());
        let discord = self
            .discord
            .iter()
            .map(|customer| customer.transcript().bot_texts().len());
        telegram.chain(discord).collect()
    }
}

fn holds(text: Option<&str>, part: &str) -> bool {
    text.is_some_and(|text| text.contains(part))
}

/// How many sessions the gateway has begun.
fn sessions(world: &World) -> usize {
    let seen = world.gateway().iter();
    seen.filter(|seen| matches!(seen, Seen::Ready { .. })).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_instance_of_each_bot_receives_and_the_other_goes_on_after_it() {
    for (program, on_telegram, on_discord) in [
        (env!("CARGO_BIN_EXE_telegram_bot"), true, false),
        (env!("CARGO_BIN_EXE_discord_bot"), false, true),
        (env!("CARGO_BIN_EXE_poise_bot"), false, true),
        (env!("CARGO_BIN_EXE_two_channels"), true, true),
    ] {
        let desk = DeskSimulator::builder().start().await.expect("it starts");
        let telegram = FakeTelegram::builder().start().await.expect("it starts");
        let discord = FakeDiscord::builder().start().await.expect("it starts");
        let made = tokio::task::spawn_blocking(postgres::database).await;
        let database = made.expect("it does not panic").expect("a database can be made");
        let settings = [
            ("DATABASE_URL", database.url()),
            ("OMNIDESK_URL", &desk.url()),
            ("OMNIDESK_CHAT_ACCOUNT_TOKEN", desk.account_token()),
            ("TELEGRAM_BOT_TOKEN", telegram.token()),
            ("TELEGRAM_API_URL", &telegram.url()),
            ("DISCORD_TOKEN", discord.token()),
            ("DISCORD_API_URL", &discord.url()),
        ];
        let customers = Customers {
            telegram: on_telegram.then(|| telegram.user("Ada").private_chat()),
            discord: on_discord.then(|| discord.user("ada").dm()),
        };
        let mut first = Program::start(program, &settings);
        first.tells("the house is open").await;
        let mut second = Program::start(program, &settings);
        second.tells("the house is open").await;
        if on_discord {
            discord.wait_connected(SOON).await.expect("it connects");
        }
        let ask = if program.ends_with("poise_bot") {
            "!hours"
        } else {
            "hours"
        };
        customers.ask(ask, "We are open").await;
        assert!(
            customers.answers().iter().all(|answers| *answers == 1),
            "{program}: one answers"
        );
        let connected = discord.look(sessions);
        assert_eq!(
            connected,
            usize::from(on_discord),
            "{program}: one has a session of the gateway"
        );

        kill_process(first.pid(), Signal::TERM).expect("it runs");
        let (status, told) = first.ends().await;
        assert!(
            status.success() && !told.contains("cut off"),
            "{program}: {status} {told}"
        );
        if on_discord {
            let other = discord.wait_until(SOON, |world| sessions(world) == 2).await;
            other.expect("the other one connects");
        }
        customers.ask("delivery?", "two to three days").await;
        kill_process(second.pid(), Signal::TERM).expect("it runs");
        let (status, told) = second.ends().await;
        assert!(
            status.success() && !told.contains("cut off"),
            "{program}: {status} {told}"
        );
    }
}
