//! What a program says when something is set wrong, and what `--help` says would be right.

use std::net::TcpListener;

use crate::program::Program;

const TELEGRAM_BOT: &str = env!("CARGO_BIN_EXE_telegram_bot");

/// An address at which nobody listens.
fn closed() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    format!("http://{}", listener.local_addr().expect("it has an address"))
}

/// What a Telegram bot says that is set well but for these variables, while neither desk nor Telegram is there.
async fn refusal(telegram: &str, wrong: &[(&str, &str)]) -> String {
    let mut settings = vec![
        ("OMNIDESK_URL", telegram),
        ("OMNIDESK_CHAT_ACCOUNT_TOKEN", "x7Kq2mV9pL"),
        ("TELEGRAM_BOT_TOKEN", "123:abc"),
        ("TELEGRAM_API_URL", telegram),
    ];
    settings.extend(wrong);
    let mut bot = Program::start(TELEGRAM_BOT, &settings);
    let (status, told) = bot.ends().await;
    assert_eq!(status.code(), Some(1), "{told}");
    told
}

#[tokio::test]
async fn what_is_wrong_on_this_machine_is_told_before_a_platform_is_asked() {
    let held = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let taken = held.local_addr().expect("it has an address").to_string();
    let whole = "a whole one that the desk can reach, as in https://bot.example.com/omnidesk";
    let nowhere = closed();
    for (name, value, told) in [
        ("HOOKPOINT_URL", "bot.example.com/omnidesk", whole),
        ("HOOKPOINT_URL", "http://0.0.0.0:80", whole),
        ("HOOKPOINT_URL", "http://[::1]/omnidesk", "holds '['"),
        ("HOOKPOINT_SECRET", "short", "has 5 characters; it takes 16 to 128"),
        ("HOOKPOINT_LISTEN", &taken, "cannot listen on"),
        (
            "DATABASE_URL",
            "sqlite:missing/e.db",
            "missing does not exist: make it first",
        ),
        ("DATABASE_URL", "sqlite:.", "is a folder: name a file in it"),
        ("TELEGRAM_BOT_TOKEN", "abc", "as @BotFather gives it"),
    ] {
        let said = refusal(&nowhere, &[(name, value)]).await;
        assert!(
            said.starts_with(&format!("error: {name}: ")) && said.contains(told),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_value_is_named_by_its_variable_alone() {
    for (name, value, told) in [
        (
            "OMNIDESK_URL",
            "acme.omnidesk.com",
            "is neither the name of an account nor a whole address; it takes an account's",
        ),
        (
            "OMNIDESK_URL",
            "https://acme.omnidesk.com/?a",
            "has a `?` in it; it takes",
        ),
        (
            "OMNIDESK_CHAT_URL",
            "chat.omnidesk.io",
            "is no address; it takes a whole address",
        ),
        (
            "OMNIDESK_CHAT_ACCOUNT_TOKEN",
            "short",
            "has 5 characters; it takes at least 10",
        ),
        (
            "OMNIDESK_AGENT_TEXT",
            "bbcode",
            "is no format that is known; it takes `plain`, `html` or `markdown`",
        ),
        (
            "OMNIDESK_API_KEY",
            "a b",
            "has a space, a line break or a character beyond ASCII; it takes",
        ),
    ] {
        let said = refusal(&closed(), &[(name, value)]).await;
        assert!(said.starts_with(&format!("error: {name} {told}")), "{said}");
    }
}

#[tokio::test]
async fn a_platform_that_is_away_is_told_with_its_address_and_the_cause() {
    let nowhere = closed();
    let said = refusal(&nowhere, &[]).await;
    let told = format!(
        "error: TELEGRAM_API_URL: nothing answers at {nowhere}: Telegram cannot be reached: connection refused\n"
    );
    assert!(said.ends_with(&told), "{said}");
}

#[tokio::test]
async fn a_desk_that_is_away_is_told_in_words() {
    let desk = closed();
    let settings = [
        ("OMNIDESK_URL", desk.as_str()),
        ("OMNIDESK_CHAT_ACCOUNT_TOKEN", "x7Kq2mV9pL"),
    ];
    let mut bot = Program::start(env!("CARGO_BIN_EXE_custom_channel"), &settings);
    bot.is_left();
    let (status, told) = bot.ends().await;
    assert!(status.success(), "{told}");
    let said = format!("the desk is away: requestChatConfig: no connection to {desk}: ");
    assert!(
        told.contains(&said) && told.contains("what is said meanwhile is kept"),
        "{told}"
    );
    assert!(!told.contains("NotSent"), "{told}");
}

#[tokio::test]
async fn help_names_what_a_program_takes_and_which_of_it_is_needed() {
    for (program, needed, not_taken) in [
        (TELEGRAM_BOT, ["OMNIDESK_URL", "TELEGRAM_BOT_TOKEN"], "DISCORD"),
        (
            env!("CARGO_BIN_EXE_discord_bot"),
            ["OMNIDESK_URL", "DISCORD_TOKEN"],
            "TELEGRAM",
        ),
        (
            env!("CARGO_BIN_EXE_custom_channel"),
            ["OMNIDESK_URL", "OMNIDESK_CHAT_ACCOUNT_TOKEN"],
            "DISCORD",
        ),
    ] {
        let help = std::process::Command::new(program)
            .arg("--help")
            .output()
            .expect("it runs");
        let help = String::from_utf8(help.stdout).expect("it is text");
        let (_, settings) = help.split_once("Needed:").expect("it says what is needed");
        let (needs, may) = settings.split_once("Optional:").expect("it says what is not");
        assert!(needed.iter().all(|name| needs.contains(name)), "{help}");
        assert!(!needs.contains("HOOKPOINT") && may.contains("HOOKPOINT_URL"), "{help}");
        assert!(
            may.contains("letters, digits and `. : / -` alone") && may.contains("16 to 128"),
            "{help}"
        );
        assert!(!help.contains(not_taken), "{help}");
    }
}
