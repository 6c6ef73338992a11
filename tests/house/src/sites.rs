//! The sites at which the bot is killed: every commit, and every external call, before its effect, after it, and after
//! its answer.

/// The sites inside the process, as the product marks them.
pub const INSIDE: &[&str] = &[
    "commit.before",
    "commit.after",
    "deliver.before desk.availability",
    "deliver.after desk.availability",
    "settle.after desk.availability",
    "deliver.before desk.opener",
    "deliver.after desk.opener",
    "settle.after desk.opener",
    "deliver.before desk.message",
    "deliver.after desk.message",
    "settle.after desk.message",
    "deliver.before desk.file",
    "deliver.after desk.file",
    "settle.after desk.file",
    "deliver.before desk.end",
    "deliver.after desk.end",
    "settle.after desk.end",
    "deliver.before chat.message",
    "deliver.after chat.message",
    "settle.after chat.message",
    "deliver.before chat.file",
    "deliver.after chat.file",
    "settle.after chat.file",
    "deliver.before chat.notice",
    "deliver.after chat.notice",
    "settle.after chat.notice",
    "deliver.before bot.event",
    "deliver.after bot.event",
    "settle.after bot.event",
];

/// The calls that reach the stand-ins; each is a site at every stage.
pub const OUTSIDE: &[&str] = &[
    "desk ChatConfig",
    "desk NewChatMessage",
    "desk AddAttachment",
    "desk EndChat",
    "telegram getUpdates",
    "telegram sendMessage",
    "telegram sendDocument",
    "telegram sendChatAction",
    "telegram getFile",
    "telegram file",
];

/// The stages of a call.
pub const STAGES: &[&str] = &["received", "effect done", "answered"];

/// All sites.
pub fn all() -> Vec<String> {
    let outside = OUTSIDE
        .iter()
        .flat_map(|call| STAGES.iter().map(move |stage| format!("{call}, {stage}")));
    INSIDE.iter().map(|site| (*site).to_owned()).chain(outside).collect()
}
