//! What each method does.

mod album;
mod edit;
mod info;
mod markup;
mod media;
mod press;
mod reaction;
mod send;
mod webhook;

use serde_json::{Value, json};

use super::{file::FileKind, params::Params, polling, refusal::Refusal, shared::Shared, world::World};

/// The methods that behave, in the spelling of the documentation.
const KNOWN: [&str; 29] = [
    "getMe",
    "getUpdates",
    "setWebhook",
    "deleteWebhook",
    "getWebhookInfo",
    "sendMessage",
    "sendPhoto",
    "sendDocument",
    "sendVideo",
    "sendAudio",
    "sendVoice",
    "sendVideoNote",
    "sendAnimation",
    "sendSticker",
    "sendMediaGroup",
    "sendChatAction",
    "setMessageReaction",
    "answerCallbackQuery",
    "editMessageText",
    "editMessageCaption",
    "editMessageReplyMarkup",
    "deleteMessage",
    "getFile",
    "setMyCommands",
    "getMyCommands",
    "deleteMyCommands",
    "getChat",
    "logOut",
    "close",
];

/// The documented spelling of a method that behaves.
pub(crate) fn known_name(name: &str) -> Option<&'static str> {
    KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(name))
}

/// A call as a method sees it.
pub(crate) struct Ask<'a> {
    /// The call's number.
    pub(crate) number: usize,
    pub(crate) params: &'a Params,
    pub(crate) shared: &'a Shared,
}

impl Ask<'_> {
    fn chat_name(&self) -> Option<String> {
        self.params.text("chat_id")
    }
}

/// Carries a call out.
pub(crate) async fn run(shared: &Shared, number: usize, method: &str, params: &Params) -> Result<Value, Refusal> {
    if method == "getUpdates" {
        return polling::get_updates(shared, number, params).await;
    }
    let ask = Ask { number, params, shared };
    match method {
        "setWebhook" | "deleteWebhook" => {
            shared.change_polling(|world| webhook::change(world, &ask, method == "setWebhook"))
        }
        _ => shared.change(|world| act(world, &ask, method)),
    }
}

fn act(world: &mut World, ask: &Ask<'_>, method: &str) -> Result<Value, Refusal> {
    if let Some(kind) = file_kind(method) {
        return media::send(world, ask, kind);
    }
    match method {
        "getMe" => Ok(info::me(world)),
        "getWebhookInfo" => Ok(webhook::info(world)),
        "sendMessage" => send::message(world, ask),
        "sendMediaGroup" => album::send(world, ask),
        "sendChatAction" => send::chat_action(world, ask),
        "setMessageReaction" => reaction::set(world, ask),
        "answerCallbackQuery" => press::answer(world, ask),
        "editMessageText" => edit::text(world, ask),
        "editMessageCaption" => edit::caption(world, ask),
        "editMessageReplyMarkup" => edit::markup(world, ask),
        "deleteMessage" => edit::delete(world, ask),
        "getFile" => info::file(world, ask),
        "getChat" => info::chat(world, ask),
        "setMyCommands" => Ok(info::set_commands(world, ask)),
        "getMyCommands" => Ok(info::commands(world, ask.params)),
        "deleteMyCommands" => Ok(info::delete_commands(world, ask)),
        "logOut" | "close" => Ok(json!(true)),
        _ => other(ask, method),
    }
}

/// A method that is documented but not played here.
fn other(ask: &Ask<'_>, method: &str) -> Result<Value, Refusal> {
    let spec = ask.shared.spec.as_ref();
    let Some(spec) = spec.filter(|spec| spec.method_name(method).is_some()) else {
        return Err(Refusal::unknown_method());
    };
    if spec.returns_true(method) {
        return Ok(json!(true));
    }
    Err(Refusal::bad_request(format!("{method} is not supported by the fake")))
}

fn file_kind(method: &str) -> Option<FileKind> {
    Some(match method {
        "sendPhoto" => FileKind::Photo,
        "sendDocument" => FileKind::Document,
        "sendVideo" => FileKind::Video,
        "sendAudio" => FileKind::Audio,
        "sendVoice" => FileKind::Voice,
        "sendVideoNote" => FileKind::VideoNote,
        "sendAnimation" => FileKind::Animation,
        "sendSticker" => FileKind::Sticker,
        _ => return None,
    })
}

/// The commands of a scope and language, for the test's handle.
pub(crate) fn commands_of(world: &World, params: &Params) -> Value {
    info::commands(world, params)
}
