use std::{fmt, time::Duration};

use reqwest::header::HeaderValue;
use serenity::{
    all::{ClientBuilder, GatewayIntents, Http, HttpBuilder},
    gateway::GatewayError,
};
use url::Url;

use crate::{error::Failure, rest::Rest};

/// How long Discord may take to tell whose token it is.
const CHECK_MAX: Duration = Duration::from_secs(20);
/// Discord's own address.
const DISCORD: &str = "https://discord.com";
/// Where Discord's pictures are that belong to no message: PNG files, and GIF files
/// (<https://discord.com/developers/docs/reference#image-formatting>).
const PICTURES: [&str; 2] = ["https://cdn.discordapp.com", "https://media.discordapp.net"];

/// What a conversation with a human needs to be told of: messages and their words, in guilds and in direct messages, who
/// types, and reactions. The words of messages (`MESSAGE_CONTENT`) are privileged: they are switched on in the
/// developer portal, under Bot > Privileged Gateway Intents.
pub const INTENTS: GatewayIntents = GatewayIntents::GUILDS
    .union(GatewayIntents::GUILD_MESSAGES)
    .union(GatewayIntents::GUILD_MESSAGE_REACTIONS)
    .union(GatewayIntents::GUILD_MESSAGE_TYPING)
    .union(GatewayIntents::DIRECT_MESSAGES)
    .union(GatewayIntents::DIRECT_MESSAGE_REACTIONS)
    .union(GatewayIntents::DIRECT_MESSAGE_TYPING)
    .union(GatewayIntents::MESSAGE_CONTENT);

/// A bot's account at Discord: its token, and where the API is. Its `Debug` shows no token.
#[derive(Clone)]
pub struct Bot {
    token: String,
    address: Option<String>,
    pictures: Option<String>,
}

/// Why an account is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BotError {
    /// The token is none.
    #[error("the bot's token is not one: it has three parts with dots between them, as the developer portal gives it")]
    Token,
    /// The address of the API is none.
    #[error("the address of the Discord API is not one: it reads like https://discord.com, without a path")]
    ApiUrl,
    /// Discord does not take the token.
    #[error("Discord knows no bot of this token: the developer portal gives the right one, under Bot > Token")]
    Refused,
    /// Nothing answers at the address of the API, or something else.
    #[error("the Discord API does not answer at {at}: {why}")]
    Unreachable {
        /// The address.
        at: String,
        /// What went wrong.
        why: String,
    },
}

impl Bot {
    /// Takes a token, and the address of the API where it is not Discord's own (a proxy, a fake).
    ///
    /// # Errors
    /// [`BotError`] names what is wrong, and what would be right.
    pub fn new(token: &str, api_url: Option<&str>) -> Result<Self, BotError> {
        let token = token.trim().trim_start_matches("Bot ");
        if !is_token(token) {
            return Err(BotError::Token);
        }
        Ok(Self {
            token: token.to_owned(),
            address: api_url.map(api_address).transpose()?,
            pictures: None,
        })
    }

    /// Takes the address from which the pictures of stickers are fetched, where it is not Discord's own (a fake).
    ///
    /// # Errors
    /// [`BotError::ApiUrl`] when it is no such address.
    pub fn with_pictures_at(mut self, url: &str) -> Result<Self, BotError> {
        self.pictures = Some(api_address(url)?);
        Ok(self)
    }

    /// Asks Discord whether it knows the bot. Do so before a client is made: where serenity cannot ask an address of one's
    /// own for the gateway, it turns to Discord's.
    ///
    /// # Errors
    /// [`BotError::Refused`] or [`BotError::Unreachable`].
    pub async fn check(&self) -> Result<(), BotError> {
        match Rest::new(self, CHECK_MAX).me().await {
            Ok(_) => Ok(()),
            Err(Failure::Account(_)) => Err(BotError::Refused),
            Err(failed) => Err(BotError::Unreachable {
                at: self.address().to_owned(),
                why: failed.detail(),
            }),
        }
    }

