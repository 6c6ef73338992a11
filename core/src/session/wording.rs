use super::Env;
use crate::{
    delivery::NoticeKind,
    model::{Text, TextChoice},
};

/// The text of a notice, as set; `None` where it is switched off or nobody wrote one.
pub(super) fn notice(env: &Env<'_>, kind: NoticeKind, name: Option<&str>) -> Option<Text> {
    let texts = env.texts;
    let (choice, desk_key, ours, mark) = match kind {
        NoticeKind::Waiting => (&texts.waiting, Some("start_chat_instructions"), WAITING, "{agent}"),
        NoticeKind::Connected => (&texts.connected, None, CONNECTED, "{agent}"),
        NoticeKind::NoAgents => (&texts.no_agents, None, NO_AGENTS, "{agent}"),
        NoticeKind::AskContact => (
            &texts.ask_contact,
            Some("label_provide_email_address"),
            ASK_CONTACT,
            "{agent}",
        ),
        NoticeKind::LeftMessage => (&texts.left_message, None, LEFT_MESSAGE, "{agent}"),
        NoticeKind::Ended => (&texts.ended, None, ENDED, "{agent}"),
        NoticeKind::Failed => (&texts.failed, None, FAILED, "{agent}"),
        NoticeKind::Undelivered => (&texts.undelivered, None, UNDELIVERED, "{file}"),
        NoticeKind::TooBig => (&texts.too_big, None, TOO_BIG, "{file}"),
        NoticeKind::FileReceived => (&texts.file_received, Some("file_uploaded_text"), "", "{file}"),
        NoticeKind::StillWaiting => (&texts.still_waiting, None, STILL_WAITING, "{agent}"),
        NoticeKind::NobodyCame => (&texts.nobody_came, None, NOBODY_CAME, "{agent}"),
        NoticeKind::SilenceWarning => (
            &texts.silence_warning,
            Some("session_timeout_warning"),
            SILENCE_WARNING,
            "{agent}",
        ),
        NoticeKind::SilenceEnded => (
            &texts.silence_ended,
            Some("session_timeout_message"),
            SILENCE_ENDED,
            "{agent}",
        ),
        NoticeKind::DeskAway => (&texts.desk_away, None, DESK_AWAY, "{agent}"),
        NoticeKind::AskPhone => (
            &texts.ask_phone,
            Some("label_provide_phone_number"),
            ASK_PHONE,
            "{agent}",
        ),
        NoticeKind::AskEmail => (
            &texts.ask_email,
            Some("label_provide_email_address"),
            ASK_EMAIL,
            "{agent}",
        ),
        NoticeKind::Answered => (&texts.answered, None, ANSWERED, "{agent}"),
    };
    let desk_text = desk_key.and_then(|key| env.desk_texts.get(key)).map(String::as_str);
    let chosen = choose(choice, desk_text, ours)?;
    // The desk's is the label of a form: it says neither why it asks nor who is not there.
    let of_form = kind == NoticeKind::AskContact && *choice == TextChoice::Default && chosen != ours;
    let chosen = if of_form {
        format!("{NOBODY} {chosen}")
    } else {
        chosen.to_owned()
    };
    let name = name.unwrap_or(if mark == "{agent}" { "An agent" } else { "file" });
    Some(Text::new(chosen.replace(mark, name))).filter(|text| !text.is_blank())
}

/// The text for a message of the customer that could not be delivered. The reason stands in it where a text asks for it.
pub(super) fn undelivered(env: &Env<'_>, name: Option<&str>, reason: &str) -> Option<Text> {
    let text = notice(env, NoticeKind::Undelivered, name)?;
    Some(Text::new(text.as_str().replace("{reason}", reason)))
}

/// The question whether it was solved, as set; `None` where it is switched off.
pub(super) fn solved_question(env: &Env<'_>) -> Option<Text> {
    let text = choose(&env.texts.solved_question, None, SOLVED_QUESTION)?;
    Some(Text::from(text)).filter(|text| !text.is_blank())
}

/// What stands in front of a reply that comes after the end.
pub(super) fn late_mark<'e>(env: &Env<'e>) -> Option<&'e str> {
    choose(&env.texts.late_reply, None, LATE_REPLY).filter(|mark| !mark.trim().is_empty())
}

fn choose<'t>(choice: &'t TextChoice, desk_text: Option<&'t str>, ours: &'t str) -> Option<&'t str> {
    match choice {
        TextChoice::Default => Some(desk_text.filter(|text| !text.trim().is_empty()).unwrap_or(ours)),
        TextChoice::Say(text) => Some(text.as_str()),
        TextChoice::Off => None,
    }
}

const WAITING: &str = "You are being connected to our team. What you write now will reach them.";
const CONNECTED: &str = "{agent} is with you now.";
const NOBODY: &str = "Nobody of our team is available right now.";
const NO_AGENTS: &str = "Nobody of our team is available right now. You are still talking to the bot.";
const ASK_CONTACT: &str = "Nobody of our team is available right now. Leave your e-mail address or phone number, and we will answer you there.";
const LEFT_MESSAGE: &str = "Thank you. Your message was left with our team. You are talking to the bot again.";
const ENDED: &str = "The chat with our team is over. You are talking to the bot again.";
const FAILED: &str = "Our team could not be reached. You are talking to the bot again.";
const UNDELIVERED: &str = "A message of yours could not be delivered to our team.";
const TOO_BIG: &str = "The file {file} is too big to be passed on.";
const LATE_REPLY: &str = "(written after the chat ended)";
const STILL_WAITING: &str =
    "Nobody of our team was free for you yet. You are still in line, and what you write will reach them.";
const NOBODY_CAME: &str = "Nobody of our team was free for you in time. You are talking to the bot again.";
const SILENCE_WARNING: &str = "Are you still there? Nobody has written for a while, so this chat with our team will end soon. Write something to go on.";
const SILENCE_ENDED: &str =
    "The chat with our team is over, since nobody wrote any more. You are talking to the bot again.";
const ASK_PHONE: &str =
    "If you like, leave your phone number, so that our team can reach you should this chat break off.";
const ASK_EMAIL: &str =
    "If you like, leave your e-mail address, so that our team can reach you should this chat break off.";
const SOLVED_QUESTION: &str = "Was your question solved?";
const ANSWERED: &str = "Thank you for your answer.";
const DESK_AWAY: &str =
    "Our team cannot be reached right now. What you wrote is kept, and will be delivered as soon as that is possible.";
