//! The operator's program against a bot that runs, and against its database when none does.

use std::{path::Path, process::Output};

use escalator::{
    control::{Letters, Queues, Sessions, Socket},
    runtime::ControlSocket,
};
use escalator_house::town::Town;
use escalator_testkit::desk::Encoding;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::process::Command;

use crate::{
    home::{House, Plan},
    street::{PATIENCE, Street, Talk},
};

/// Runs the program over a database.
async fn run(database: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_operator"));
    command.args(args).env_remove("ESCALATOR_SOCKET");
    command.env("DATABASE_URL", format!("sqlite:{}", database.display()));
    let ended = tokio::time::timeout(PATIENCE, command.kill_on_drop(true).output()).await;
    ended.expect("it ends in time").expect("it can be run")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it writes UTF-8")
}

/// What it prints, when it does all that was asked.
async fn prints(database: &Path, args: &[&str]) -> String {
    let Output { status, stdout, stderr } = run(database, args).await;
    let (out, errors) = (text(&stdout), text(&stderr));
    assert!(status.success(), "{args:?}: {errors}");
    // With `--nocapture` this is what the README shows.
    println!("$ escalator {}\n{out}{errors}", args.join(" "));
    out
}

/// What it says when it does not.
async fn refuses(database: &Path, args: &[&str], code: i32) -> String {
    let Output { status, stdout, stderr } = run(database, args).await;
    let errors = text(&stderr);
    assert_eq!(status.code(), Some(code), "{args:?}: {}{errors}", text(&stdout));
    errors
}

/// Two replies of the agent that the customer cannot get.
async fn two_die<'s>(street: &'s Street, house: &House) -> Talk<'s> {
    let ada = street.talk("Ada").await;
    ada.chat.blocks_bot().expect("the chat is open");
    ada.agent_says("Are you there?").await;
    ada.agent_says("Your parcel waits at the counter.").await;
    house.drained().await;
    ada.desk_reads("Your message did not reach the customer: the customer has blocked the bot")
        .await;
    ada.chat.unblocks_bot().expect("there is a chat");
    ada
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_a_running_bot_sends_a_dead_letter_again_and_drops_another() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let database = street.database();
    assert_eq!(
        prints(&database, &["dead-letters"]).await,
        "There are no dead letters.\n"
    );
    let ada = two_die(&street, &house).await;

    let list = prints(&database, &["dead-letters"]).await;
    assert_eq!(list.lines().count(), 3, "a head and two rows: {list}");
    assert!(list.contains("chat.message") && list.contains("14 chars"), "{list}");
    assert!(list.contains("the customer has blocked the bot"), "{list}");
    assert!(
        !list.contains("there?") && !list.contains("parcel"),
        "a list shows none of it: {list}"
    );
    let letters: Letters = json(&prints(&database, &["dead-letters", "--json"]).await);
    let [second, first] = &letters.letters[..] else {
        panic!("there are two: {letters:?}");
    };
    assert!(list.contains(&first.id), "an id can be copied from the list: {list}");

    let shown = prints(&database, &["dead-letters", "show", &first.id]).await;
    assert!(shown.ends_with("\nAre you there?\n"), "{shown}");
    let shown: Value = json(&prints(&database, &["dead-letters", "show", &first.id, "--json"]).await);
    assert_eq!(
        (&shown["text"], &shown["id"]),
        (&"Are you there?".into(), &Value::from(first.id.as_str()))
    );

    sees_sessions_and_queues(&database).await;

    let again = prints(&database, &["dead-letters", "send-again", &first.id]).await;
    assert_eq!(again, format!("{} is sent again\n", first.id));
    ada.sees("Are you there?").await;
    let dropped = prints(&database, &["dead-letters", "drop", "--all", "--channel", "telegram"]).await;
    assert_eq!(dropped, format!("{} was dropped\n", second.id));
    assert_eq!(
        prints(&database, &["dead-letters"]).await,
        "There are no dead letters.\n"
    );

    for action in ["show", "send-again", "drop"] {
        let told = refuses(&database, &["dead-letters", action, &second.id], 1).await;
        assert!(
            told.contains("there is no dead letter") && told.contains(&second.id),
            "{told}"
        );
    }
    let told = refuses(&database, &["dead-letters", "drop", "12"], 2).await;
    assert!(told.contains("right would be"), "{told}");
    house.drained().await;
    assert!(
        !ada.texts().iter().any(|text| text.contains("parcel")),
        "what was dropped is gone"
    );
    street.nobody_complains();
    house.shutdown().await;
    assert!(!Socket::beside(&database).exists(), "the socket goes with its process");
}

