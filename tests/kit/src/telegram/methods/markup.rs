//! Keyboards under a message.

use serde_json::Value;

use crate::telegram::{params::Params, refusal::Refusal};

/// The longest data of a button, in bytes.
const CALLBACK_DATA_BYTES_MAX: usize = 64;

/// What a button can do beside carrying data.
const ACTIONS: [&str; 9] = [
    "url",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
];

/// The keyboard of a call, if it has one that is right.
pub(crate) fn read(params: &Params) -> Result<Option<Value>, Refusal> {
    if params.get("reply_markup").is_none_or(|raw| raw == "") {
        return Ok(None);
    }
    let markup = params.json("reply_markup");
    let Some(markup) = markup.filter(Value::is_object) else {
        return Err(Refusal::bad_request("can't parse reply keyboard markup JSON object"));
    };
    let rows = markup["inline_keyboard"].as_array().into_iter().flatten();
    for button in rows.filter_map(Value::as_array).flatten() {
        check(button)?;
    }
    Ok(Some(markup))
}

fn check(button: &Value) -> Result<(), Refusal> {
    if button["text"].as_str().is_none_or(str::is_empty) {
        return Err(Refusal::bad_request(
            "can't parse inline keyboard button: Field \"text\" must be of type String",
        ));
    }
    let data = button["callback_data"].as_str().unwrap_or_default();
    if data.len() > CALLBACK_DATA_BYTES_MAX {
        return Err(Refusal::bad_request("BUTTON_DATA_INVALID"));
    }
    let acts = ACTIONS.iter().any(|action| button.get(action).is_some());
    if data.is_empty() && !acts {
        return Err(Refusal::bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ));
    }
    Ok(())
}
