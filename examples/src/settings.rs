//! The settings of the example bots: variables of the environment, or arguments of the same meaning.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use clap::Parser;
use escalator::{
    omnidesk::{Account, AccountToken, ApiKey, BrandId, ChatUrl, Omnidesk, OmnideskConfig, ServerToken},
    runtime::{Builder, Database, Escalator},
};

/// Settings of an example bot. Each is read from the variable named with it.
#[derive(Parser)]
#[command(version, about, long_about = None)]
pub struct Settings {
    /// The Omnidesk account: its name (`acme`), or a whole address.
    #[arg(long, env = "OMNIDESK_URL", hide_env_values = true)]
    pub omnidesk_url: Option<String>,
    /// The shared chat host, asked for the chat configuration where a server token is set.
    #[arg(
        long,
        env = "OMNIDESK_CHAT_URL",
        default_value = "https://chat.omnidesk.io",
        hide_env_values = true
    )]
    pub omnidesk_chat_url: String,
    /// The chat account token: Settings > Channels > Live chat > Tokens.
    #[arg(long, env = "OMNIDESK_CHAT_ACCOUNT_TOKEN", hide_env_values = true)]
    pub omnidesk_chat_account_token: Option<String>,
    /// The chat server token, where the account has one.
    #[arg(long, env = "OMNIDESK_CHAT_SERVER_TOKEN", hide_env_values = true)]
    pub omnidesk_chat_server_token: Option<String>,
    /// The API key, with the permissions API_CHAT and MESSAGE_CREATE, where the account wants one.
    #[arg(long, env = "OMNIDESK_API_KEY", hide_env_values = true)]
    pub omnidesk_api_key: Option<String>,
    /// The brand of chatbot-log tickets: Settings > Brands.
    #[arg(long, env = "OMNIDESK_BRAND_ID", hide_env_values = true)]
    pub omnidesk_brand_id: Option<String>,
    /// Where the hookpoint listens.
    #[arg(long, env = "HOOKPOINT_LISTEN", default_value = "127.0.0.1:0")]
    pub hookpoint_listen: String,
    /// The public address at which Omnidesk reaches the hookpoint, without the secret. Where none is set, the address
    /// that it listens on.
    #[arg(long, env = "HOOKPOINT_URL")]
    pub hookpoint_url: Option<String>,
    /// The secret in the hookpoint's address. Where none is set, one is made once and kept in the database.
    #[arg(long, env = "HOOKPOINT_SECRET", hide_env_values = true)]
    pub hookpoint_secret: Option<String>,
    /// The database, as in `sqlite:escalator.db`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// The Telegram bot's token, from @BotFather.
    #[arg(long, env = "TELEGRAM_BOT_TOKEN", hide_env_values = true)]
    pub telegram_bot_token: Option<String>,
    /// The address of the Telegram Bot API, where it is not Telegram's own.
    #[arg(long, env = "TELEGRAM_API_URL")]
    pub telegram_api_url: Option<String>,
}

impl Settings {
    /// Reads the settings. A wrong argument ends the program and is named.
    pub fn read() -> Self {
        let mut settings = Self::parse();
        // A variable that is set to nothing is not set.
        for value in [
            &mut settings.omnidesk_url,
            &mut settings.omnidesk_chat_account_token,
            &mut settings.omnidesk_chat_server_token,
            &mut settings.omnidesk_api_key,
            &mut settings.omnidesk_brand_id,
            &mut settings.hookpoint_url,
            &mut settings.hookpoint_secret,
            &mut settings.database_url,
            &mut settings.telegram_bot_token,
            &mut settings.telegram_api_url,
        ] {
            value.take_if(|value| value.trim().is_empty());
        }
        settings
    }

    /// The Omnidesk account.
    ///
    /// # Errors
    /// The variable that is missing or wrong, and what would be right.
    pub fn omnidesk(&self) -> Result<Omnidesk> {
        let url = needed(
            "OMNIDESK_URL",
            self.omnidesk_url.as_deref(),
            "the account's name or address, as in `acme`",
        )?;
        let token = needed(
            "OMNIDESK_CHAT_ACCOUNT_TOKEN",
            self.omnidesk_chat_account_token.as_deref(),
            "a token from Settings > Channels > Live chat > Tokens",
        )?;
        let account = Account::parse(url).context("OMNIDESK_URL")?;
        let mut config = OmnideskConfig::new(
            account,
            AccountToken::new(token).context("OMNIDESK_CHAT_ACCOUNT_TOKEN")?,
        );
        config.chat_url = ChatUrl::parse(&self.omnidesk_chat_url).context("OMNIDESK_CHAT_URL")?;
        let server_token = self
            .omnidesk_chat_server_token
            .as_deref()
            .map(ServerToken::new)
            .transpose();
        config.server_token = server_token.context("OMNIDESK_CHAT_SERVER_TOKEN")?;
        config.api_key = self
            .omnidesk_api_key
            .as_deref()
            .map(ApiKey::new)
            .transpose()
            .context("OMNIDESK_API_KEY")?;
        let brand_id = self.omnidesk_brand_id.as_deref().map(BrandId::new).transpose();
        config.brand_id = brand_id.context("OMNIDESK_BRAND_ID")?;
        Ok(Omnidesk::new(config)?)
    }

    /// A house for a desk, as these settings say.
    ///
    /// # Errors
    /// The variable that is wrong, and what would be right.
    pub fn house(&self, desk: Omnidesk, default_database: &str) -> Result<Builder> {
        let database = self.database_url.as_deref().unwrap_or(default_database);
        let mut house = Escalator::builder(desk)
            .database(Database::parse(database).context("DATABASE_URL")?)
            .hookpoint_listen(self.hookpoint_listen()?);
        if let Some(url) = &self.hookpoint_url {
            house = house.hookpoint_url(url);
        }
        if let Some(secret) = &self.hookpoint_secret {
            house = house.hookpoint_secret(secret);
        }
        Ok(house)
    }

    fn hookpoint_listen(&self) -> Result<SocketAddr> {
        let listen = &self.hookpoint_listen;
        listen.parse().with_context(|| {
            format!("HOOKPOINT_LISTEN is `{listen}`, which is no address and port, as in `0.0.0.0:8080`")
        })
    }

    /// The Telegram bot's token.
    ///
    /// # Errors
    /// The variable that is missing.
    pub fn telegram_token(&self) -> Result<&str> {
        needed(
            "TELEGRAM_BOT_TOKEN",
            self.telegram_bot_token.as_deref(),
            "the bot's token from @BotFather",
        )
    }
}

fn needed<'s>(name: &str, value: Option<&'s str>, right: &str) -> Result<&'s str> {
    let Some(value) = value else {
        bail!("{name} is not set: it takes {right}")
    };
    Ok(value)
}
