use std::{fmt, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{AgentText, Encoding, NumbersPast50, ValueError};

/// The settings of one Omnidesk account. Each value was checked when it was made; what spans several is checked by
/// [`Omnidesk::new`](super::Omnidesk::new).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OmnideskConfig {
    /// Where the account is.
    pub account: Account,
    /// Where the shared chat host is, which answers [`server_token`](Self::server_token). `https://chat.omnidesk.io`.
    pub chat_url: ChatUrl,
    /// `chatAccountToken`, made under Settings > Channels > Live chat > Tokens.
    pub account_token: AccountToken,
    /// `chatServerToken`. With it the chat configuration is asked for by GET at `chat_url`, without it by POST at
    /// `account`.
    pub server_token: Option<ServerToken>,
    /// The API key, sent as the header `apiKey` with every call to `account`. The guide does not name it, the OpenAPI
    /// pages ask for it, with the permissions `API_CHAT` and, for the chatbot log, `MESSAGE_CREATE`.
    pub api_key: Option<ApiKey>,
    /// `brandID` of the chatbot log, from Settings > Brands. `None` leaves it out.
    pub brand_id: Option<BrandId>,
    /// `channelID` of a message. 8, which is live chat.
    pub channel_id: u32,
    /// How the fields of a call are written. Multipart. A file always goes as multipart.
    pub encoding: Encoding,
    /// How the text of an agent's message is written. Plain.
    pub agent_text: AgentText,
    /// What becomes of `messageNumber` past 50.
    pub numbers_past_50: NumbersPast50,
    /// How long a message may be, in characters. 10,000: the desk states no limit.
    pub message_chars_max: usize,
    /// The largest file that is sent, in bytes. 100 MB: the desk states no limit.
    pub file_bytes_max: u64,
    /// How long connecting may take, with DNS and TLS. 5 seconds.
    pub connect_max: Duration,
    /// How long a call may take as a whole, with connecting and the answer. 20 seconds. Files are left out.
    pub request_max: Duration,
    /// How long the sending of a file may stand still. 30 seconds.
    pub idle_max: Duration,
    /// How long an answer about availability is used again. 10 seconds; zero asks each time.
    pub availability_max: Duration,
}

impl OmnideskConfig {
    /// Takes what has no default.
    pub fn new(account: Account, account_token: AccountToken) -> Self {
        Self {
            account,
            chat_url: ChatUrl("https://chat.omnidesk.io".to_owned()),
            account_token,
            server_token: None,
            api_key: None,
            brand_id: None,
            channel_id: 8,
            encoding: Encoding::default(),
            agent_text: AgentText::default(),
            numbers_past_50: NumbersPast50::default(),
            message_chars_max: 10_000,
            file_bytes_max: 100_000_000,
            connect_max: Duration::from_secs(5),
            request_max: Duration::from_secs(20),
            idle_max: Duration::from_secs(30),
            availability_max: Duration::from_secs(10),
        }
    }

    /// Checks what spans several settings, and limits that would let nothing through.
    pub(super) fn check(&self) -> Result<(), ValueError> {
        for (name, duration) in [("connect_max", self.connect_max), ("idle_max", self.idle_max)] {
            if duration.is_zero() {
                return Err(ValueError::new(name, "is zero", "a time above zero"));
            }
        }
        if self.request_max <= self.connect_max {
            let problem = "leaves no time for the call";
            return Err(ValueError::new("request_max", problem, "a time above `connect_max`"));
        }
        if self.message_chars_max == 0 {
            return Err(ValueError::new("message_chars_max", "is zero", "a number above zero"));
        }
        Ok(())
    }
}

/// Where an account is: `https://{name}.omnidesk.com`, or another address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account(String);

impl Account {
    const RULE: &'static str = "an account's name (`acme`) or a whole address (`https://acme.omnidesk.com`)";

    /// Reads an account's name, or a whole address that starts with `http://` or `https://`.
    ///
    /// # Errors
    /// [`ValueError`] for the setting `account`.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        if text.contains("://") {
            return http_address("account", text, Self::RULE).map(Self);
        }
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !plain || !(1..=63).contains(&text.len()) || text.starts_with('-') || text.ends_with('-') {
            let problem = "is neither the name of an account nor a whole address";
            return Err(ValueError::new("account", problem, Self::RULE));
        }
        Ok(Self(format!("https://{}.omnidesk.com", text.to_ascii_lowercase())))
    }

    /// The address, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the account is on this machine, as a simulator is: then no proxy of the system is asked.
    pub(super) fn is_local(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| match url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        })
    }
}

/// Where the shared chat host is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatUrl(String);

impl ChatUrl {
    /// Reads a whole address.
    ///
    /// # Errors
    /// [`ValueError`] for the setting `chat_url`.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        http_address("chat_url", text, "a whole address (`https://chat.omnidesk.io`)").map(Self)
    }

    /// The address, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `chatAccountToken`: letters and digits, at least 10. Hidden from `Debug`.
#[derive(Clone, Debug)]
pub struct AccountToken(SecretString);

