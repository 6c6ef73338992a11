use std::time::Duration;

use teloxide::{ApiError, Bot, RequestError, requests::Requester};
use url::Url;

use crate::error::Failure;

/// How long a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How long an upload with its answer, or a pause within a download, may take: 50 MB at 1.4 Mbit/s. The whole of a
/// download has no limit. A connection that is dead is found earlier, by keepalive.
const SILENCE_MAX: Duration = Duration::from_mins(5);
/// How long Telegram may take to tell whose token it is.
const CHECK_MAX: Duration = Duration::from_secs(20);
/// A connection that is silent this long is asked whether it is still there, and again, three times.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The token is none.
    #[error("the bot's token is not one: it reads like 123456789:AAE…, as @BotFather gives it")]
    Token,
    /// The address of the Bot API is none.
    #[error("the address of the Bot API is not one: it reads like https://api.telegram.org, without the token")]
    ApiUrl,
    /// Telegram does not take the token.
    #[error("Telegram knows no bot of this token: @BotFather gives the right one")]
    Refused,
    /// Something else answers at the address.
    #[error("what answers at {0} is no Bot API")]
    NoBotApi(String),
    /// Nothing answers at the address.
    #[error("nothing answers at {at}: {why}")]
    Unreachable {
        /// Scheme, host and port: what is behind them can hold a token.
        at: String,
        /// What went wrong on the way.
        why: String,
    },
    /// The machine's TLS could not be set up.
    #[error("the HTTP client could not be made: {0}")]
    Http(String),
}

/// Makes a bot whose client suits files and long polls: no limit on the whole of a call, one on silence. teloxide's own
/// client cuts every call off after 17 seconds.
///
/// `api_url` is the address of a Bot API server of your own, without the token; `None` is Telegram's.
///
/// # Errors
/// [`ClientError`] names what is wrong, and what would be right.
pub fn client(token: &str, api_url: Option<&str>) -> Result<Bot, ClientError> {
    if !is_token(token) {
        return Err(ClientError::Token);
    }
    let http = reqwest::Client::builder()
        .connect_timeout(CONNECT_MAX)
        .read_timeout(SILENCE_MAX)
        .tcp_keepalive(KEEPALIVE)
        .tcp_keepalive_interval(KEEPALIVE)
        .tcp_keepalive_retries(3)
        .tcp_nodelay(true)
        .build()
        .map_err(|failed| ClientError::Http(failed.without_url().to_string()))?;
    let bot = Bot::with_client(token, http);
    Ok(match api_url {
        Some(url) => bot.set_api_url(api_address(url).ok_or(ClientError::ApiUrl)?),
        None => bot,
    })
}

/// Asks Telegram whether it knows the bot.
///
/// # Errors
/// [`ClientError::Refused`], [`ClientError::NoBotApi`] or [`ClientError::Unreachable`].
pub async fn check(bot: &Bot) -> Result<(), ClientError> {
    let at = bot.api_url().origin().ascii_serialization();
    match tokio::time::timeout(CHECK_MAX, bot.get_me()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(RequestError::Api(ApiError::InvalidToken))) => Err(ClientError::Refused),
        Ok(Err(RequestError::Api(_) | RequestError::InvalidJson { .. })) => Err(ClientError::NoBotApi(at)),
        Ok(Err(failed)) => Err(ClientError::Unreachable {
            at,
            why: Failure::of(&failed).detail(),
        }),
        Err(_elapsed) => Err(ClientError::Unreachable {
            at,
            why: "Telegram did not answer in time".to_owned(),
        }),
    }
}

fn is_token(token: &str) -> bool {
    token.split_once(':').is_some_and(|(id, secret)| {
        let whole = !id.is_empty() && !secret.is_empty();
        whole && id.bytes().all(|b| b.is_ascii_digit()) && secret.bytes().all(|b| b.is_ascii_graphic())
    })
}

fn api_address(url: &str) -> Option<Url> {
    // teloxide appends path segments: behind a slash the first of them would be empty.
    let url = Url::parse(url.trim().trim_end_matches('/')).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_setting_is_named_and_never_shown() {
        let made = |token: &str, url| client(token, url).err().map(|failed| failed.to_string());
        assert_eq!(made("123:abc", None), None);
        assert_eq!(made("123:abc", Some("http://127.0.0.1:8081/")), None);
        for token in ["", "123", "abc:def", "123:", "123:a b"] {
            assert!(
                made(token, None).is_some_and(|said| said.contains("@BotFather")),
                "{token}"
            );
        }
        for url in ["", "api.telegram.org", "file:///tmp", "ftp://host"] {
            assert!(
                made("123:abc", Some(url)).is_some_and(|said| said.contains("https://")),
                "{url}"
            );
        }
    }
}
