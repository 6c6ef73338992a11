//! The settings of the example bots: variables of the environment, or arguments of the same meaning.

use std::net::SocketAddr;

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use clap::{Arg, Command, CommandFactory, FromArgMatches, Parser};
use escalator::{
    omnidesk::{
        Account, AccountToken, AgentText, ApiKey, BrandId, ChatUrl, Omnidesk, OmnideskConfig, ServerToken, ValueError,
    },
    runtime::{Builder, Database, Escalator},
};
use escalator_discord::BotError;
use escalator_telegram::{ClientError, WebhookSecret, WebhookSettings, client};
use teloxide::Bot;
use url::Url;

use crate::{logs, program::Program};

const CHAT_URL: &str = "https://chat.omnidesk.io";
const AGENT_TEXT: &str = "plain";
const LISTEN: &str = "127.0.0.1:0";

/// An example bot of Escalator. A setting is a variable of the environment, or the argument beside it.
#[derive(Parser)]
#[command(version, about = None, long_about = None)]
pub struct Settings {
    /// The Omnidesk account: its name (`acme`), or a whole address.
    #[arg(long, env = "OMNIDESK_URL", hide_env_values = true)]
    pub omnidesk_url: Option<String>,
    /// The shared chat host, asked for the chat configuration where a server token is set.
    #[arg(
        long,
        env = "OMNIDESK_CHAT_URL",
        default_value = CHAT_URL,
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
    /// The brand of chatbot-log tickets: Settings > Brands. The desk looks at it with the first of them, not at the start.
    #[arg(long, env = "OMNIDESK_BRAND_ID", hide_env_values = true)]
    pub omnidesk_brand_id: Option<String>,
    /// How the account writes what an agent says: `plain`, `html` or `markdown`.
    #[arg(long, env = "OMNIDESK_AGENT_TEXT", default_value = AGENT_TEXT)]
    pub omnidesk_agent_text: String,
    /// Where the hookpoint listens.
    #[arg(long, env = "HOOKPOINT_LISTEN", default_value = LISTEN)]
    pub hookpoint_listen: String,
    /// The public address at which Omnidesk reaches the hookpoint, without the secret, as in
    /// `https://bot.example.com/omnidesk`: letters, digits and `. : / -` alone. Where none is set, the address that it listens
    /// on, which then cannot be 0.0.0.0 or IPv6.
    #[arg(long, env = "HOOKPOINT_URL")]
    pub hookpoint_url: Option<String>,
    /// The secret in the hookpoint's address: 16 to 128 letters, digits and hyphens. Where none is set, one is made once and
    /// kept in the database.
    #[arg(long, env = "HOOKPOINT_SECRET", hide_env_values = true)]
    pub hookpoint_secret: Option<String>,
    /// The database, as in `sqlite:escalator.db`, or `postgres://user:password@host/name`, which several instances share.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// The Telegram bot's token, from @BotFather.
    #[arg(long, env = "TELEGRAM_BOT_TOKEN", hide_env_values = true)]
    pub telegram_bot_token: Option<String>,
    /// The address of the Telegram Bot API, where it is not Telegram's own.
    #[arg(long, env = "TELEGRAM_API_URL")]
    pub telegram_api_url: Option<String>,
    /// The public address at which Telegram reaches this program, `https://…`: updates then come by webhook. Where none is
    /// set, Telegram is polled.
    #[arg(long, env = "TELEGRAM_WEBHOOK_URL", hide_env_values = true)]
    pub telegram_webhook_url: Option<String>,
    /// Where the webhook listens, by plain HTTP: a proxy with TLS stands in front of it.
    #[arg(long, env = "TELEGRAM_WEBHOOK_LISTEN", default_value = LISTEN)]
    pub telegram_webhook_listen: String,
    /// The secret that Telegram sends along: A-Z, a-z, 0-9, _ and -, at most 256. Where none is set, one is made from the
    /// bot's token.
    #[arg(long, env = "TELEGRAM_WEBHOOK_SECRET", hide_env_values = true)]
    pub telegram_webhook_secret: Option<String>,
    /// The Discord bot's token, from the developer portal, under Bot > Token.
    #[arg(long, env = "DISCORD_TOKEN", hide_env_values = true)]
    pub discord_token: Option<String>,
    /// The address of the Discord API, where it is not Discord's own.
    #[arg(long, env = "DISCORD_API_URL")]
    pub discord_api_url: Option<String>,
    /// What is logged on standard error, as in `info` or `escalator=debug`.
    #[arg(long, env = "RUST_LOG")]
    pub rust_log: Option<String>,
}