impl AccountToken {
    /// Takes the token.
    ///
    /// # Errors
    /// [`ValueError`] for the setting `account_token`.
    pub fn new(token: &str) -> Result<Self, ValueError> {
        const RULE: &str = "at least 10 letters and digits, as made under Settings > Channels > Live chat > Tokens";
        if !token.bytes().all(|b| b.is_ascii_alphanumeric()) {
            let problem = "has a character that is neither letter nor digit";
            return Err(ValueError::new("account_token", problem, RULE));
        }
        if token.len() < 10 {
            return Err(ValueError::new(
                "account_token",
                format!("has {} characters", token.len()),
                RULE,
            ));
        }
        Ok(Self(token.into()))
    }

    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// `chatServerToken`. Hidden from `Debug`.
#[derive(Clone, Debug)]
pub struct ServerToken(SecretString);

impl ServerToken {
    /// Takes the token.
    ///
    /// # Errors
    /// [`ValueError`] for the setting `server_token`.
    pub fn new(token: &str) -> Result<Self, ValueError> {
        visible("server_token", token).map(Self)
    }

    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The key of the header `apiKey`. Hidden from `Debug`.
#[derive(Clone, Debug)]
pub struct ApiKey(SecretString);

impl ApiKey {
    /// Takes the key.
    ///
    /// # Errors
    /// [`ValueError`] for the setting `api_key`.
    pub fn new(key: &str) -> Result<Self, ValueError> {
        visible("api_key", key).map(Self)
    }

    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// `brandID`, from Settings > Brands.
#[derive(Clone, PartialEq, Eq)]
pub struct BrandId(String);

impl BrandId {
    /// Takes the id.
    ///
    /// # Errors
    /// [`ValueError`] for the setting `brand_id`.
    pub fn new(id: &str) -> Result<Self, ValueError> {
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_graphic()) {
            let problem = "is empty or has a space or control character";
            return Err(ValueError::new("brand_id", problem, "an id, from Settings > Brands"));
        }
        Ok(Self(id.to_owned()))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for BrandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BrandId({})", self.0)
    }
}

/// A secret that fits into a header.
fn visible(setting: &'static str, text: &str) -> Result<SecretString, ValueError> {
    let rule = "at least 1 visible ASCII character, and no space";
    if text.is_empty() {
        return Err(ValueError::new(setting, "is empty", rule));
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(ValueError::new(
            setting,
            "has a space, a line break or a character beyond ASCII",
            rule,
        ));
    }
    Ok(text.into())
}

/// An address to which paths can be added: no query, no fragment, no password, no slash at the end.
fn http_address(setting: &'static str, text: &str, rule: &'static str) -> Result<String, ValueError> {
    let fail = |problem: &str| Err(ValueError::new(setting, problem, rule));
    let Ok(url) = Url::parse(text.trim()) else {
        return fail("is no address");
    };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return fail("is no address of http or https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return fail("has a user or password in it");
    }
    if url.query().is_some() {
        return fail("has a `?` in it");
    }
    if url.fragment().is_some() {
        return fail("has a `#` in it");
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> OmnideskConfig {
        OmnideskConfig::new(
            Account::parse("acme").expect("a name"),
            AccountToken::new("abcDEF1234").expect("a token"),
        )
    }

    #[test]
    fn account_is_a_name_or_a_whole_address() {
        for (given, address) in [
            ("acme", "https://acme.omnidesk.com"),
            ("Acme-2", "https://acme-2.omnidesk.com"),
            ("https://acme.omnidesk.com/", "https://acme.omnidesk.com"),
            ("http://127.0.0.1:8099", "http://127.0.0.1:8099"),
            ("https://desk.example.com/omni//", "https://desk.example.com/omni"),
        ] {
            assert_eq!(Account::parse(given).expect(given).as_str(), address);
        }
        for bad in [
            "",
            "acme.omnidesk.com",
            "ac me",
            "-acme",
            "ftp://acme",
            "https://",
            "https://u:p@acme.omnidesk.com",
            "https://acme.omnidesk.com?apiKey=1",
            "https://acme.omnidesk.com/#top",
        ] {
            let error = Account::parse(bad).expect_err(bad);
            assert_eq!((error.name(), error.rule()), ("account", Account::RULE), "{bad}");
        }
    }

    #[test]
    fn a_local_account_is_known_as_such() {
        for (address, local) in [
            ("http://127.0.0.1:1", true),
            ("http://localhost", true),
            ("http://[::1]:80", true),
            ("acme", false),
        ] {
            assert_eq!(Account::parse(address).expect(address).is_local(), local, "{address}");
        }
    }

    #[test]
    fn a_wrong_setting_is_named_with_what_would_be_right() {
        let short = AccountToken::new("abc").expect_err("too short");
        assert!(
            short
                .to_string()
                .starts_with("`account_token` has 3 characters; it takes at least 10")
        );
        for sign in ["?", "#"] {
            let error = ChatUrl::parse(&format!("https://chat.omnidesk.io/{sign}a")).expect_err(sign);
            assert_eq!(error.problem(), format!("has a `{sign}` in it"));
        }
        for error in [
            AccountToken::new("abc def 123").expect_err("spaces"),
            ServerToken::new("").expect_err("empty"),
            ApiKey::new("key\n").expect_err("a line break"),
            BrandId::new("").expect_err("empty"),
            ChatUrl::parse("chat.omnidesk.io").expect_err("no scheme"),
        ] {
            assert!(!error.problem().is_empty() && !error.rule().is_empty(), "{error}");
        }
    }

    #[test]
    fn limits_that_let_nothing_through_are_named() {
        assert_eq!(config().check(), Ok(()));
        let mut short = config();
        short.request_max = Duration::from_secs(5);
        assert_eq!(
            short.check().expect_err("not above connecting").to_string(),
            "`request_max` leaves no time for the call; it takes a time above `connect_max`"
        );
        let mut still = config();
        still.idle_max = Duration::ZERO;
        assert_eq!(still.check().expect_err("zero").name(), "idle_max");
    }

    #[test]
    fn debug_shows_no_secret() {
        let mut config = config();
        config.server_token = Some(ServerToken::new("server-secret").expect("visible"));
        config.api_key = Some(ApiKey::new("key-secret").expect("visible"));
        let shown = format!("{config:?}");
        assert!(!shown.contains("secret") && !shown.contains("abcDEF1234"), "{shown}");
    }
}
