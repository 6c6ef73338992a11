//! Keyboards under a message.

use serde_json::Value;

use crate::telegram::{link, params::Params, people::ChatKind, refusal::Refusal};

/// The longest data of a button: "Data to be sent in a callback query to the bot when the button is pressed, 1-64 bytes",
/// <https://core.telegram.org/bots/api#inlinekeyboardbutton>.
const CALLBACK_DATA_BYTES_MAX: usize = 64;

/// What a button can do beside carrying data.
const ACTIONS: [&str; 8] = [
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
];

/// What a button of a keyboard in place of the letters can ask for, and the words by which it is refused in a group:
/// `get_keyboard_button` of `ReplyMarkup.cpp` in `tdlib/td`.
const REQUESTS: [(&str, &str); 7] = [
    ("request_contact", "phone number can be requested"),
    ("request_location", "location can be requested"),
    ("request_poll", "poll can be requested"),
    ("request_users", "users can be requested"),
    ("request_chat", "chats can be requested"),
    ("request_managed_bot", "managed bots can be requested"),
    ("web_app", "web App buttons can be used"),
];

/// The keyboard of a call, if it has one that is right. The words are those of `Client::get_reply_markup` of
/// `tdlib/telegram-bot-api`.
pub(crate) fn read(params: &Params) -> Result<Option<Value>, Refusal> {
    if params.get("reply_markup").is_none_or(|raw| raw == "") {
        return Ok(None);
    }
    let Some(markup) = params.json("reply_markup") else {
        return Err(Refusal::bad_request("can't parse reply keyboard markup JSON object"));
    };
    if !markup.is_object() {
        return Err(Refusal::bad_request("object expected as reply markup"));
    }
    for button in buttons(&markup, "keyboard", "field \"keyboard\" must be an Array of Arrays")? {
        check_key(button)?;
    }
    let no_rows = "field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays";
    for button in buttons(&markup, "inline_keyboard", no_rows)? {
        check(button)?;
    }
    Ok(Some(markup))
}

/// The keyboard of an edit, which stands under the message or nowhere.
pub(crate) fn read_inline(params: &Params) -> Result<Option<Value>, Refusal> {
    let markup = read(params)?;
    match &markup {
        Some(markup) if markup.get("inline_keyboard").is_none() => {
            Err(Refusal::bad_request("inline keyboard expected"))
        }
        _ => Ok(markup),
    }
}

/// Refuses what may stand in a private chat alone.
pub(crate) fn check_place(markup: Option<&Value>, chat: ChatKind) -> Result<(), Refusal> {
    let Some(markup) = markup.filter(|_| chat != ChatKind::Private) else {
        return Ok(());
    };
    let keys = markup["keyboard"].as_array().into_iter().flatten();
    for button in keys.filter_map(Value::as_array).flatten() {
        let asks = |field: &str| !matches!(button.get(field), None | Some(Value::Null | Value::Bool(false)));
        if let Some((_, words)) = REQUESTS.iter().find(|(field, _)| asks(field)) {
            return Err(Refusal::bad_request(format!("{words} in private chats only")));
        }
    }
    Ok(())
}

fn buttons<'a>(markup: &'a Value, field: &str, no_rows: &str) -> Result<Vec<&'a Value>, Refusal> {
    let rows = match markup.get(field) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(rows)) => rows,
        Some(_) => {
            let words = format!("field \"{field}\" must be of type Array");
            return Err(Refusal::bad_request(words));
        }
    };
    let mut buttons = Vec::new();
    for row in rows {
        let row = row.as_array().ok_or_else(|| Refusal::bad_request(no_rows))?;
        buttons.extend(row);
    }
    Ok(buttons)
}

/// A key of a keyboard in place of the letters: words, or an object with words.
fn check_key(key: &Value) -> Result<(), Refusal> {
    let words = match key {
        Value::String(_) => return Ok(()),
        Value::Object(_) if key["text"].is_string() => return Ok(()),
        Value::Object(_) => "Can't find field \"text\"",
        _ => "KeyboardButton must be a String or an Object",
    };
    Err(Refusal::bad_request(format!("can't parse keyboard button: {words}")))
}

fn check(button: &Value) -> Result<(), Refusal> {
    let unreadable = |why: &str| {
        Err(Refusal::bad_request(format!(
            "can't parse inline keyboard button: {why}"
        )))
    };
    if !button.is_object() {
        return unreadable("InlineKeyboardButton must be an Object");
    }
    match button.get("text") {
        Some(Value::String(text)) if text.is_empty() => {
            return Err(Refusal::bad_request("inline keyboard button text must be non-empty"));
        }
        Some(Value::String(_)) => {}
        Some(_) => return unreadable("Field \"text\" must be of type String"),
        None => return unreadable("Can't find field \"text\""),
    }
    if let Some(url) = button["url"].as_str().filter(|url| !url.is_empty()) {
        let mentions = link::mentioned(url).is_some();
        return match link::checked(url) {
            Err(why) if !mentions => {
                let words = format!("inline keyboard button URL '{url}' is invalid: {why}");
                Err(Refusal::bad_request(words))
            }
            _ => Ok(()),
        };
    }
    let data = button["callback_data"].as_str().unwrap_or_default();
    if data.len() > CALLBACK_DATA_BYTES_MAX {
        return Err(Refusal::bad_request("BUTTON_DATA_INVALID"));
    }
    let acts = ACTIONS.iter().any(|action| button.get(action).is_some());
    if data.is_empty() && !acts {
        return unreadable("Text buttons are unallowed in the inline keyboard");
    }
    Ok(())
}