    /// serenity's client of this account, to be given a framework ([`Discord::wrap`](crate::Discord::wrap)). `intents` is
    /// what the bot itself wants to be told; [`INTENTS`] are added.
    pub fn client(&self, intents: GatewayIntents) -> ClientBuilder {
        ClientBuilder::new_with_http(self.http(), intents | INTENTS)
    }

    /// serenity's HTTP client of this account. For Discord's own address serenity's limiter is on. For another one it
    /// must be off, since serenity ignores the address otherwise.
    pub fn http(&self) -> Http {
        let http = HttpBuilder::new(&self.token);
        match &self.address {
            Some(address) => http.proxy(address).ratelimiter_disabled(true).build(),
            None => http.build(),
        }
    }

    /// Where the API is, without a slash at its end.
    pub(crate) fn address(&self) -> &str {
        self.address.as_deref().unwrap_or(DISCORD)
    }

    /// Where pictures are that belong to no message: PNG files, and GIF files. Without a slash at their ends.
    pub(crate) fn pictures(&self) -> [String; 2] {
        PICTURES.map(|at| self.pictures.as_deref().unwrap_or(at).to_owned())
    }

    pub(crate) fn authorization(&self) -> HeaderValue {
        let value = format!("Bot {}", self.token);
        let mut value = HeaderValue::from_str(&value).expect("a token is of letters, digits, dots, - and _");
        value.set_sensitive(true);
        value
    }
}

/// Without the token.
impl fmt::Debug for Bot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bot")
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}

/// What a client that could not start lacks, in words; `None` where the error says it itself.
pub fn explain(failed: &serenity::Error) -> Option<&'static str> {
    let serenity::Error::Gateway(failed) = failed else {
        return None;
    };
    match failed {
        GatewayError::DisallowedGatewayIntents => Some(
            "Discord refuses the intent MESSAGE_CONTENT: switch on \"Message Content Intent\" in the developer portal, \
             under Bot > Privileged Gateway Intents",
        ),
        GatewayError::InvalidAuthentication => {
            Some("Discord knows no bot of this token: the developer portal gives the right one, under Bot > Token")
        }
        GatewayError::InvalidGatewayIntents => {
            Some("Discord does not know one of the intents that the client asks for")
        }
        _ => None,
    }
}

fn is_token(token: &str) -> bool {
    let parts: Vec<_> = token.split('.').collect();
    let is_plain = |part: &&str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        !part.is_empty() && part.bytes().all(plain)
    };
    parts.len() == 3 && parts.iter().all(is_plain)
}

fn api_address(url: &str) -> Result<String, BotError> {
    let url = Url::parse(url.trim()).map_err(|_| BotError::ApiUrl)?;
    let is_plain = matches!(url.scheme(), "http" | "https") && url.has_host();
    // serenity puts the address where `https://discord.com` stands.
    let is_whole = matches!(url.path(), "" | "/") && url.query().is_none() && url.username().is_empty();
    if !is_plain || !is_whole {
        return Err(BotError::ApiUrl);
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "MTIzNDU2Nzg5.Gabc-1.secret_secret-secret";

    #[test]
    fn a_wrong_setting_is_named_and_never_shown() {
        assert!(Bot::new(TOKEN, None).is_ok());
        assert!(Bot::new(&format!("Bot {TOKEN}"), Some("http://127.0.0.1:8081/")).is_ok());
        for token in ["", "abc", "a.b", "a..b", "a.b.c d", "a.b.c\nd"] {
            assert_eq!(Bot::new(token, None).err(), Some(BotError::Token), "{token}");
        }
        for url in ["", "discord.com", "file:///tmp", "http://host/api/v10", "http://a@host"] {
            assert_eq!(Bot::new(TOKEN, Some(url)).err(), Some(BotError::ApiUrl), "{url}");
        }
    }

    #[test]
    fn the_token_is_not_shown() {
        let bot = Bot::new(TOKEN, None).expect("it is one");
        assert!(!format!("{bot:?} {:?}", bot.authorization()).contains("secret"));
    }
}
