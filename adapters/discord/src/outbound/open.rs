use std::future::Future;

use escalator::{
    channel::ChatDelivery,
    delivery::{Outcome, Receipt},
    model::{Address, ConversationKey},
};
use serenity::model::{
    channel::ChannelType,
    id::{ChannelId, GuildId, UserId},
};

use super::text;
use crate::{
    config::Place,
    error::{Failure, Refusal},
    places,
    post::Post,
    rest::{self, NewMessage},
};

/// Opens the place where a session is held. Made again, it finds what it opened before.
pub(super) async fn open(post: &Post, delivery: &ChatDelivery<'_>, home: ChannelId) -> Outcome {
    let conversation = delivery.to;
    let Some(customer) = places::customer(conversation) else {
        return Outcome::rejected("the conversation's customer is none of Discord's");
    };
    let spot = match post.spot(home).await {
        Ok(spot) => spot,
        Err(failure) => return failure.outcome_of_harmless(),
    };
    let Some(guild) = spot.guild else {
        // Direct messages are held where they are.
        post.places.show(home, conversation);
        return Outcome::delivered();
    };
    let opened = match post.settings.place {
        // Named all the same: an earlier session may have been held elsewhere.
        Place::SameChannel => Ok(home),
        Place::Thread if spot.is_thread() => Ok(home),
        Place::Thread => post.thread(guild, delivery, home, customer).await,
        Place::DirectMessage => post.direct_messages(delivery, customer).await,
    };
    match opened {
        Ok(place) => {
            post.places.show(place, conversation);
            Outcome::Delivered(Receipt::Place {
                place: Address::new(place.to_string()),
            })
        }
        Err(failed) => post.tell_why_not(home, failed).await,
    }
}

impl Post {
    /// Whether an agent may speak to a customer at home, where no place was opened: one that could not be must not cost
    /// the customer's privacy.
    pub(super) async fn may_speak_at(&self, home: ChannelId) -> Result<bool, Failure> {
        if self.settings.place == Place::SameChannel {
            return Ok(true);
        }
        let spot = self.spot(home).await?;
        Ok(spot.guild.is_none() || (self.settings.place == Place::Thread && spot.is_thread()))
    }
}

/// Why a place could not be opened.
struct NotOpened {
    failure: Failure,
    /// What the bot lacks, where it lacks something.
    permission: &'static str,
}

/// A thread that was opened before.
#[derive(Clone, Copy)]
enum Found {
    Awake(ChannelId),
    Asleep(ChannelId),
}

impl Found {
    const fn thread(self) -> ChannelId {
        let (Self::Awake(thread) | Self::Asleep(thread)) = self;
        thread
    }
}

impl Post {
    /// The thread of a customer: known, found by its mark, or opened; awake, and with the customer in it.
    async fn thread(
        &self,
        guild: GuildId,
        delivery: &ChatDelivery<'_>,
        home: ChannelId,
        customer: UserId,
    ) -> Result<ChannelId, NotOpened> {
        let known = self.known_thread(home, customer, delivery.place).await?;
        let found = match known {
            Some(known) => Some(known),
            None => self.find_thread(guild, home, customer).await?,
        };
        let thread = if let Some(thread) = found {
            thread
        } else {
            let name = places::thread_name(&self.settings.thread_name, customer);
            let opened = self.rest.open_private_thread(home, &name);
            let opened = lacking("Create Private Threads", opened).await?;
            self.places.note_answer(&opened);
            opened.id
        };
        // Before the customer can write there: whoever catches up reads it from now on.
        self.places.show(thread, delivery.to);
        let is_another = found.is_some() && known.is_none() && delivery.place.is_some();
        // What comes before the first session, that one fetches.
        if is_another && self.order.has_begun() {
            tracing::debug!(channel = %home, "a thread is found that the ledger does not name: it is read");
            self.fetch_behind();
        }
        lacking("Send Messages in Threads", self.rest.add_to_thread(thread, customer)).await?;
        Ok(thread)
    }

    /// The thread in which the last session was held: Discord lists only the latest ones that are asleep.
    async fn known_thread(
        &self,
        home: ChannelId,
        customer: UserId,
        place: Option<&Address>,
    ) -> Result<Option<ChannelId>, NotOpened> {
        let Some(place) = place.and_then(places::channel) else {
            return Ok(None);
        };
        let me = lacking("View Channel", self.me()).await?;
        match self.rest.channel(place).await {
            Ok(thread) if is_theirs(&thread, me, home, customer) => {
                self.places.note_answer(&thread);
                lacking("Send Messages in Threads", self.rest.wake_thread(thread.id)).await?;
                Ok(Some(thread.id))
            }
            // Another place, or gone.
            Ok(_) | Err(Failure::Refused(_)) => Ok(None),
            Err(failure) => Err(NotOpened {
                failure,
                permission: "View Channel",
            }),
        }
    }

    async fn find_thread(
        &self,
        guild: GuildId,
        home: ChannelId,
        customer: UserId,
    ) -> Result<Option<ChannelId>, NotOpened> {
        let Some(found) = self.look_for_thread(guild, home, customer).await? else {
            return Ok(None);
        };
        if let Found::Asleep(thread) = found {
            lacking("Send Messages in Threads", self.rest.wake_thread(thread)).await?;
        }
        Ok(Some(found.thread()))
    }

