//! Answering a pressed button.

use serde_json::{Value, json};

use super::Ask;
use crate::telegram::{message::PressAnswer, refusal::Refusal, world::World};

/// The longest text of an answer, in characters.
const ANSWER_CHARS_MAX: usize = 200;

/// An answer is taken once, and only while the query is fresh.
pub(crate) fn answer(world: &mut World, ask: &Ask<'_>) -> Result<Value, Refusal> {
    let text = ask.params.text("text").filter(|text| !text.is_empty());
    if text
        .as_ref()
        .is_some_and(|text| text.chars().count() > ANSWER_CHARS_MAX)
    {
        return Err(Refusal::bad_request("MESSAGE_TOO_LONG"));
    }
    let too_old = || Refusal::bad_request("query is too old and response timeout expired or query ID is invalid");
    let id = ask.params.text("callback_query_id").unwrap_or_default();
    let place = world.presses.get_mut(&id).ok_or_else(too_old)?;
    if std::mem::replace(&mut place.stale, true) {
        return Err(too_old());
    }
    let chat = world.chats.get_mut(&place.chat);
    let press = chat.and_then(|chat| chat.transcript.presses.get_mut(place.place));
    press.ok_or_else(too_old)?.answer = Some(PressAnswer {
        text,
        alert: ask.params.flag("show_alert"),
        call: ask.number,
    });
    Ok(json!(true))
}