impl Settings {
    /// Reads the settings of a program. A wrong argument ends it and is named.
    pub fn read(program: &Program) -> Self {
        let mut matches = Self::command_of(program).get_matches();
        let mut settings = Self::from_arg_matches_mut(&mut matches).unwrap_or_else(|error| error.exit());
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
            &mut settings.telegram_webhook_url,
            &mut settings.telegram_webhook_secret,
            &mut settings.discord_token,
            &mut settings.discord_api_url,
            &mut settings.rust_log,
        ] {
            value.take_if(|value| value.trim().is_empty());
        }
        for (value, default) in [
            (&mut settings.omnidesk_chat_url, CHAT_URL),
            (&mut settings.omnidesk_agent_text, AGENT_TEXT),
            (&mut settings.hookpoint_listen, LISTEN),
            (&mut settings.telegram_webhook_listen, LISTEN),
        ] {
            if value.trim().is_empty() {
                default.clone_into(value);
            }
        }
        settings
    }

    /// What a program takes, and what it tells of that.
    fn command_of(program: &Program) -> Command {
        let concerns = |arg: Arg| {
            let name = arg.get_id().as_str();
            let of_others = program.ignores.iter().any(|start| name.starts_with(start));
            let heading = if program.needs.contains(&name) {
                "Needed"
            } else {
                "Optional"
            };
            arg.hide(of_others).help_heading(heading)
        };
        Self::command().about(program.about).mut_args(concerns)
    }

    /// Starts the logs, as quiet as the program likes them where nothing else is set.
    ///
    /// # Errors
    /// The variable that is wrong, and what would be right.
    pub fn start_logs(&self, quiet: &str) -> Result<()> {
        logs::start(self.rust_log.as_deref().unwrap_or(quiet))
    }

    /// Whether anything is said about an Omnidesk account.
    pub fn names_a_desk(&self) -> bool {
        let of_a_desk = [
            &self.omnidesk_url,
            &self.omnidesk_chat_account_token,
            &self.omnidesk_chat_server_token,
            &self.omnidesk_api_key,
            &self.omnidesk_brand_id,
        ];
        of_a_desk.iter().any(|value| value.is_some())
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
        let account = Account::parse(url).map_err(named("OMNIDESK_URL"))?;
        self.warn_if_unreachable(&account)?;
        let mut config = OmnideskConfig::new(
            account,
            AccountToken::new(token).map_err(named("OMNIDESK_CHAT_ACCOUNT_TOKEN"))?,
        );
        config.chat_url = ChatUrl::parse(&self.omnidesk_chat_url).map_err(named("OMNIDESK_CHAT_URL"))?;
        let server_token = self
            .omnidesk_chat_server_token
            .as_deref()
            .map(ServerToken::new)
            .transpose();
        config.server_token = server_token.map_err(named("OMNIDESK_CHAT_SERVER_TOKEN"))?;
        config.api_key = self
            .omnidesk_api_key
            .as_deref()
            .map(ApiKey::new)
            .transpose()
            .map_err(named("OMNIDESK_API_KEY"))?;
        let brand_id = self.omnidesk_brand_id.as_deref().map(BrandId::new).transpose();
        config.brand_id = brand_id.map_err(named("OMNIDESK_BRAND_ID"))?;
        config.agent_text = self.agent_text()?;
        Ok(Omnidesk::new(config)?)
    }

    /// How the desk writes what an agent says.
    ///
    /// # Errors
    /// The setting names no way.
    pub fn agent_text(&self) -> Result<AgentText> {
        AgentText::parse(&self.omnidesk_agent_text).map_err(named("OMNIDESK_AGENT_TEXT"))
    }

    /// A house for a desk, as these settings say.
    ///
    /// # Errors
    /// The variable that is wrong, and what would be right.
    pub fn house(&self, desk: Omnidesk, default_database: &str) -> Result<Builder> {
        let database = self.database_url.as_deref().unwrap_or(default_database);
        let mut house = Escalator::builder(desk)
            .database(Database::parse(database)?)
            .hookpoint_listen(self.hookpoint_listen()?);
        if let Some(url) = &self.hookpoint_url {
            house = house.hookpoint_url(url);
        }
        if let Some(secret) = &self.hookpoint_secret {
            house = house.hookpoint_secret(secret);
        }
        Ok(house)
    }

    /// A desk elsewhere needs a public address to call.
    fn warn_if_unreachable(&self, account: &Account) -> Result<()> {
        let listen = self.hookpoint_listen()?.ip();
        let nowhere = listen.is_loopback() || listen.is_unspecified();
        if self.hookpoint_url.is_none() && nowhere && !is_local(account) {
            tracing::warn!(
                %listen,
                "HOOKPOINT_URL is not set, so no reply of an agent will arrive: it takes the public address of this program"
            );
        }
        Ok(())
    }

    fn hookpoint_listen(&self) -> Result<SocketAddr> {
        let listen = &self.hookpoint_listen;
        listen.parse().with_context(|| {
            format!("HOOKPOINT_LISTEN is `{listen}`, which is no address and port, as in `0.0.0.0:8080`")
        })
    }

    /// The Telegram bot, as these settings say.
    ///
    /// # Errors
    /// The variable that is missing or wrong, and what would be right.
    pub fn telegram(&self) -> Result<Bot> {
        let token = needed(
            "TELEGRAM_BOT_TOKEN",
            self.telegram_bot_token.as_deref(),
            "the bot's token from @BotFather",
        )?;
        client(token, self.telegram_api_url.as_deref()).map_err(of_telegram)
    }

    /// Asks Telegram whether it knows the bot.
    ///
    /// # Errors
    /// The variable that is wrong, and what would be right.
    pub async fn check_telegram(&self, bot: &Bot) -> Result<()> {
        escalator_telegram::check(bot).await.map_err(of_telegram)
    }

    /// How updates come by webhook, and where it listens; `None` where Telegram is polled.
    ///
    /// # Errors
    /// The variable that is missing or wrong, and what would be right.
    pub fn telegram_webhook(&self) -> Result<Option<(WebhookSettings, SocketAddr)>> {
        let Some(url) = &self.telegram_webhook_url else {
            return Ok(None);
        };
        // The address may hold a secret: it is not shown.
        let url: Url = url
            .trim()
            .parse()
            .context("TELEGRAM_WEBHOOK_URL is no address, as in `https://bot.example.com/telegram`")?;
        // Another Bot API server may take it.
        let is_taken = url.scheme() == "https" || self.telegram_api_url.is_some();
        ensure!(
            is_taken,
            "TELEGRAM_WEBHOOK_URL begins with `{}:`, and Telegram takes `https` alone",
            url.scheme()
        );
        let secret = match &self.telegram_webhook_secret {
            Some(secret) => WebhookSecret::parse(secret).context("TELEGRAM_WEBHOOK_SECRET")?,
            None => WebhookSecret::of_token(self.telegram_bot_token.as_deref().unwrap_or_default()),
        };
        let listen = &self.telegram_webhook_listen;
        let listen = listen.parse().with_context(|| {
            format!("TELEGRAM_WEBHOOK_LISTEN is `{listen}`, which is no address and port, as in `0.0.0.0:8443`")
        })?;
        Ok(Some((WebhookSettings::new(secret).register_at(url), listen)))
    }

    /// The Discord bot, as these settings say.
    ///
    /// # Errors
    /// The variable that is missing or wrong, and what would be right.
    pub fn discord(&self) -> Result<escalator_discord::Bot> {
        let token = needed(
            "DISCORD_TOKEN",
            self.discord_token.as_deref(),
            "the bot's token from the developer portal, under Bot > Token",
        )?;
        escalator_discord::Bot::new(token, self.discord_api_url.as_deref()).map_err(of_discord)
    }

    /// Asks Discord whether it knows the bot.
    ///
    /// # Errors
    /// The variable that is wrong, and what would be right.
    pub async fn check_discord(&self, bot: &escalator_discord::Bot) -> Result<()> {
        bot.check().await.map_err(of_discord)
    }
}