    /// The thread that was opened for a customer, as it is.
    async fn look_for_thread(
        &self,
        guild: GuildId,
        home: ChannelId,
        customer: UserId,
    ) -> Result<Option<Found>, NotOpened> {
        let me = lacking("View Channel", self.me()).await?;
        let is_theirs = |thread: &&rest::Channel| is_theirs(thread, me, home, customer);
        let awake = lacking("View Channel", self.rest.active_threads(guild)).await?;
        if let Some(thread) = awake.iter().find(is_theirs) {
            self.places.note_answer(thread);
            return Ok(Some(Found::Awake(thread.id)));
        }
        let asleep = lacking("Read Message History", self.rest.sleeping_threads(home)).await?;
        Ok(asleep.iter().find(is_theirs).map(|thread| {
            self.places.note_answer(thread);
            Found::Asleep(thread.id)
        }))
    }

    /// The place that was opened for a conversation, and the message behind which it counts: of one that was opened
    /// behind `after` the ledger may not know yet, since the process can have been killed before it was told.
    pub(crate) async fn opened(
        &self,
        conversation: &ConversationKey,
        after: u64,
    ) -> Result<Option<(ChannelId, u64)>, Failure> {
        let (Some(home), Some(customer)) = (places::home(conversation), places::customer(conversation)) else {
            return Ok(None);
        };
        let spot = self.spot(home).await?;
        let Some(guild) = spot.guild else {
            return Ok(None);
        };
        if self.settings.place == Place::DirectMessage {
            return self.opened_direct_messages(conversation, customer, after).await;
        }
        if spot.is_thread() {
            return Ok(None);
        }
        let found = self.look_for_thread(guild, home, customer).await;
        let found = found.map_err(|failed| failed.failure)?;
        Ok(found.map(|found| (found.thread(), after)))
    }

    /// The direct messages with a customer, where they were told that they are spoken with there.
    async fn opened_direct_messages(
        &self,
        conversation: &ConversationKey,
        customer: UserId,
        after: u64,
    ) -> Result<Option<(ChannelId, u64)>, Failure> {
        let Some(text) = &self.settings.texts.direct_message else {
            return Ok(None);
        };
        let me = self.me().await?;
        let channel = self.rest.direct_messages(customer).await?;
        let (page, _) = self.rest.messages_after(channel, after).await?;
        let told = page
            .iter()
            .find(|message| message.author.id == me && message.content == *text);
        Ok(told.map(|told| {
            self.places.show(channel, conversation);
            (channel, told.id.get())
        }))
    }

    /// The bot's own id. Asks Discord where it must.
    pub(super) async fn me(&self) -> Result<UserId, Failure> {
        if let Some(me) = self.places.me() {
            return Ok(me);
        }
        let me = self.rest.me().await?;
        self.places.note_me(me.id);
        Ok(me.id)
    }

    /// The direct messages with a customer. Only a message tells whether they take any.
    async fn direct_messages(&self, delivery: &ChatDelivery<'_>, customer: UserId) -> Result<ChannelId, NotOpened> {
        let channel = lacking("", self.rest.direct_messages(customer)).await?;
        let spot = rest::Channel::direct(channel);
        self.places.note_answer(&spot);
        // Before the customer is told: whoever catches up reads it from now on.
        self.places.show(channel, delivery.to);
        if let Some(content) = &self.settings.texts.direct_message {
            let message = NewMessage {
                content: content.clone(),
                ..text::as_bot(self, delivery)
            };
            lacking("", self.rest.send(channel, &message)).await?;
        }
        Ok(channel)
    }

    /// After a definite refusal the customer is told in the home channel; it is the one call that they can see.
    async fn tell_why_not(&self, home: ChannelId, NotOpened { failure, permission }: NotOpened) -> Outcome {
        let Failure::Refused(refusal) = &failure else {
            return failure.outcome_of_harmless();
        };
        let texts = &self.settings.texts;
        let text = if refusal.code == Refusal::NO_DIRECT_MESSAGES {
            texts.no_direct_message.clone()
        } else if refusal.is_of_permission() && !permission.is_empty() {
            let text = texts.no_thread.as_ref();
            text.map(|text| text.replace("{permission}", permission))
        } else {
            texts.no_place.clone()
        };
        if let Some(content) = text {
            let message = NewMessage {
                content,
                ..NewMessage::default()
            };
            if let Err(failure) = self.rest.send(home, &message).await {
                let error = failure.detail();
                tracing::warn!(channel = %home, error, "the customer could not be told that no place can be opened");
            }
        }
        Outcome::rejected(reason(refusal, permission))
    }
}

/// Whether we opened a thread for a customer there.
fn is_theirs(thread: &rest::Channel, me: UserId, home: ChannelId, customer: UserId) -> bool {
    let is_ours = thread.kind == ChannelType::PrivateThread && thread.owner_id == Some(me);
    let mark = thread.name.as_deref().and_then(places::marked);
    is_ours && thread.parent_id == Some(home) && mark == Some(customer)
}

fn reason(refusal: &Refusal, permission: &str) -> String {
    if refusal.is_of_permission() && !permission.is_empty() {
        format!("no private thread can be opened in the channel: the bot lacks the permission {permission}")
    } else {
        format!("no place can be opened for the chat: {}", refusal.detail())
    }
}

async fn lacking<T>(permission: &'static str, call: impl Future<Output = Result<T, Failure>>) -> Result<T, NotOpened> {
    call.await.map_err(|failure| NotOpened { failure, permission })
}

impl rest::Channel {
    /// Direct messages, of which nothing more is known.
    const fn direct(id: ChannelId) -> Self {
        Self {
            id,
            kind: ChannelType::Private,
            guild_id: None,
            parent_id: None,
            owner_id: None,
            name: None,
        }
    }
}
