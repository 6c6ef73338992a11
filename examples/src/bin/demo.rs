//! A bot, a desk and a ledger in one command, with nothing to set: the customer is this terminal, the desk is a
//! simulator whose agent's page opens in a browser. With `TELEGRAM_BOT_TOKEN` set the customer is Telegram; with
//! `OMNIDESK_URL` and its token set the desk is the real one.

use std::sync::Arc;

use anyhow::{Context, Result};
use escalator::{
    omnidesk::{Account, AccountToken, BrandId, ChatUrl, Omnidesk, OmnideskConfig, ServerToken},
    runtime::Running,
};
use escalator_examples::{custom_channel::Terminal, logs, settings::Settings, telegram_bot};
use escalator_testkit::desk::DeskSimulator;

#[tokio::main]
async fn main() -> Result<()> {
    let settings = Settings::read();
    logs::start("warn");
    let folder = std::env::temp_dir().join(format!("escalator-demo-{}", std::process::id()));
    std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let (desk, simulator) = desk(&settings).await?;
    let database = format!("sqlite:{}", folder.join("demo.db").display());
    let house = settings.house(desk, &database)?;

    if settings.telegram_bot_token.is_some() {
        eprintln!("The customer is Telegram: write to your bot. Ctrl-C ends the demo.");
        telegram_bot::serve(&settings, house).await?;
    } else {
        eprintln!(
            "You are the customer. Try: hello / hours / human / /typing / /file PATH / /end. Ctrl-D ends the demo."
        );
        let mut house = house.open().await?;
        let terminal = Terminal::new(house.ingress("terminal"), folder.clone());
        house.connect(Arc::<Terminal>::clone(&terminal))?;
        chat(&terminal, house.start().await?).await?;
    }
    if let Some(simulator) = simulator {
        simulator.shutdown().await;
    }
    if settings.database_url.is_none() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    // Standard input is read by a thread that nothing else can end.
    std::process::exit(0);
}

/// Until the end of the input; then what waits is delivered first.
async fn chat(terminal: &Terminal, running: Running) -> Result<()> {
    tokio::select! {
        () = terminal.finished() => running.drained().await,
        pressed = tokio::signal::ctrl_c() => pressed?,
    }
    running.shutdown().await;
    Ok(())
}

/// The real desk where one is set, else a simulator.
async fn desk(settings: &Settings) -> Result<(Omnidesk, Option<DeskSimulator>)> {
    if settings.omnidesk_url.is_some() {
        return Ok((settings.omnidesk()?, None));
    }
    let simulator = DeskSimulator::builder()
        .start()
        .await
        .context("the desk simulator does not start")?;
    eprintln!(
        "The desk is a simulator. Be the agent in a browser: {}",
        simulator.agent_page()
    );
    let account = Account::parse(&simulator.url())?;
    let mut config = OmnideskConfig::new(account, AccountToken::new(simulator.account_token())?);
    config.chat_url = ChatUrl::parse(&simulator.url())?;
    config.brand_id = Some(BrandId::new("1")?);
    config.server_token = Some(ServerToken::new(simulator.server_token())?);
    Ok((Omnidesk::new(config)?, Some(simulator)))
}
