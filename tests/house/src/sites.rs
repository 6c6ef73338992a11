//! The sites at which the bot is killed: every commit, and every external call in both directions, before its effect,
//! after it, and after its answer.

use std::fmt;

/// The platform that the bot of a run is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// Telegram, by polling.
    Telegram,
    /// Discord, in direct messages and in threads of a guild.
    Discord,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Telegram => "telegram",
            Self::Discord => "discord",
        })
    }
}

/// The sites inside the process, as the product marks them.
pub const INSIDE: &[&str] = &["commit.before", "commit.after"];

/// What the outbox holds; each is a site before its call, after it, and after its settlement.
const PAYLOADS: &[&str] = &[
    "desk.availability",
    "desk.opener",
    "desk.message",
    "desk.file",
    "desk.end",
    "chat.message",
    "chat.file",
    "chat.notice",
    "bot.event",
];

/// What the outbox holds beside those for a customer of a guild.
const PAYLOADS_OF_DISCORD: &[&str] = &["chat.open"];

/// The moments of a delivery.
const MOMENTS: &[&str] = &["deliver.before", "deliver.after", "settle.after"];

/// The calls that reach the desk; each is a site at every stage.
const AT_DESK: &[&str] = &[
    "desk ChatConfig",
    "desk NewChatMessage",
    "desk AddAttachment",
    "desk EndChat",
];

const AT_TELEGRAM: &[&str] = &[
    "telegram getMe",
    "telegram getWebhookInfo",
    "telegram getUpdates",
    "telegram sendMessage",
    "telegram sendDocument",
    "telegram sendChatAction",
    "telegram setMessageReaction",
    "telegram getFile",
    "telegram file",
];

const AT_DISCORD: &[&str] = &[
    "discord GET /users/@me",
    "discord GET /gateway",
    "discord GET /applications/*/commands",
    "discord GET /channels/*/messages/*",
    "discord GET /channels/*/webhooks",
    "discord GET /guilds/*/threads/active",
    "discord GET /channels/*/users/@me/threads/archived/private",
    "discord PUT /channels/*/thread-members/*",
    "discord POST /channels/*/messages",
    "discord POST /channels/*/typing",
    "discord POST /channels/*/webhooks",
    "discord POST /channels/*/threads",
    "discord POST /webhooks/*/*",
    "discord GET /attachments/*/*/*",
];

/// The stages of a call.
pub const STAGES: &[&str] = &["received", "effect done", "answered"];

/// What comes from the other sides: a customer's line that was just handed to the platform, and the desk's hooks whose
/// answer has just arrived.
const INBOUND: &[&str] = &[
    SAID,
    "hook message, answered",
    "hook typing, answered",
    "hook file, answered",
    "hook end, answered",
];

/// A customer has said something.
pub const SAID: &str = "customer, said";

/// What is passed only when a bot that was killed in mid-conversation starts again, so the bot is killed twice.
const IN_A_SECOND_LIFE: &[&str] = &["discord GET /channels/*/messages, answered"];

/// All sites of a platform.
pub fn all(platform: Platform) -> Vec<String> {
    let (payloads, calls): (&[_], _) = match platform {
        Platform::Telegram => (&[], AT_TELEGRAM),
        Platform::Discord => (PAYLOADS_OF_DISCORD, AT_DISCORD),
    };
    let payloads = PAYLOADS.iter().chain(payloads);
    let deliveries = payloads.flat_map(|payload| MOMENTS.iter().map(move |moment| format!("{moment} {payload}")));
    let calls = AT_DESK.iter().chain(calls);
    let outside = calls.flat_map(|call| STAGES.iter().map(move |stage| format!("{call}, {stage}")));
    let plain = INSIDE.iter().chain(INBOUND).map(|site| (*site).to_owned());
    let second = match platform {
        Platform::Telegram => [].as_slice(),
        Platform::Discord => IN_A_SECOND_LIFE,
    };
    let second = second.iter().map(|site| (*site).to_owned());
    plain.chain(deliveries).chain(outside).chain(second).collect()
}

/// Whether the product itself tells of a site.
pub fn is_inside(site: &str) -> bool {
    INSIDE.contains(&site) || MOMENTS.iter().any(|moment| site.starts_with(moment))
}

/// Whether a site is passed only after a first kill.
pub fn is_in_a_second_life(site: &str) -> bool {
    IN_A_SECOND_LIFE.contains(&site)
}
