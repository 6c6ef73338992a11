use std::fmt;

use reqwest::{Method, multipart::Form};
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};
use serenity::{
    builder::CreateCommand,
    model::{
        channel::{ChannelType, Message},
        guild::PremiumTier,
        id::{ApplicationId, ChannelId, GuildId, InteractionId, MessageId, RoleId, UserId, WebhookId},
    },
};

use super::{Call, Rest};
use crate::error::{Failure, Refusal};

/// The most that Discord gives at once, of messages and of threads.
pub(crate) const PAGE_MAX: usize = 100;
/// A thread falls asleep after a week of silence, in minutes. Whoever writes in it wakes it.
const ARCHIVE_AFTER_MINUTES: u32 = 10_080;

/// The bot's own account.
#[derive(Debug, Deserialize)]
pub(crate) struct Me {
    pub(crate) id: UserId,
    pub(crate) username: String,
}

/// What matters of a channel or thread.
#[derive(Debug, Deserialize)]
pub(crate) struct Channel {
    pub(crate) id: ChannelId,
    #[serde(rename = "type")]
    pub(crate) kind: ChannelType,
    pub(crate) guild_id: Option<GuildId>,
    pub(crate) parent_id: Option<ChannelId>,
    pub(crate) owner_id: Option<UserId>,
    pub(crate) name: Option<String>,
}

/// What matters of a role.
#[derive(Debug, Deserialize)]
pub(crate) struct Role {
    pub(crate) id: RoleId,
    pub(crate) name: String,
}

/// A message that was sent.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    pub(crate) id: MessageId,
    pub(crate) channel_id: Option<ChannelId>,
}

/// A message to send.
#[derive(Debug, Default, Serialize)]
pub(crate) struct NewMessage {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) content: String,
    pub(crate) allowed_mentions: Nobody,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) enforce_nonce: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) components: Vec<serde_json::Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) embeds: Vec<serde_json::Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) attachments: Vec<serde_json::Value>,
    /// For webhooks alone.
    #[serde(flatten)]
    pub(crate) author: Option<Spoken>,
}

/// Under whose name a webhook speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Spoken {
    pub(crate) username: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) avatar_url: Option<String>,
}

/// Whom a text may ping: nobody.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Nobody {
    parse: [u8; 0],
}

/// A webhook, whose token lets anybody speak through it.
#[derive(Clone, Deserialize)]
pub(crate) struct Webhook {
    pub(crate) id: WebhookId,
    pub(crate) token: Option<String>,
    pub(crate) name: Option<String>,
    /// Who made it.
    pub(crate) user: Option<Maker>,
}

#[derive(Clone, Deserialize)]
pub(crate) struct Maker {
    pub(crate) id: UserId,
}

