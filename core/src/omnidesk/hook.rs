//! Reads the desk's hooks. Pure: what a good one leads to is not decided here.

use crate::{
    desk::{Hook, HookAnswer, HookError, HookFields, HookKind},
    model::{RichText, SessionId, Text},
    omnidesk::AgentText,
};

/// The hook that a name in an address means, in any case of letters.
pub fn hook_kind(name: &str) -> Option<HookKind> {
    [
        ("messageForCustomer", HookKind::Message),
        ("uploadForCustomer", HookKind::File),
        ("typingIndicatorForCustomer", HookKind::Typing),
        ("endSession", HookKind::End),
    ]
    .into_iter()
    .find_map(|(known, kind)| known.eq_ignore_ascii_case(name).then_some(kind))
}

/// The exact answer that the guide prints for a hook.
pub const fn hook_answer(kind: HookKind) -> HookAnswer {
    match kind {
        HookKind::End => HookAnswer {
            content_type: "application/json",
            body: r#"{ "message": "ok" }"#,
        },
        _ => HookAnswer {
            content_type: "text/plain",
            body: "ok",
        },
    }
}

/// Reads a hook, an agent's text as it is said to be written. Field names are taken in any case of letters, unknown fields
/// are ignored. A session id that is none of ours makes the hook foreign, once everything else is in order.
///
/// # Errors
/// The field that is missing or malformed.
pub fn read_hook(kind: HookKind, fields: &HookFields, agent_text: AgentText) -> Result<Hook, HookError> {
    let id = filled(fields, "sessionID").ok_or(HookError::Missing("sessionID"))?;
    // Read before the rest, told after it: a foreign hook is a well-formed one.
    let session = SessionId::parse(id);
    let foreign = Hook::Foreign;
    Ok(match kind {
        HookKind::Message => {
            let text = message(fields, agent_text)?;
            session.map_or(foreign, |session| Hook::Message {
                session,
                name: filled(fields, "name").map(Text::from),
                picture: filled(fields, "picture").map(str::to_owned),
                text,
            })
        }
        HookKind::File => {
            let file = fields.file.clone().ok_or(HookError::Missing("file"))?;
            session.map_or(foreign, |session| Hook::File { session, file })
        }
        HookKind::Typing => {
            let on = typing(fields)?;
            session.map_or(foreign, |session| Hook::Typing { session, on })
        }
        HookKind::End => session.map_or(foreign, |session| Hook::End { session }),
    })
}

fn message(fields: &HookFields, agent_text: AgentText) -> Result<RichText, HookError> {
    let text = agent_text.read(fields.get("message").ok_or(HookError::Missing("message"))?);
    if text.is_blank() {
        return Err(HookError::Malformed {
            field: "message",
            expected: "at least 1 character that can be read",
        });
    }
    Ok(text)
}

/// A boolean in any of the ways that servers write one. An empty one is `false` written by PHP.
fn typing(fields: &HookFields) -> Result<bool, HookError> {
    let given = fields.get("Typing").ok_or(HookError::Missing("Typing"))?;
    match given.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" | "" => Ok(false),
        _ => Err(HookError::Malformed {
            field: "Typing",
            expected: "true or false",
        }),
    }
}

