use std::fmt;

use super::{Address, ChannelId, CustomerId, Text};

/// What makes a conversation one of a kind. Two customers in one group are two conversations.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConversationKey {
    /// The connected account that it runs over.
    pub channel: ChannelId,
    /// Where it takes place.
    pub address: Address,
    /// Who is served.
    pub customer: CustomerId,
}

/// What a platform tells about a customer; each field only where it does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// The name to show, as the customer set it.
    pub name: Option<Text>,
    /// The handle on the platform, without `@`.
    pub username: Option<Text>,
    /// IETF language tag, as the platform has it (`en`, `pt-br`).
    pub language: Option<String>,
    /// The platform in words that an agent knows: `Telegram`.
    pub platform: Option<String>,
    /// The address of the customer's page on the platform.
    pub link: Option<Text>,
    /// A way to reach the customer outside the chat.
    pub contact: Option<Contact>,
}

/// An e-mail address or a phone number. The desk's chatbot log needs one.
#[derive(Clone, PartialEq, Eq)]
pub enum Contact {
    /// An e-mail address.
    Email(String),
    /// A phone number: `+` and digits.
    Phone(String),
}

/// A text that is neither an e-mail address nor a phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither an e-mail address (name@domain.tld) nor a phone number (7 to 15 digits, with or without +)")]
pub struct ContactError;

impl Contact {
    /// Reads an e-mail address or a phone number that a person typed; spaces, dots, brackets and hyphens of a phone
    /// number are left out.
    ///
    /// # Errors
    /// [`ContactError`] when it is neither.
    pub fn parse(typed: &str) -> Result<Self, ContactError> {
        let typed = typed.trim();
        email(typed).or_else(|| phone(typed)).ok_or(ContactError)
    }

    /// Finds the first e-mail address or phone number among the words of a message. A number that does not start as
    /// phone numbers do, with `+` or `0`, counts only alone: among other words it may be an order's.
    pub fn find(message: &str) -> Option<Self> {
        Self::parse(message).ok().or_else(|| {
            message
                .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '(' | ')'))
                .filter(|word| word.contains('@') || word.starts_with(['+', '0']))
                .find_map(|word| Self::parse(word.trim_end_matches(['.', '!', '?', ':'])).ok())
        })
    }

    /// The address or number as the desk takes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(text) | Self::Phone(text) => text,
        }
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Email(_) => "Email(redacted)",
            Self::Phone(_) => "Phone(redacted)",
        })
    }
}

/// One `@`, something before it, a dot inside what follows: what every mail system asks for. More would refuse real ones.
fn email(typed: &str) -> Option<Contact> {
    let (name, domain) = typed.split_once('@')?;
    let plain = !name.is_empty() && typed.chars().all(|c| !c.is_whitespace() && !c.is_control());
    let dotted = domain.split('.').count() >= 2 && domain.split('.').all(|label| !label.is_empty());
    (plain && dotted && !domain.contains('@') && typed.len() <= 254).then(|| Contact::Email(typed.to_owned()))
}

fn phone(typed: &str) -> Option<Contact> {
    let (sign, rest) = typed.strip_prefix('+').map_or(("", typed), |rest| ("+", rest));
    let digits: String = rest
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/'))
        .collect();
    let number = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    number.then(|| Contact::Phone(format!("{sign}{digits}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contact_is_read_as_people_type_it() {
        for (typed, read) in [
            ("ada@example.org", Contact::Email("ada@example.org".into())),
            (" +44 (20) 7946-0000 ", Contact::Phone("+442079460000".into())),
            ("06 1234 5678", Contact::Phone("0612345678".into())),
        ] {
            assert_eq!(Contact::parse(typed), Ok(read), "{typed}");
        }
        for typed in [
            "",
            "ada@",
            "@example.org",
            "ada@example",
            "12345",
            "a b@example.org",
            "no",
        ] {
            assert_eq!(Contact::parse(typed), Err(ContactError), "{typed}");
        }
    }

    #[test]
    fn contact_is_found_in_a_sentence() {
        let found = Contact::find("you can write to ada@example.org, thanks");
        assert_eq!(found, Some(Contact::Email("ada@example.org".into())));
        assert_eq!(Contact::find("I would rather wait"), None);
        assert_eq!(Contact::find("my order is 20231122"), None);
        assert_eq!(Contact::find("20231122"), Some(Contact::Phone("20231122".into())));
        assert_eq!(
            Contact::find("call 0612345678."),
            Some(Contact::Phone("0612345678".into()))
        );
    }
}
