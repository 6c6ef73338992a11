//! The demo, with its customer at a terminal and its agent in a real browser.

use std::{io::Write, path::Path};

use anyhow::{Context, Result, ensure};
use escalator_house::{browser::Browser, customer::Customer, desk_page::DeskPage, story::PNG};

const LABEL: &[u8] = b"%PDF-1.4\n%no pages, but a head and a tail\n%%EOF\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_at_the_terminal_is_helped_by_an_agent_in_a_browser() -> Result<()> {
    let Some((mut customer, page)) = sit_down().await? else {
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    escalate(&mut customer, &page).await.context("the escalation")?;
    words_both_ways(&mut customer, &page).await.context("words")?;
    files_both_ways(&mut customer, &page, folder.path())
        .await
        .context("files")?;
    agent_ends(&mut customer, &page).await.context("the agent's end")?;
    customer_ends(&mut customer, &page)
        .await
        .context("the customer's end")?;
    bot_was_silent(&customer.screen())?;
    leave(customer, page).await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_agents_a_contact_is_asked_for_and_the_chatbot_log_shows() -> Result<()> {
    let Some((mut customer, page)) = sit_down().await? else {
        return Ok(());
    };
    page.clicks("agents-available").await?;
    page.sees("no-agents", "").await?;
    customer.types("do you deliver?")?;
    customer.reads("Bot: Delivery takes").await?;
    customer.types("human")?;
    customer.reads("Please provide your mail address").await?;
    customer.types("ada@example.com")?;
    customer.reads("was left with our team").await?;

    page.sees("chatbot-log", "A message was left").await?.click().await?;
    page.sees("chatbot-log", "ada@example.com").await?;
    page.sees("chatbot-log", "Customer: do you deliver?").await?;
    page.sees("empty", "Nobody is chatting").await?;
    customer.types("your hours?")?;
    customer.reads("Bot: We are open").await?;
    leave(customer, page).await
}

async fn sit_down() -> Result<Option<(Customer, DeskPage)>> {
    let Some(browser) = Browser::start().await? else {
        // What a test prints is shown only when it fails, unless it goes past the macros.
        let why = "skipped: there is no Chromium with ChromeDriver; `cargo xtask browser` installs them where it can";
        writeln!(std::io::stderr(), "{why}")?;
        return Ok(None);
    };
    let customer = Customer::sits_down(Path::new(env!("CARGO_BIN_EXE_driven_demo")))?;
    let page = DeskPage::open(browser, &customer.agent_page().await?).await?;
    page.sees("empty", "Nobody is chatting").await?;
    Ok(Some((customer, page)))
}

async fn escalate(customer: &mut Customer, page: &DeskPage) -> Result<()> {
    customer.types("hello")?;
    customer.reads("Bot: Hello!").await?;
    customer.types("human")?;
    customer.reads("Welcome!").await?;
    page.takes_waiting().await?;
    for part in [
        "Platform: Terminal",
        "Reason: the customer asked for a human",
        "Customer: hello",
        "Bot: Hello!",
    ] {
        page.sees("line-customer", part).await?;
    }
    page.sees("status", "waiting").await.map(drop)
}

async fn words_both_ways(customer: &mut Customer, page: &DeskPage) -> Result<()> {
    page.writes("Hi, how can I help?").await?;
    customer.reads("(an agent is typing)").await?;
    customer.reads("is with you now").await?;
    page.sends().await?;
    customer.reads("Anna: Hi, how can I help?").await?;
    page.sees("line-agent", "Hi, how can I help?").await?;
    page.sees("status", "open").await?;
    customer.types("/typing")?;
    page.sees("customer-typing", "The customer is typing").await?;
    // A word that the bot knows: it is the agent's now.
    customer.types("your hours on <b>Sunday</b>?")?;
    page.sees("line-customer", "your hours on <b>Sunday</b>?").await?;
    page.misses("customer-typing", "typing").await
}

async fn files_both_ways(customer: &mut Customer, page: &DeskPage, folder: &Path) -> Result<()> {
    let photo = folder.join("box.png");
    std::fs::write(&photo, PNG)?;
    customer.types(&format!("/file {}", photo.display()))?;
    let shown = page.sees_picture("box.png").await?;
    ensure!(shown.download().await? == PNG, "the bytes of the customer's picture");

    let label = folder.join("label.pdf");
    std::fs::write(&label, LABEL)?;
    page.sends_file(&label).await?;
    let told = customer.reads("sent a file: ").await?;
    let saved = told.split_once("sent a file: ").map(|(_, path)| path);
    let saved = std::fs::read(saved.context("a path is told")?).context("the path that is told")?;
    ensure!(saved == LABEL, "the bytes of the agent's file");
    page.sees("file", "label.pdf").await.map(drop)
}

async fn agent_ends(customer: &mut Customer, page: &DeskPage) -> Result<()> {
    page.clicks("end-chat").await?;
    customer.reads("The chat with our team is over").await?;
    page.sees("status", "ended").await?;
    customer.types("your hours?")?;
    customer.reads("Bot: We are open").await.map(drop)
}

async fn customer_ends(customer: &mut Customer, page: &DeskPage) -> Result<()> {
    customer.types("agent")?;
    customer.reads("Welcome!").await?;
    page.takes_waiting().await?;
    page.sees("status", "waiting").await?;
    page.writes("Back again?").await?;
    page.sends().await?;
    customer.reads("Anna: Back again?").await?;
    page.sees("status", "open").await?;
    customer.types("/end")?;
    customer.reads("The chat with our team is over").await?;
    page.sees("status", "ended").await?;
    page.sees("late", "has ended").await?;
    customer.types("do you deliver?")?;
    customer.reads("Bot: Delivery takes").await.map(drop)
}

/// Between a takeover and the end that follows it, no line of the bot.
fn bot_was_silent(screen: &[String]) -> Result<()> {
    let mut human = false;
    for line in screen {
        human = (human || line.contains("is with you now")) && !line.contains("is over");
        ensure!(
            !(human && line.starts_with("Bot:")),
            "the bot spoke while a human had the conversation: {screen:#?}"
        );
    }
    Ok(())
}

async fn leave(customer: Customer, page: DeskPage) -> Result<()> {
    page.misses("violation-count", "").await?;
    page.misses("hook-failure", "").await?;
    page.close().await?;
    let (status, logged) = customer.leaves().await?;
    ensure!(status.success(), "the demo ended with {status}");
    ensure!(logged.len() == 2, "the demo logs beside its greeting: {logged:#?}");
    Ok(())
}
