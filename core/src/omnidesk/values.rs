//! Values as the desk takes them. Each constructor names the rule that is broken.
//!
//! The rules are those of Omnidesk's OpenAPI pages ("Chat"), where no other source is named.

use std::fmt;

use super::{ValueError, name};
use crate::model::{Contact, SessionId, plain_file_name};

/// `chatServer`: where the desk's hooks go, with the secret of the hookpoint in its path. `Debug` shows the host alone.
#[derive(Clone, PartialEq, Eq)]
pub struct ChatServer(String);

impl ChatServer {
    const RULE: &'static str =
        "at least 5 characters of A-Z, a-z, 0-9, `.`, `:`, `/` and `-`, without a slash at the end";

    /// Takes the address of a hookpoint.
    ///
    /// # Errors
    /// [`ValueError`] when it is too short, has another character, or ends in a slash.
    pub fn new(address: &str) -> Result<Self, ValueError> {
        let fail = |problem: &str| Err(ValueError::new("chatServer", problem, Self::RULE));
        if address.len() < 5 {
            return fail("is too short");
        }
        if address.ends_with('/') {
            return fail("ends in a slash");
        }
        if !only(address, |b| b.is_ascii_alphanumeric() || b".:/-".contains(&b)) {
            return fail("has a character that the desk does not take");
        }
        Ok(Self(address.to_owned()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme and host without the path, which holds a secret.
    pub fn origin(&self) -> &str {
        let host_from = self.0.find("://").map_or(0, |at| at + 3);
        let host_to = self.0[host_from..].find('/').map_or(self.0.len(), |at| host_from + at);
        &self.0[..host_to]
    }
}

impl fmt::Debug for ChatServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChatServer({}, path redacted)", self.origin())
    }
}

/// `chatSessionID` (`sessionID` in some calls): what joins messages to one ticket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChatSessionId(String);

impl ChatSessionId {
    const RULE: &'static str = "10 to 65 characters of A-Z, a-z, 0-9 and `-`";