fn filled<'a>(fields: &'a HookFields, name: &str) -> Option<&'a str> {
    fields.get(name).map(str::trim).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{desk::HookFile, model::BlobId};

    const SESSION: &str = "5f0b0f5c-7d0c-4f6e-9a53-3f6f0e1c2b3a";

    fn fields(values: &[(&str, &str)]) -> HookFields {
        HookFields {
            values: values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            file: None,
        }
    }

    fn read(kind: HookKind, given: &HookFields) -> Result<Hook, HookError> {
        read_hook(kind, given, AgentText::Plain)
    }

    fn session() -> SessionId {
        SessionId::parse(SESSION).expect("a UUID")
    }

    #[test]
    fn names_are_known_in_any_case() {
        for (name, kind) in [
            ("messageForCustomer", Some(HookKind::Message)),
            ("MESSAGEFORCUSTOMER", Some(HookKind::Message)),
            ("uploadforcustomer", Some(HookKind::File)),
            ("TypingIndicatorForCustomer", Some(HookKind::Typing)),
            ("endSession", Some(HookKind::End)),
            ("endSessions", None),
            ("", None),
        ] {
            assert_eq!(hook_kind(name), kind, "{name}");
        }
    }

    #[test]
    fn answers_are_exact() {
        for kind in [HookKind::Message, HookKind::File, HookKind::Typing] {
            assert_eq!(
                (hook_answer(kind).content_type, hook_answer(kind).body),
                ("text/plain", "ok")
            );
        }
        let end = hook_answer(HookKind::End);
        assert_eq!(
            (end.content_type, end.body),
            ("application/json", "{ \"message\": \"ok\" }")
        );
    }

    #[test]
    fn a_message_is_read_with_names_in_any_case_and_unknown_fields() {
        let given = fields(&[
            ("SESSIONID", SESSION),
            ("Message", " Hello <b>you</b>\n"),
            ("name", "Anna"),
            ("picture", ""),
            ("team", "sales"),
        ]);
        assert_eq!(
            read(HookKind::Message, &given),
            Ok(Hook::Message {
                session: session(),
                name: Some(Text::from("Anna")),
                picture: None,
                text: " Hello <b>you</b>\n".into(),
            })
        );
    }

    #[test]
    fn a_message_is_read_in_the_format_that_is_set() {
        let given = fields(&[("sessionID", SESSION), ("message", "Hello <b>you</b>")]);
        let Ok(Hook::Message { text, .. }) = read_hook(HookKind::Message, &given, AgentText::Html) else {
            panic!("it is well-formed");
        };
        assert_eq!(text.markdown().as_str(), "Hello **you**");
    }

    #[test]
    fn a_message_without_name_and_picture_is_read() {
        let given = fields(&[("sessionID", SESSION), ("message", "Hi"), ("name", " ")]);
        let Ok(Hook::Message { name, picture, .. }) = read(HookKind::Message, &given) else {
            panic!("it is well-formed");
        };
        assert_eq!((name, picture), (None, None));
    }

    #[test]
    fn typing_is_read_however_a_boolean_is_written() {
        for (given, on) in [
            ("true", true),
            ("True", true),
            ("1", true),
            ("yes", true),
            ("ON", true),
            ("false", false),
            ("FALSE", false),
            ("0", false),
            ("no", false),
            ("off", false),
            ("", false),
        ] {
            let read = read(HookKind::Typing, &fields(&[("SessionID", SESSION), ("Typing", given)]));
            assert_eq!(read, Ok(Hook::Typing { session: session(), on }), "{given:?}");
        }
    }

    #[test]
    fn what_is_missing_or_malformed_is_named() {
        let missing = |field| Err(HookError::Missing(field));
        let malformed = |field, expected| Err(HookError::Malformed { field, expected });
        for (kind, given, error) in [
            (HookKind::Message, vec![("message", "Hi")], missing("sessionID")),
            (HookKind::End, vec![("sessionID", " ")], missing("sessionID")),
            (HookKind::Message, vec![("sessionID", SESSION)], missing("message")),
            (
                HookKind::Message,
                vec![("sessionID", SESSION), ("message", " \n")],
                malformed("message", "at least 1 character that can be read"),
            ),
            (HookKind::File, vec![("sessionID", SESSION)], missing("file")),
            (HookKind::Typing, vec![("sessionID", SESSION)], missing("Typing")),
            (
                HookKind::Typing,
                vec![("sessionID", "foreign"), ("typing", "maybe")],
                malformed("Typing", "true or false"),
            ),
        ] {
            assert_eq!(read(kind, &fields(&given)), error, "{kind:?} {given:?}");
        }
    }

    #[test]
    fn a_session_that_we_did_not_mint_is_foreign() {
        for kind in [HookKind::Message, HookKind::Typing, HookKind::End] {
            let given = fields(&[("sessionID", "visitor-42"), ("message", "Hi"), ("Typing", "1")]);
            assert_eq!(read(kind, &given), Ok(Hook::Foreign), "{kind:?}");
        }
    }

    #[test]
    fn a_file_is_handed_on_and_an_end_is_read() {
        let file = HookFile {
            blob: BlobId::mint(),
            name: Some(Text::from("cat.png")),
            media_type: Some("image/png".to_owned()),
            bytes: 3,
        };
        let mut given = fields(&[("sessionID", SESSION)]);
        assert_eq!(read(HookKind::End, &given), Ok(Hook::End { session: session() }));
        given.file = Some(file.clone());
        assert_eq!(
            read(HookKind::File, &given),
            Ok(Hook::File {
                session: session(),
                file
            })
        );
    }
}