/// Without the token.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Rest {
    pub(crate) async fn me(&self) -> Result<Me, Failure> {
        self.ask(Call::get("/users/@me".to_owned())).await
    }

    pub(crate) async fn channel(&self, channel: ChannelId) -> Result<Channel, Failure> {
        self.ask(Call::get(format!("/channels/{channel}"))).await
    }

    /// The level that decides how large a file may be.
    pub(crate) async fn level(&self, guild: GuildId) -> Result<PremiumTier, Failure> {
        #[derive(Deserialize)]
        struct Guild {
            premium_tier: PremiumTier,
        }
        let guild: Guild = self.ask(Call::get(format!("/guilds/{guild}"))).await?;
        Ok(guild.premium_tier)
    }

    /// The roles of a guild.
    pub(crate) async fn roles(&self, guild: GuildId) -> Result<Vec<Role>, Failure> {
        #[derive(Deserialize)]
        struct Guild {
            roles: Vec<Role>,
        }
        let guild: Guild = self.ask(Call::get(format!("/guilds/{guild}"))).await?;
        Ok(guild.roles)
    }

    pub(crate) async fn message(&self, channel: ChannelId, message: MessageId) -> Result<Message, Failure> {
        self.ask(Call::get(format!("/channels/{channel}/messages/{message}")))
            .await
    }

    /// A page of the messages behind a position, oldest first, and whether it was the last one.
    pub(crate) async fn messages_after(&self, channel: ChannelId, after: u64) -> Result<(Vec<Message>, bool), Failure> {
        let page = format!("/channels/{channel}/messages?limit={PAGE_MAX}&after={after}");
        self.messages(page, PAGE_MAX).await
    }

    /// The last messages, oldest first.
    pub(crate) async fn last_messages(&self, channel: ChannelId, count: usize) -> Result<Vec<Message>, Failure> {
        let count = count.clamp(1, PAGE_MAX);
        let page = format!("/channels/{channel}/messages?limit={count}");
        Ok(self.messages(page, count).await?.0)
    }

    async fn messages(&self, page: String, count: usize) -> Result<(Vec<Message>, bool), Failure> {
        let raw: Vec<Box<RawValue>> = self.ask(Call::get(page)).await?;
        let is_last = raw.len() < count;
        let mut messages: Vec<Message> = raw
            .iter()
            .filter_map(|raw| match serde_json::from_str(raw.get()) {
                Ok(message) => Some(message),
                Err(failed) => {
                    // Its text shows what it could not read.
                    let (line, column) = (failed.line(), failed.column());
                    tracing::warn!(line, column, "a message of Discord's cannot be read, and is left out");
                    None
                }
            })
            .collect();
        messages.sort_by_key(|message| message.id);
        Ok((messages, is_last))
    }

    /// Sends a message. `None` when it arrived and the answer cannot be read.
    pub(crate) async fn send(&self, channel: ChannelId, message: &NewMessage) -> Result<Option<MessageId>, Failure> {
        let call = Call::post(format!("/channels/{channel}/messages"));
        Ok(self.sent(call.json(message)).await?.map(|sent| sent.id))
    }

    pub(crate) async fn upload(&self, channel: ChannelId, form: Form) -> Result<Option<MessageId>, Failure> {
        let call = Call::post(format!("/channels/{channel}/messages"));
        Ok(self.sent(call.form(form)).await?.map(|sent| sent.id))
    }

    pub(crate) async fn typing(&self, channel: ChannelId) -> Result<(), Failure> {
        self.make(Call::post(format!("/channels/{channel}/typing")))
            .await
            .map(drop)
    }

    /// Puts a reaction of the bot's on a message: an emoji, or `name:id` of a guild's own.
    pub(crate) async fn react(&self, channel: ChannelId, message: MessageId, emoji: &str) -> Result<(), Failure> {
        let emoji: String = url::form_urlencoded::byte_serialize(emoji.as_bytes()).collect();
        let path = format!("/channels/{channel}/messages/{message}/reactions/{emoji}/@me");
        self.make(Call::new(Method::PUT, path)).await.map(drop)
    }

    /// Takes the buttons away from a message of the bot's.
    pub(crate) async fn take_buttons_away(&self, channel: ChannelId, message: MessageId) -> Result<(), Failure> {
        let call = Call::new(Method::PATCH, format!("/channels/{channel}/messages/{message}"));
        self.make(call.json(&json!({ "components": [] }))).await.map(drop)
    }

    /// The direct messages with a customer. Shows nothing to anybody.
    pub(crate) async fn direct_messages(&self, customer: UserId) -> Result<ChannelId, Failure> {
        let call = Call::post("/users/@me/channels".to_owned());
        let channel: Channel = self.ask(call.json(&json!({ "recipient_id": customer }))).await?;
        Ok(channel.id)
    }

    /// The threads of a guild that are awake.
    pub(crate) async fn active_threads(&self, guild: GuildId) -> Result<Vec<Channel>, Failure> {
        let threads: Threads = self.ask(Call::get(format!("/guilds/{guild}/threads/active"))).await?;
        Ok(threads.threads)
    }

    /// The private threads of a channel that the bot is in and that are asleep, the latest ones.
    pub(crate) async fn sleeping_threads(&self, channel: ChannelId) -> Result<Vec<Channel>, Failure> {
        let page = format!("/channels/{channel}/users/@me/threads/archived/private?limit={PAGE_MAX}");
        let threads: Threads = self.ask(Call::get(page)).await?;
        Ok(threads.threads)
    }

    pub(crate) async fn open_private_thread(&self, channel: ChannelId, name: &str) -> Result<Channel, Failure> {
        let call = Call::post(format!("/channels/{channel}/threads"));
        let thread = json!({
            "name": name,
            "type": u8::from(ChannelType::PrivateThread),
            "invitable": false,
            "auto_archive_duration": ARCHIVE_AFTER_MINUTES,
        });
        self.ask(call.json(&thread)).await
    }

    pub(crate) async fn wake_thread(&self, thread: ChannelId) -> Result<(), Failure> {
        let call = Call::new(Method::PATCH, format!("/channels/{thread}"));
        self.make(call.json(&json!({ "archived": false }))).await.map(drop)
    }

    pub(crate) async fn add_to_thread(&self, thread: ChannelId, customer: UserId) -> Result<(), Failure> {
        let call = Call::new(Method::PUT, format!("/channels/{thread}/thread-members/{customer}"));
        self.make(call).await.map(drop)
    }

    pub(crate) async fn webhooks(&self, channel: ChannelId) -> Result<Vec<Webhook>, Failure> {
        self.ask(Call::get(format!("/channels/{channel}/webhooks"))).await
    }

    pub(crate) async fn make_webhook(&self, channel: ChannelId, name: &str) -> Result<Webhook, Failure> {
        let call = Call::post(format!("/channels/{channel}/webhooks"));
        self.ask(call.json(&json!({ "name": name }))).await
    }

    pub(crate) async fn speak(&self, through: &Through, message: &NewMessage) -> Result<Option<MessageId>, Failure> {
        through.check(self.sent(through.call().json(message)).await?)
    }

    pub(crate) async fn upload_through(&self, through: &Through, form: Form) -> Result<Option<MessageId>, Failure> {
        through.check(self.sent(through.call().form(form)).await?)
    }

    /// Answers an interaction, which Discord shows as failed after three seconds.
    pub(crate) async fn answer(
        &self,
        interaction: InteractionId,
        token: &str,
        answer: &serde_json::Value,
    ) -> Result<(), Failure> {
        let call = Call::post(format!("/interactions/{interaction}/{token}/callback"));
        self.make(call.json(answer).unsigned()).await.map(drop)
    }

    /// Says more to an interaction that was answered, within a quarter of an hour.
    pub(crate) async fn follow_up(
        &self,
        application: ApplicationId,
        token: &str,
        said: &serde_json::Value,
    ) -> Result<(), Failure> {
        let call = Call::post(format!("/webhooks/{application}/{token}"));
        self.make(call.json(said).unsigned()).await.map(drop)
    }

    /// Makes a command, or replaces that of the same name.
    pub(crate) async fn make_command(
        &self,
        application: ApplicationId,
        command: &CreateCommand,
    ) -> Result<(), Failure> {
        let call = Call::post(format!("/applications/{application}/commands"));
        self.make(call.json(command)).await.map(drop)
    }

    /// The names of the commands that stand.
    pub(crate) async fn commands(&self, application: ApplicationId) -> Result<Vec<String>, Failure> {
        #[derive(Deserialize)]
        struct Named {
            name: String,
        }
        let commands: Vec<Named> = self
            .ask(Call::get(format!("/applications/{application}/commands")))
            .await?;
        Ok(commands.into_iter().map(|command| command.name).collect())
    }

    /// Makes a call that sends a message. `None` when it arrived and the answer cannot be read.
    async fn sent(&self, call: Call) -> Result<Option<Sent>, Failure> {
        let answer = self.make(call).await?;
        Ok(serde_json::from_slice(&answer).ok())
    }
}