    /// Takes an id that the caller made up.
    ///
    /// # Errors
    /// [`ValueError`] when its length or a character breaks the rule.
    pub fn new(id: &str) -> Result<Self, ValueError> {
        if !only(id, |b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(ValueError::new(
                "chatSessionID",
                "has a character that the desk does not take",
                Self::RULE,
            ));
        }
        if !(10..=65).contains(&id.len()) {
            let problem = format!("has {} characters", id.len());
            return Err(ValueError::new("chatSessionID", problem, Self::RULE));
        }
        Ok(Self(id.to_owned()))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A UUID keeps the rule: 36 characters of hexadecimal digits and hyphens.
impl From<SessionId> for ChatSessionId {
    fn from(session: SessionId) -> Self {
        Self(session.to_string())
    }
}

/// `messageNumber`: the count of a session's messages, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessageNumber(u32);

impl MessageNumber {
    /// The highest number that the desk documents.
    pub const MAX: u32 = 50;

    /// Takes a number.
    ///
    /// # Errors
    /// [`ValueError`] outside of 1 to 50.
    pub fn new(number: u32) -> Result<Self, ValueError> {
        if (1..=Self::MAX).contains(&number) {
            return Ok(Self(number));
        }
        Err(ValueError::new(
            "messageNumber",
            format!("is {number}"),
            "a number from 1 to 50",
        ))
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// What becomes of `messageNumber` in a session of more than 50 messages. The guide asks for a count, the OpenAPI pages
/// stop at 50, and only a real account can tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NumbersPast50 {
    /// The field is left out: it is recommended, not required.
    #[default]
    Omit,
    /// Each further message has the number 50.
    Clamp,
    /// 51 and so on. A desk that keeps its own rule rejects those messages.
    CountOn,
}

impl NumbersPast50 {
    /// The number to be sent for the true one; `None` leaves the field out.
    pub fn number(self, true_number: u32) -> Option<MessageNumber> {
        match (MessageNumber::new(true_number), self) {
            (Ok(number), _) => Some(number),
            (Err(_), _) if true_number == 0 => None,
            (Err(_), Self::Omit) => None,
            (Err(_), Self::Clamp) => Some(MessageNumber(MessageNumber::MAX)),
            (Err(_), Self::CountOn) => Some(MessageNumber(true_number)),
        }
    }
}

/// A text of at least one character. `Debug` tells its length alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Filled<'a>(&'a str);

impl<'a> Filled<'a> {
    /// Takes a text for the field `name`.
    ///
    /// # Errors
    /// [`ValueError`] when it is empty.
    pub fn new(name: &'static str, text: &'a str) -> Result<Self, ValueError> {
        if text.is_empty() {
            return Err(ValueError::new(name, "is empty", "at least 1 character"));
        }
        Ok(Self(text))
    }

    /// The text.
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for Filled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filled({} bytes)", self.0.len())
    }
}

/// `customerName`: letters A to Z, digits and spaces. `Debug` tells its length alone.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomerName(String);

impl CustomerName {
    /// Takes a name that keeps the rule.
    ///
    /// # Errors
    /// [`ValueError`] when it is empty or has another character.
    pub fn new(name: &str) -> Result<Self, ValueError> {
        const RULE: &str = "at least 1 character of A-Z, a-z, 0-9 and space";
        if name.trim().is_empty() {
            return Err(ValueError::new("customerName", "is empty", RULE));
        }
        if !only(name, |b| b.is_ascii_alphanumeric() || b == b' ') {
            return Err(ValueError::new(
                "customerName",
                "has a character that the desk does not take",
                RULE,
            ));
        }
        Ok(Self(name.to_owned()))
    }

    /// Writes a name of any script in the characters that the desk takes: José as Jose, O'Brien as OBrien. `None` when
    /// nothing is left of it, as of one made of emoji.
    pub fn transliterate(name: &str) -> Option<Self> {
        Self::new(&name::transliterate(name)).ok()
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CustomerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomerName({} bytes)", self.0.len())
    }
}

/// `phoneNumber`: `+` and digits. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Takes a phone number.
    ///
    /// # Errors
    /// [`ValueError`] when there is no digit, or anything but digits behind an optional `+`.
    pub fn new(number: &str) -> Result<Self, ValueError> {
        let digits = number.strip_prefix('+').unwrap_or(number);
        if digits.is_empty() || !only(digits, |b| b.is_ascii_digit()) {
            return Err(ValueError::new("phoneNumber", "is no phone number", "`+` and digits"));
        }
        Ok(Self(number.to_owned()))
    }

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(redacted)")
    }
}

/// `emailAddress`. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Takes an e-mail address.
    ///
    /// # Errors
    /// [`ValueError`] when it has not the form `name@domain.tld`.
    pub fn new(address: &str) -> Result<Self, ValueError> {
        match Contact::parse(address) {
            Ok(Contact::Email(address)) => Ok(Self(address)),
            _ => Err(ValueError::new(
                "emailAddress",
                "is no e-mail address",
                "an address like name@domain.tld",
            )),
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(redacted)")
    }
}

/// A file's name as it stands in a form: no path, no control character, no quote. `Debug` tells its length alone.
#[derive(Clone, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// The longest name, in characters; a longer one loses its beginning, so that its ending stays.
    pub const CHARS_MAX: usize = 200;

    /// The name of a file that has none.
    pub(super) const UNNAMED: &str = "file";

    /// Cleans the name that a sender gave; `file` where nothing is left of it.
    pub fn clean(given: &str) -> Self {
        let plain = plain_file_name(given).replace('"', "'");
        if plain.is_empty() {
            return Self(Self::UNNAMED.to_owned());
        }
        let too_many = plain.chars().count().saturating_sub(Self::CHARS_MAX);
        Self(plain.chars().skip(too_many).collect())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileName({} bytes)", self.0.len())
    }
}

