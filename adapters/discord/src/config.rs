use std::time::Duration;

use escalator::delivery::RetryPolicy;

/// The settings of the channel; each has a default.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Where a customer of a guild talks to the agent. Direct messages stay where they are. A session stays where it was
    /// opened; a change counts from the next one on.
    pub place: Place,
    /// How the agent appears.
    pub agent_author: AgentAuthor,
    /// How the agent's picture appears where no webhook shows it.
    pub agent_picture: AgentPicture,
    /// Where the history comes from that the agent reads.
    pub history: History,
    /// The slash commands that the channel makes and answers. `None` makes none.
    pub commands: Option<Commands>,
    /// The reaction on a customer's message that says that the desk has it: an emoji, or `name:id` of a guild's own. In guilds
    /// the bot needs "Add Reactions" and "Read Message History". `None` puts none. ✅
    pub receipt_emoji: Option<String>,
    /// What customers are told by the channel itself.
    pub texts: Texts,
    /// What a private thread is called. The customer's id follows it, by which it is found again.
    pub thread_name: String,
    /// What our webhook is called in the guild's settings.
    pub webhook_name: String,
    /// The largest file that is fetched from Discord, in bytes. 100 MiB.
    pub fetch_bytes_max: u64,
    /// The largest file that is sent, in bytes, where the guild's level allows it: Discord itself takes 10 MiB, 50 MiB
    /// at level 2 and 100 MiB at level 3. 100 MiB.
    pub send_bytes_max: u64,
    /// How long the bot's handler holds up the next message of its conversation, so that `/human` in one takes the
    /// next ones along. 10 seconds.
    pub handler_wait_max: Duration,
    /// How an update is offered again while the ledger is away: after 200 milliseconds, at the most every 15 seconds.
    /// Its age has no limit: an update waits until it is accepted.
    pub offer_retry: RetryPolicy,
    /// How long one offer may take before it counts as failed and is made again. 30 seconds.
    pub offer_max: Duration,
    /// Updates that wait for the ledger at once. Past this they are left to Discord, and fetched when it is back.
    /// 10,000.
    pub waiting_max: usize,
    /// Buttons and commands that wait for their turn or for the ledger at once. Discord does not keep them: past this one
    /// is lost, and its customer told so. 1,000.
    pub interactions_max: usize,
    /// Messages that are looked through for one conversation after a restart or a lost session, in each of its channels,
    /// from the last accepted one on; those of other people count too. 1,000.
    pub catch_up_messages_max: usize,
    /// How long a channel may be read before live messages go on without the rest, which is logged as an error. 2
    /// minutes. What was read waits for the ledger as long as it takes.
    pub catch_up_max: Duration,
    /// How long a call to Discord may take that is not cut off by a caller of ours. 20 seconds.
    pub call_max: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let mut offer_retry = RetryPolicy::default();
        offer_retry.first_wait = Duration::from_millis(200);
        offer_retry.wait_max = Duration::from_secs(15);
        Self {
            place: Place::Thread,
            agent_author: AgentAuthor::Webhook,
            agent_picture: AgentPicture::Card,
            history: History::Turns,
            commands: Some(Commands::default()),
            receipt_emoji: Some("✅".to_owned()),
            texts: Texts::default(),
            thread_name: "Support".to_owned(),
            webhook_name: "Support".to_owned(),
            fetch_bytes_max: 100 << 20,
            send_bytes_max: 100 << 20,
            handler_wait_max: Duration::from_secs(10),
            offer_retry,
            offer_max: Duration::from_secs(30),
            waiting_max: 10_000,
            interactions_max: 1_000,
            catch_up_messages_max: 1_000,
            catch_up_max: Duration::from_mins(2),
            call_max: Duration::from_secs(20),
        }
    }
}

/// Where a customer of a guild talks to the agent. Where a private place cannot be opened the session ends, and nothing
/// of an agent's is said in the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// In a private thread, opened for that customer. The bot needs "Create Private Threads" and "Send Messages in
    /// Threads" there. A customer who asks in a thread stays in it.
    Thread,
    /// In the same channel, where everybody reads along. Only what this customer writes goes to the agent.
    SameChannel,
    /// In direct messages with the bot. Customers who do not take any get a text that says so.
    DirectMessage,
}

/// How the agent appears in guilds. In direct messages, where no webhook can be, it is always a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AgentAuthor {
    /// As an author of its own, with name and picture, through a webhook. The bot needs "Manage Webhooks"; without it
    /// the agent appears as with `Line`. A call whose answer was lost may stand twice: webhooks have no nonce.
    Webhook,
    /// As the bot, with the name in front. Discord removes doubles.
    Line,
}