/// The way through a webhook into a channel or a thread of it.
pub(crate) struct Through {
    pub(crate) webhook: WebhookId,
    pub(crate) token: String,
    /// The channel that the webhook belongs to, as far as we know.
    pub(crate) home: ChannelId,
    pub(crate) thread: Option<ChannelId>,
}

impl Through {
    /// Whether it came out where it was meant to. Somebody may have moved the webhook to another channel; then the message
    /// is not where the customer is, and the webhook is no longer this channel's.
    fn check(&self, sent: Option<Sent>) -> Result<Option<MessageId>, Failure> {
        let place = self.thread.unwrap_or(self.home);
        match sent {
            Some(sent) if sent.channel_id.is_some_and(|channel| channel != place) => Err(Failure::Refused(Refusal {
                status: 404,
                code: Refusal::UNKNOWN_WEBHOOK,
                said: "the webhook belongs to another channel".to_owned(),
                fields: Vec::new(),
            })),
            sent => Ok(sent.map(|sent| sent.id)),
        }
    }

    fn call(&self) -> Call {
        let Self {
            webhook, token, thread, ..
        } = self;
        let thread = thread.map_or_else(String::new, |thread| format!("&thread_id={thread}"));
        Call::post(format!("/webhooks/{webhook}/{token}?wait=true{thread}")).unsigned()
    }
}

#[derive(Deserialize)]
struct Threads {
    threads: Vec<Channel>,
}