async fn sees_sessions_and_queues(database: &Path) {
    let sessions = prints(database, &["sessions"]).await;
    assert!(
        sessions.contains("with_agent") && sessions.contains("telegram"),
        "{sessions}"
    );
    let sessions: Sessions = json(&prints(database, &["sessions", "--json"]).await);
    assert_eq!(sessions.sessions.len(), 1);
    assert_eq!(sessions.sessions[0].state, "with_agent");
    let queues = prints(database, &["queues"]).await;
    assert!(
        queues.contains("channel/telegram") && queues.contains("open"),
        "{queues}"
    );
    let queues: Queues = json(&prints(database, &["queues", "--json"]).await);
    assert_eq!(
        (queues.total.dead, queues.total.waiting, queues.ledger_ready),
        (2, 0, true)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_what_a_lane_waits_for() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let database = street.database();
    let ada = street.talk("Ada").await;
    house.drained().await;
    street.desk.close_port().await.expect("the port is closed");
    ada.chat.says("hello?");
    let waits = async {
        loop {
            let sessions: Sessions = json(&prints(&database, &["sessions", "--json"]).await);
            let session = sessions.sessions.into_iter().next().expect("one stands");
            if let Some(trouble) = session.trouble {
                return (session.waiting, trouble);
            }
        }
    };
    let (waiting, trouble) = tokio::time::timeout(PATIENCE, waits)
        .await
        .expect("an attempt fails in time");
    assert_eq!((waiting, trouble.outcome.as_str()), (1, "not_sent"), "{trouble:?}");
    let sessions = prints(&database, &["sessions"]).await;
    assert!(sessions.contains("not_sent: "), "{sessions}");
    let queues = prints(&database, &["queues"]).await;
    let doors: Vec<&str> = queues
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(doors, ["DOOR", "desk", "channel/telegram", "bot", "all"]);

    street.desk.open_port().await.expect("the port is open");
    ada.desk_reads("hello?").await;
    house.drained().await;
    let sessions: Sessions = json(&prints(&database, &["sessions", "--json"]).await);
    assert_eq!(
        (sessions.sessions[0].waiting, &sessions.sessions[0].trouble),
        (0, &None)
    );
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_no_bot_runs_the_program_opens_the_database_itself() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let database = street.database();
    let ada = two_die(&street, &house).await;
    house.shutdown().await;

    let Output { status, stdout, stderr } = run(&database, &["dead-letters", "--json"]).await;
    assert!(status.success(), "{}", text(&stderr));
    assert!(text(&stderr).contains("no bot is running"), "{}", text(&stderr));
    let letters: Letters = json(&text(&stdout));
    let [second, first] = &letters.letters[..] else {
        panic!("there are two: {letters:?}");
    };
    prints(&database, &["dead-letters", "send-again", &first.id]).await;
    prints(&database, &["dead-letters", "drop", &second.id]).await;
    prints(&database, &["queues"]).await;
    prints(&database, &["sessions"]).await;

    let house = street.open(Plan::default()).await;
    ada.sees("Are you there?").await;
    house.drained().await;
    assert!(!ada.texts().iter().any(|text| text.contains("parcel")));
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_had_is_said_so_with_what_would_be_right() {
    let street = Street::build().await;
    let database = street.database();
    let told = refuses(&database, &["queues"], 1).await;
    assert!(
        told.contains("there is no database") && told.contains("--database"),
        "{told}"
    );
    let silent = Plan {
        house: |house| house.control(ControlSocket::Off),
        ..Plan::default()
    };
    let house = street.open(silent).await;
    let told = refuses(&database, &["queues"], 1).await;
    assert!(
        told.contains("a process has the database") && told.contains("--socket"),
        "{told}"
    );
    for (args, said) in [
        (
            ["queues", "--database", "postgres://anna:hunter2@127.0.0.1:1/x"],
            "postgres://127.0.0.1:1/x",
        ),
        (["queues", "--database", "memory:"], "--socket"),
        (["queues", "--socket", "/nowhere/at/all"], "no bot answers"),
    ] {
        let told = refuses(&database, &args, 1).await;
        assert!(told.contains(said) && !told.contains("hunter2"), "{told}");
    }
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_example_bot_can_be_asked_and_a_killed_one_leaves_nothing_in_the_way() {
    let town = Town::build(env!("CARGO_BIN_EXE_killable_telegram_bot").into(), Encoding::Urlencoded).await;
    let town = town.expect("the town is built");
    let mut bot = town.start_bot().await.expect("the bot starts");
    let queues: Queues = json(&prints(town.database(), &["queues", "--json"]).await);
    assert!(queues.ledger_ready);
    bot.kill().expect("it can be killed");
    assert!(Socket::beside(town.database()).exists(), "a kill leaves the socket");
    let Output { status, stderr, .. } = run(town.database(), &["queues"]).await;
    assert!(
        status.success() && text(&stderr).contains("no bot is running"),
        "{}",
        text(&stderr)
    );
    let _bot = town.start_bot().await.expect("the bot starts again");
    let Output { status, stderr, .. } = run(town.database(), &["queues"]).await;
    assert!(status.success() && stderr.is_empty(), "{}", text(&stderr));
}

fn json<T: DeserializeOwned>(printed: &str) -> T {
    serde_json::from_str(printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
}
