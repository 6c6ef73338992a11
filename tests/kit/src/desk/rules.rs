//! What the contract demands of a call: which fields, and which values.
//!
//! Sources: the guide for the names, the vendor's OpenAPI pages for the values. Pure; knows no state.

/// A field of a call.
pub(super) struct Field {
    name: &'static str,
    needed: bool,
    rule: Rule,
}

/// What a value must be like.
#[derive(Clone, Copy)]
enum Rule {
    ChatServer,
    SessionId,
    Channel,
    MessageNumber,
    Name,
    Phone,
    Contact,
    Event,
    File,
    Text,
}

/// The rules that a call breaks, each as a sentence that names the field and never its value.
pub(super) fn broken(demanded: &[Field], fields: &[(String, String)], has_file: bool) -> Vec<String> {
    let mut broken = unknown_or_double(demanded, fields, has_file);
    broken.extend(demanded.iter().filter_map(|field| breach(field, fields, has_file)));
    broken
}

fn breach(field: &Field, fields: &[(String, String)], has_file: bool) -> Option<String> {
    let name = field.name;
    if let Rule::File = field.rule {
        return (!has_file).then(|| format!("{name}: required, as a multipart part with a file name"));
    }
    match fields.iter().find(|(of, _)| of == name) {
        None => field.needed.then(|| format!("{name}: required")),
        Some((_, value)) => (!keeps(field.rule, value)).then(|| format!("{name}: {}", demand(field.rule))),
    }
}

fn unknown_or_double(demanded: &[Field], fields: &[(String, String)], has_file: bool) -> Vec<String> {
    let mut broken = Vec::new();
    for (at, (name, _)) in fields.iter().enumerate() {
        let known = demanded
            .iter()
            .any(|field| field.name == name && !matches!(field.rule, Rule::File));
        if !known {
            broken.push(format!("{}: not a field of this call", printable(name)));
        } else if fields[..at].iter().any(|(before, _)| before == name) {
            broken.push(format!("{name}: given twice"));
        }
    }
    let takes_file = demanded.iter().any(|field| matches!(field.rule, Rule::File));
    if has_file && !takes_file {
        broken.push("file: not a field of this call".to_owned());
    }
    broken
}

/// A field's name from outside, cut to what can be read in a sentence.
fn printable(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(40).collect()
}

fn keeps(rule: Rule, value: &str) -> bool {
    let all = |allowed: fn(u8) -> bool| value.bytes().all(allowed);
    match rule {
        Rule::ChatServer => {
            value.len() >= 5 && !value.ends_with('/') && all(|b| b.is_ascii_alphanumeric() || b".:/-".contains(&b))
        }
        Rule::SessionId => (10..=65).contains(&value.len()) && all(|b| b.is_ascii_alphanumeric() || b == b'-'),
        Rule::Channel => value == "8",
        Rule::MessageNumber => value.parse().is_ok_and(|number: u32| (1..=50).contains(&number)),
        Rule::Name => !value.is_empty() && all(|b| b.is_ascii_alphanumeric() || b == b' '),
        Rule::Phone => is_phone(value),
        Rule::Contact => is_phone(value) || is_email(value),
        Rule::Event => EVENTS.contains(&value),
        Rule::File | Rule::Text => !value.is_empty(),
    }
}

const EVENTS: [&str; 4] = ["startedtyping", "stoppedtyping", "expandedchat", "minimizedchat"];

fn is_phone(value: &str) -> bool {
    value.bytes().any(|b| b.is_ascii_digit()) && value.bytes().all(|b| b.is_ascii_digit() || b == b'+')
}

fn is_email(value: &str) -> bool {
    let sides = value.split_once('@');
    sides.is_some_and(|(who, host)| !who.is_empty() && !host.is_empty() && !host.contains('@'))
}

fn demand(rule: Rule) -> &'static str {
    match rule {
        Rule::ChatServer => "at least 5 characters of A-Z, a-z, 0-9, '.', ':', '/', '-', and no '/' at the end",
        Rule::SessionId => "10 to 65 characters of A-Z, a-z, 0-9, '-'",
        Rule::Channel => "must be 8 for live chat",
        Rule::MessageNumber => "a whole number from 1 to 50",
        Rule::Name => "at least 1 character of A-Z, a-z, 0-9 and space",
        Rule::Phone => "'+' and digits",
        Rule::Contact => "an e-mail address, or a phone number of '+' and digits",
        Rule::Event => "one of startedtyping, stoppedtyping, expandedchat, minimizedchat",
        Rule::File | Rule::Text => "at least 1 character",
    }
}

const fn needed(name: &'static str, rule: Rule) -> Field {
    Field {
        name,
        needed: true,
        rule,
    }
}

const fn optional(name: &'static str, rule: Rule) -> Field {
    Field {
        name,
        needed: false,
        rule,
    }
}