/// How the agent's picture appears where no webhook shows it: in direct messages, and with [`AgentAuthor::Line`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AgentPicture {
    /// On a small card under the text that presents the agent, once a session. In guilds the bot needs "Embed Links";
    /// where Discord does not take the card, the text comes without.
    Card,
    /// Not at all.
    None,
}

/// Where the history comes from that the agent reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum History {
    /// What the customer and the bot said by turns ([`Discord::turn`](crate::Discord::turn)).
    Turns,
    /// The last lines of the channel, as Discord keeps them: the customer's, and the bot's to that customer. For a bot
    /// that speaks past its turns: lines that were said through one stand twice.
    Channel {
        /// How many messages are looked through, 100 at the most.
        messages_max: u8,
    },
}

/// The names of the slash commands. Each is made when the bot starts, beside the bot's own; a bot that overwrites all of
/// its commands adds [`Discord::commands`](crate::Discord::commands) to them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Commands {
    /// Asks for a human. `None`: the bot has its own way.
    pub human: Option<String>,
    /// Ends the chat with a human.
    pub end: Option<String>,
    /// What the list of commands says of `human`.
    pub human_description: String,
    /// What the list of commands says of `end`.
    pub end_description: String,
}

impl Default for Commands {
    fn default() -> Self {
        Self {
            human: Some("human".to_owned()),
            end: Some("end".to_owned()),
            human_description: "Talk to a human".to_owned(),
            end_description: "End the chat with a human".to_owned(),
        }
    }
}

/// What customers are told by the channel itself, but for the last three only they see it. `None` says nothing, or what
/// Discord insists on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Texts {
    /// The answer to `/human`, and to the button that asks for a human.
    pub human: Option<String>,
    /// The answer to `/human` when a human has the conversation already.
    pub human_already: Option<String>,
    /// The answer to `/human` and the button when it failed.
    pub human_failed: Option<String>,
    /// The label of the button under "waiting" and "connected" that ends the chat. With `None` there is no button; `/end`
    /// still works.
    pub end_button: Option<String>,
    /// The label of the button under the texts after which the bot has the conversation again, which asks for a human. With
    /// `None` there is no button.
    pub human_button: Option<String>,
    /// The label of the button that answers that it was solved.
    pub solved_button: String,
    /// The label of the button that answers that it was not.
    pub not_solved_button: String,
    /// The answer to a press on the button of a question that is lost: too many wait. The button can be pressed again.
    pub answer_failed: Option<String>,
    /// The answer to a button that stands in somebody else's chat.
    pub not_yours: Option<String>,
    /// The answer to a button or a command of the bot while a human owns the conversation.
    pub kept: Option<String>,
    /// The answer to the end button and to `/end`, once the chat is over.
    pub ended: Option<String>,
    /// The same while it is not known to be over: the ledger takes its time.
    pub ending: Option<String>,
    /// The same when it failed.
    pub end_failed: Option<String>,
    /// The answer to the end button and to `/end` when there is nothing to end.
    pub nothing_to_end: Option<String>,
    /// The first line in direct messages when a session that was asked for in a guild is held there. Discord tells only
    /// by a message whether a customer takes any: with `None` a customer who does not is not told.
    pub direct_message: Option<String>,
    /// Said in the channel when a thread cannot be opened; `{permission}` stands for what the bot lacks.
    pub no_thread: Option<String>,
    /// Said in the channel when the customer takes no direct messages.
    pub no_direct_message: Option<String>,
    /// Said in the channel when no place can be opened for any other reason.
    pub no_place: Option<String>,
}

impl Default for Texts {
    fn default() -> Self {
        let some = |text: &str| Some(text.to_owned());
        Self {
            human: some("I am asking for a human."),
            human_already: some("You are talking to a human already."),
            human_failed: some("I could not ask for a human. Please try again later."),
            end_button: some("End chat"),
            human_button: some("Talk to a human"),
            solved_button: "Yes".to_owned(),
            not_solved_button: "No".to_owned(),
            answer_failed: some("I could not take your answer. Please try again later."),
            not_yours: some("This is somebody else's chat."),
            kept: some("You are talking to a human now. Send /end to go back to the bot."),
            ended: some("The chat with a human is over."),
            ending: some("I am ending the chat with the human."),
            end_failed: some("I could not end the chat with the human. Please try again later."),
            nothing_to_end: some("There is no chat with a human to end."),
            direct_message: some("You asked for a human. Let us talk here."),
            no_thread: some(
                "I cannot open a private thread here for a chat with a human: I need the permission {permission}.",
            ),
            no_direct_message: some(
                "I cannot write to you: please allow direct messages from members of this server, and ask again.",
            ),
            no_place: some("I cannot open a private place here for a chat with a human. Please try again later."),
        }
    }
}
