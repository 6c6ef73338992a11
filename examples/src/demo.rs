//! A bot, a desk and a ledger in one program, with nothing to set: the customer is this terminal, the desk is a
//! simulator whose agent's page opens in a browser.

use std::{io::Write, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use escalator::{
    omnidesk::{Account, AccountToken, BrandId, ChatUrl, Omnidesk, OmnideskConfig, ServerToken},
    runtime::{Builder, Running},
};
use escalator_testkit::desk::DeskSimulator;
use tokio_util::sync::CancellationToken;

use crate::{custom_channel::Terminal, exit, settings::Settings, stop, telegram_bot};

/// Runs the demo until its input ends, nobody reads its output any more, or it is told to stop. What it wrote is removed
/// then.
///
/// # Errors
/// The setting that is missing or wrong, or what refused us at the start.
pub async fn run(settings: &Settings) -> Result<()> {
    settings.start_logs("warn")?;
    let stop = stop::listen()?;
    let folder = tempfile::Builder::new()
        .prefix("escalator-demo-")
        .tempdir()
        .context("the demo needs a folder for what it writes")?;
    let (desk, simulator) = desk(settings).await?;
    let database = format!("sqlite:{}", folder.path().join("demo.db").display());
    let house = settings.house(desk, &database)?;
    let page = simulator.as_ref().map(DeskSimulator::agent_page);
    if settings.telegram_bot_token.is_some() {
        greet(
            page,
            "The customer is Telegram: write to your bot. Ctrl-C ends the demo.",
        );
        telegram_bot::serve(settings, house, stop).await?;
    } else {
        chat(house, page, folder.path(), &stop).await?;
    }
    if let Some(simulator) = simulator {
        simulator.shutdown().await;
    }
    Ok(())
}

async fn chat(house: Builder, page: Option<String>, folder: &Path, stop: &CancellationToken) -> Result<()> {
    if let Some(started) = stop.run_until_cancelled(start(house, folder)).await {
        let (terminal, running) = started?;
        greet(
            page,
            "You are the customer. Try: hello, hours, human; with a human also /typing, /file PATH, /end. Ctrl-D ends the demo.",
        );
        exit::at_end_of_input(&terminal, running, stop).await;
    }
    Ok(())
}

async fn start(house: Builder, folder: &Path) -> Result<(Arc<Terminal>, Running)> {
    let downloads = folder.join("files");
    std::fs::create_dir(&downloads).with_context(|| format!("{} cannot be made", downloads.display()))?;
    let mut house = house.open().await?;
    let terminal = Terminal::new(house.ingress("terminal"), downloads);
    house.connect(Arc::<Terminal>::clone(&terminal))?;
    Ok((terminal, house.start().await?))
}

/// On standard error: standard output is the chat's. Where nobody reads that, it is no matter.
fn greet(page: Option<String>, customer: &str) {
    let page = page.map(|page| format!("The desk is a simulator. Be the agent in a browser: {page}\n"));
    let greeting = format!("{}{customer}\n", page.unwrap_or_default());
    std::io::stderr().write_all(greeting.as_bytes()).ok();
}

/// The real desk where one is set, else a simulator.
async fn desk(settings: &Settings) -> Result<(Omnidesk, Option<DeskSimulator>)> {
    if settings.names_a_desk() {
        return Ok((settings.omnidesk()?, None));
    }
    let agent_text = settings.agent_text()?;
    let simulator = DeskSimulator::builder()
        .configure(|desk| desk.chat_config["start_chat_instructions"] = WELCOME.into())
        .start()
        .await
        .context("the desk simulator does not start")?;
    let account = Account::parse(&simulator.url())?;
    let mut config = OmnideskConfig::new(account, AccountToken::new(simulator.account_token())?);
    config.chat_url = ChatUrl::parse(&simulator.url())?;
    config.brand_id = Some(BrandId::new("1")?);
    config.server_token = Some(ServerToken::new(simulator.server_token())?);
    config.agent_text = agent_text;
    // The switch on the agent's page is to work at once.
    config.availability_max = Duration::ZERO;
    Ok((Omnidesk::new(config)?, Some(simulator)))
}

/// What the desk says to a customer who waits. The simulator's own is the guide's example, which is Dutch.
const WELCOME: &str = "Welcome! Write your question; somebody from our team will be with you in a moment.";
