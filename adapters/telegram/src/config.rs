use std::time::Duration;

use escalator::delivery::RetryPolicy;

use crate::reaction::ReactionEmoji;

/// The settings of the channel; each has a default.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// What customers are told by the channel itself.
    pub texts: Texts,
    /// Whether the customer sees the picture of the agent who has taken the chat.
    pub agent_picture: AgentPicture,
    /// The bot's reaction to a message of the customer that the desk has. With `None` there is none. 👌.
    pub receipt: Option<ReactionEmoji>,
    /// How the bot gets its updates.
    pub receiving: Receiving,
    /// The largest file that is fetched from Telegram, in bytes. 20 MiB, Telegram's own limit. A Bot API server of your
    /// own takes more in its `--local` mode alone, and then hands out no files: none of a customer's reaches the agent.
    pub fetch_bytes_max: u64,
    /// The largest file that is sent to Telegram, in bytes. 50 MiB, Telegram's own limit; a Bot API server of your own
    /// takes more.
    pub send_bytes_max: u64,
    /// How an update is offered again while the ledger is away: after 200 milliseconds, at the most every 15 seconds.
    /// Its age has no limit: an update waits until it is accepted.
    pub offer_retry: RetryPolicy,
    /// How long one offer may take before it counts as failed and is made again. 30 seconds.
    pub offer_max: Duration,
    /// How long an offer may go on when the bot is stopped, and how long Telegram may take to answer the last request.
    /// After that the batch is left to Telegram. 5 seconds.
    pub stop_wait_max: Duration,
    /// How long the node alone waits for the ledger before the update is lost, which is logged as an error. 60 seconds.
    /// Without effect where a listener is installed.
    pub alone_wait_max: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let mut offer_retry = RetryPolicy::default();
        offer_retry.first_wait = Duration::from_millis(200);
        offer_retry.wait_max = Duration::from_secs(15);
        Self {
            texts: Texts::default(),
            agent_picture: AgentPicture::Shown,
            receipt: Some(ReactionEmoji::default()),
            receiving: Receiving::Polling,
            fetch_bytes_max: 20 << 20,
            send_bytes_max: 50 << 20,
            offer_retry,
            offer_max: Duration::from_secs(30),
            stop_wait_max: Duration::from_secs(5),
            alone_wait_max: Duration::from_mins(1),
        }
    }
}

/// Whether the customer sees the picture of the agent who has taken the chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AgentPicture {
    /// Over the words that tell of the agent, where the desk gave its address. Telegram's servers fetch it from there, up to
    /// 5 MB, and keep it; we never ask for it. Where they do not take it, and where the words are longer than a caption may be,
    /// the words come alone.
    Shown,
    /// Never: the address stays here.
    Hidden,
}

/// How the bot gets its updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Receiving {
    /// By `getUpdates`. A webhook that is set is an error, since Telegram then refuses polling; it is never deleted.
    Polling,
    /// In another way, which is the author's own: webhooks are not looked at.
    Other,
}

/// What customers are told by the channel itself. `None` says nothing. Labels are cut to 64 characters, what is shown for a
/// moment to 200, and an empty label makes no button.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Texts {
    /// The answer to `/human` in a group; `{bot}` stands for the bot's name with its `@`. With `None`, `/human` in a
    /// group goes to the bot's own handlers.
    pub group_hint: Option<String>,
    /// The label of the button under "waiting" and "connected" that ends the chat. With `None` there is no button; `/end`
    /// still works.
    pub end_button: Option<String>,
    /// Shown for a moment when a button of the bot is pressed while a human owns the chat.
    pub button_kept: Option<String>,
    /// Shown for a moment when the end button is pressed and a human owned the chat.
    pub ended: Option<String>,
    /// Shown for a moment when the end button is pressed and there is nothing to end.
    pub nothing_to_end: Option<String>,
    /// The label of the button that asks for a human, under what tells that the bot has the chat again. With `None` there is
    /// no button there; [`human_button`](crate::human_button) makes one for the bot's own messages.
    pub human_button: Option<String>,
    /// Shown for a moment when that button is pressed and the chat could not be handed over.
    pub human_failed: Option<String>,
    /// The label of the button that says that it was solved.
    pub solved_button: String,
    /// The label of the button that says that it was not.
    pub unsolved_button: String,
    /// The label of the key, in place of the letters, that shares the customer's phone number where it is asked for. With
    /// `None` there is no key, and the number is typed. The key goes with the next text that has no buttons; which chats have
    /// it is kept in memory, so after a restart it stays until it is used.
    pub share_phone_key: Option<String>,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            group_hint: Some("Please write to {bot} in a private chat to talk to a human.".to_owned()),
            end_button: Some("End chat".to_owned()),
            button_kept: Some("You are talking to a human now. Send /end to go back to the bot.".to_owned()),
            ended: None,
            nothing_to_end: Some("This chat is over.".to_owned()),
            human_button: Some("Talk to a human".to_owned()),
            human_failed: Some("That did not work. Please try again in a moment.".to_owned()),
            solved_button: "Yes".to_owned(),
            unsolved_button: "No".to_owned(),
            share_phone_key: Some("Share my phone number".to_owned()),
        }
    }
}