/// What is wrong with the value of a variable. The library's own name for it means nothing to whoever sets the variable.
fn named(variable: &'static str) -> impl Fn(ValueError) -> Error {
    move |error| anyhow!("{variable} {}; it takes {}", error.problem(), error.rule())
}

fn of_telegram(error: ClientError) -> Error {
    let variable = match error {
        ClientError::Token | ClientError::Refused => "TELEGRAM_BOT_TOKEN",
        ClientError::ApiUrl | ClientError::NoBotApi(_) | ClientError::Unreachable { .. } => "TELEGRAM_API_URL",
        error => return error.into(),
    };
    Error::new(error).context(variable)
}

fn of_discord(error: BotError) -> Error {
    let variable = match error {
        BotError::ApiUrl | BotError::Unreachable { .. } => "DISCORD_API_URL",
        _ => "DISCORD_TOKEN",
    };
    Error::new(error).context(variable)
}

fn is_local(account: &Account) -> bool {
    let host = account.as_str().split_once("://").map_or("", |(_, host)| host);
    ["127.", "localhost", "[::1]"]
        .iter()
        .any(|local| host.starts_with(local))
}

fn needed<'s>(name: &str, value: Option<&'s str>, right: &str) -> Result<&'s str> {
    let Some(value) = value else {
        bail!("{name} is not set: it takes {right}")
    };
    Ok(value)
}