fn only(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chat_server_keeps_the_desks_rule() {
        for good in [
            "a.b:1",
            "https://bot.example.com/omnidesk/4f1c",
            "127.0.0.1:80",
            "http://127.0.0.1:8080",
        ] {
            assert!(ChatServer::new(good).is_ok(), "{good}");
        }
        for (bad, problem) in [
            ("a.bc", "is too short"),
            ("", "is too short"),
            ("https://h/", "ends in a slash"),
            ("https://h/a_b", "has a character that the desk does not take"),
            ("https://h?a=1", "has a character that the desk does not take"),
            ("https://h/%20", "has a character that the desk does not take"),
            ("https://é.example", "has a character that the desk does not take"),
        ] {
            let error = ChatServer::new(bad).expect_err(bad);
            assert_eq!(
                (error.name(), error.problem(), error.rule()),
                ("chatServer", problem, ChatServer::RULE)
            );
        }
    }

    #[test]
    fn chat_server_shows_its_host_and_not_its_secret() {
        let server = ChatServer::new("https://bot.example.com:8443/omnidesk/4f1c").expect("keeps the rule");
        assert_eq!(server.origin(), "https://bot.example.com:8443");
        assert!(!format!("{server:?}").contains("4f1c"));
        assert_eq!(
            ChatServer::new("host:80/x").expect("keeps the rule").origin(),
            "host:80"
        );
    }

    #[test]
    fn session_id_keeps_the_desks_rule() {
        for good in [
            "0123456789",
            &"x".repeat(65),
            ChatSessionId::from(SessionId::mint()).as_str(),
        ] {
            assert!(ChatSessionId::new(good).is_ok(), "{good}");
        }
        for bad in [
            "012345678",
            &"x".repeat(66),
            "0123456789_",
            "0123456789:",
            "0123456789.",
            "",
        ] {
            assert!(ChatSessionId::new(bad).is_err(), "{bad}");
        }
        let error = ChatSessionId::new("short").expect_err("5 characters");
        assert_eq!(
            error.to_string(),
            "`chatSessionID` has 5 characters; it takes 10 to 65 characters of A-Z, a-z, 0-9 and `-`"
        );
    }

    #[test]
    fn numbers_past_50_follow_the_setting() {
        for (true_number, omit, clamp, count_on) in [
            (0, None, None, None),
            (1, Some(1), Some(1), Some(1)),
            (50, Some(50), Some(50), Some(50)),
            (51, None, Some(50), Some(51)),
            (700, None, Some(50), Some(700)),
        ] {
            let sent = |policy: NumbersPast50| policy.number(true_number).map(MessageNumber::get);
            assert_eq!(sent(NumbersPast50::Omit), omit);
            assert_eq!(sent(NumbersPast50::Clamp), clamp);
            assert_eq!(sent(NumbersPast50::CountOn), count_on);
        }
        assert!(MessageNumber::new(0).is_err() && MessageNumber::new(51).is_err());
    }

    #[test]
    fn customer_name_has_letters_digits_and_spaces() {
        assert!(CustomerName::new("Jose 2").is_ok());
        for bad in ["", " ", "José", "O'Brien", "a\nb"] {
            assert!(CustomerName::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn phone_number_and_email_are_checked_and_hidden() {
        for good in ["+31201234567", "0612345678"] {
            assert!(PhoneNumber::new(good).is_ok(), "{good}");
        }
        for bad in ["", "+", "+31 20", "12-34", "++1"] {
            assert!(PhoneNumber::new(bad).is_err(), "{bad}");
        }
        assert!(Email::new("ada@example.org").is_ok());
        for bad in ["", "ada", "+31201234567", "a@b"] {
            assert!(Email::new(bad).is_err(), "{bad}");
        }
        let shown = format!("{:?} {:?}", PhoneNumber::new("+3120"), Email::new("ada@example.org"));
        assert!(!shown.contains("3120") && !shown.contains("ada"), "{shown}");
    }

    #[test]
    fn file_name_is_cleaned() {
        for (given, clean) in [
            ("cat.png", "cat.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\a\\b.txt", "b.txt"),
            ("a\r\nX-Evil: 1\".txt", "aX-Evil: 1'.txt"),
            ("отчёт.pdf", "отчёт.pdf"),
            ("", "file"),
            ("dir/", "file"),
            ("..", "file"),
        ] {
            assert_eq!(FileName::clean(given).as_str(), clean, "{given:?}");
        }
        let long = FileName::clean(&format!("{}.pdf", "x".repeat(500)));
        assert_eq!(long.as_str(), format!("{}.pdf", "x".repeat(196)));
    }

    #[test]
    fn a_filled_text_has_a_character() {
        assert!(Filled::new("message", " ").is_ok());
        let error = Filled::new("message", "").expect_err("empty");
        assert_eq!(error.to_string(), "`message` is empty; it takes at least 1 character");
    }
}