pub(super) const MESSAGE: &[Field] = &[
    needed("chatServer", Rule::ChatServer),
    needed("chatSessionID", Rule::SessionId),
    needed("chatAccountToken", Rule::Text),
    needed("channelID", Rule::Channel),
    needed("message", Rule::Text),
    needed("url", Rule::Text),
    optional("messageNumber", Rule::MessageNumber),
    optional("customerName", Rule::Name),
    optional("emailAddress", Rule::Text),
    optional("phoneNumber", Rule::Phone),
    optional("additionalData", Rule::Text),
    optional("externalAddressOverwrite", Rule::Text),
    optional("usedPredefinedUserInput", Rule::Text),
];

/// The fields of a message that tell about the customer and are kept with the session.
pub(super) const ABOUT_CUSTOMER: [&str; 7] = [
    "url",
    "customerName",
    "emailAddress",
    "phoneNumber",
    "additionalData",
    "externalAddressOverwrite",
    "usedPredefinedUserInput",
];

pub(super) const ATTACHMENT: &[Field] = &[
    needed("chatServer", Rule::ChatServer),
    needed("chatAccountToken", Rule::Text),
    needed("sessionID", Rule::SessionId),
    needed("file", Rule::File),
];

pub(super) const EVENT: &[Field] = &[
    needed("chatServer", Rule::ChatServer),
    needed("chatSessionID", Rule::SessionId),
    needed("event", Rule::Event),
];

pub(super) const END: &[Field] = &[
    needed("chatSessionID", Rule::SessionId),
    needed("chatServer", Rule::ChatServer),
];

pub(super) const CHATBOT: &[Field] = &[
    needed("from", Rule::Contact),
    needed("subject", Rule::Text),
    needed("message", Rule::Text),
    needed("brandID", Rule::Text),
];

pub(super) const CHATBOT_WITHOUT_BRAND: &[Field] = &[
    needed("from", Rule::Contact),
    needed("subject", Rule::Text),
    needed("message", Rule::Text),
    optional("brandID", Rule::Text),
];

pub(super) const CONFIG_POST: &[Field] = &[
    needed("chatServer", Rule::ChatServer),
    needed("chatAccountToken", Rule::Text),
];

pub(super) const CONFIG_GET: &[Field] = &[
    needed("chatAccountToken", Rule::Text),
    needed("chatServerToken", Rule::Text),
];

pub(super) const VISITED: &[Field] = &[
    needed("chatServer", Rule::ChatServer),
    needed("chatSessionID", Rule::SessionId),
    needed("url", Rule::Text),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn values_are_taken_or_refused_as_the_vendor_documents() {
        let table: &[(Rule, &[&str], &[&str])] = &[
            (
                Rule::ChatServer,
                &["a.b:1", "https://bot.example.com/omnidesk/4f1c", "127.0.0.1:80"],
                &[
                    "",
                    "a.bc",
                    "https://h/",
                    "https://h/a_b",
                    "https://h?a",
                    "https://h/%20",
                    "h@example",
                ],
            ),
            (
                Rule::SessionId,
                &["0123456789", "5f0b0f5c-7d0c-4f6e-9a53-3f6f0e1c2b3a"],
                &[
                    "012345678",
                    "0123456789_",
                    "012345678:9",
                    "0123456789.",
                    &"x".repeat(66),
                ],
            ),
            (Rule::Channel, &["8"], &["", "08", "7", "8 "]),
            (Rule::MessageNumber, &["1", "50"], &["0", "51", "", "-1", "1.0", "one"]),
            (Rule::Name, &["Jose 2", "x"], &["", "José", "O'Brien"]),
            (
                Rule::Phone,
                &["+31201234567", "0612345678"],
                &["", "+", "+31 20", "12-34"],
            ),
            (
                Rule::Contact,
                &["a@b.example", "+3120"],
                &["", "a@", "@b", "a@b@c", "someone"],
            ),
            (Rule::Event, &EVENTS, &["", "typing", "StartedTyping"]),
            (Rule::Text, &["x", " "], &[""]),
        ];
        for (rule, good, bad) in table {
            for value in *good {
                assert!(keeps(*rule, value), "{} refuses {value:?}", demand(*rule));
            }
            for value in *bad {
                assert!(!keeps(*rule, value), "{} takes {value:?}", demand(*rule));
            }
        }
    }

    #[test]
    fn session_ids_may_have_65_characters() {
        assert!(keeps(Rule::SessionId, &"x".repeat(65)));
    }

    #[test]
    fn each_breach_names_its_field() {
        let fields = [
            field("event", "typing"),
            field("chatServer", "http://h"),
            field("extra", "1"),
            field("event", "x"),
        ];
        let broken = broken(EVENT, &fields, true);
        for start in [
            "extra: not",
            "event: given twice",
            "file: not",
            "chatSessionID: required",
            "event: one of",
        ] {
            assert!(
                broken.iter().any(|rule| rule.starts_with(start)),
                "{start} in {broken:?}"
            );
        }
        assert_eq!(broken.len(), 5);
    }
}
