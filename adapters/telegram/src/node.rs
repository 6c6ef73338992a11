use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    panic::{AssertUnwindSafe, Location},
    sync::Arc,
};

use escalator::{
    channel::{Offered, Started, Turn},
    model::{Address, ConversationKey, CustomerId},
};
use futures::FutureExt;
use teloxide::{
    dispatching::{DpHandlerDescription, UpdateHandler},
    dptree::{self, HandlerDescription, HandlerSignature, Type, di::DependencyMap},
    types::{Me, Update, UpdateKind},
};

use crate::{asides::Aside, inbound, post::Post};

/// Who has offered an update before its node runs.
#[derive(Clone, Copy)]
pub(crate) enum OfferedBy {
    /// The listener.
    Listener,
    /// Nobody: the node does it.
    Node,
}

/// What the node does with an update.
enum Course {
    /// The handlers get it, with this turn.
    Handle(Turn),
    /// It goes no further.
    Drop,
}

/// Puts the node in front of the host's handlers. It observes no kind of update by itself, so the host's
/// `allowed_updates` stay as they are; it has no error of its own, so it fits every host; it gives a [`Turn`] with each
/// update, so a handler may always ask for one.
#[track_caller]
pub(crate) fn in_front<E>(post: Arc<Post>, by: OfferedBy, handlers: UpdateHandler<E>) -> UpdateHandler<E>
where
    E: Send + Sync + 'static,
{
    let node: UpdateHandler<E> = dptree::from_fn_with_description(
        DpHandlerDescription::entry(),
        move |mut given: DependencyMap, handlers| {
            let post = Arc::clone(&post);
            async move {
                let update = given.get::<Update>();
                let bot = given.try_get::<Me>();
                match course(&post, by, &update, bot.as_deref()).await {
                    Course::Handle(turn) => {
                        given.insert(turn);
                        handlers(given).await
                    }
                    Course::Drop => ControlFlow::Break(Ok(())),
                }
            }
        },
        HandlerSignature::Other {
            obligations: BTreeMap::from([(Type::of::<Update>(), Location::caller())]),
            guaranteed_outcomes: BTreeSet::from([Type::of::<Turn>()]),
            conditional_outcomes: BTreeSet::new(),
            continues: true,
        },
    );
    node.chain(handlers)
}

/// Decides, and panics never: a panic in a handler ends the whole dispatcher. Where ours would, nobody knows who owns
/// the chat, and the bot stays silent.
async fn course(post: &Post, by: OfferedBy, update: &Update, bot: Option<&Me>) -> Course {
    let offered = match by {
        OfferedBy::Listener => Some(Offered::Pass),
        OfferedBy::Node => AssertUnwindSafe(offer(post, update))
            .catch_unwind()
            .await
            .unwrap_or(None),
    };
    if offered != Some(Offered::Pass) {
        return Course::Drop;
    }
    let course = AssertUnwindSafe(start(post, update, bot)).catch_unwind().await;
    course.unwrap_or_else(|_panic| {
        tracing::error!(
            update = update.id.0,
            "asking for the bot's turn panicked; the update is dropped"
        );
        Course::Drop
    })
}

/// Offers an update that Telegram has forgotten already. `None` when it was lost.
async fn offer(post: &Post, update: &Update) -> Option<Offered> {
    let Some(read) = inbound::read(post.ingress.channel(), update) else {
        return Some(Offered::Pass);
    };
    let offered = tokio::time::timeout(post.settings.alone_wait_max, post.offer(&read.inbound)).await;
    let Ok(offered) = offered else {
        tracing::error!(
            channel = %post.ingress.channel(),
            update = update.id.0,
            "an update was lost: the ledger was away for too long, and no listener is installed"
        );
        return None;
    };
    let settled = read.button.is_some_and(|button| post.settle_button(&button, offered));
    Some(if settled { Offered::Kept } else { offered })
}

async fn start(post: &Post, update: &Update, bot: Option<&Me>) -> Course {
    if let Some(conversation) = inbound::conversation(post.ingress.channel(), update) {
        return match post.ingress.start(&conversation, inbound::position(update)).await {
            Started::Turn(turn) => Course::Handle(turn),
            Started::Taken => Course::Drop,
        };
    }
    if let Some(hint) = group_hint(post, update, bot) {
        post.asides.push(hint);
        return Course::Drop;
    }
    Course::Handle(other_turn(post, update))
}

/// `/human` in a group: a human serves private chats.
fn group_hint(post: &Post, update: &Update, bot: Option<&Me>) -> Option<Aside> {
    let UpdateKind::Message(message) = &update.kind else {
        return None;
    };
    let text = post.settings.texts.group_hint.as_ref()?;
    let in_group = message.chat.is_group() || message.chat.is_supergroup();
    let name = bot.and_then(|bot| bot.user.username.as_deref());
    let asked = inbound::command(message.text().unwrap_or_default()).is_some_and(|command| command.is("human", name));
    (in_group && asked).then(|| Aside::Hint {
        group: message.chat.id,
        asked: message.id,
        text: text.replace(
            "{bot}",
            &name.map_or_else(|| "me".to_owned(), |name| format!("@{name}")),
        ),
    })
}

/// The turn for an update that is no part of a conversation: of a group, of a payment, of an inline query.
fn other_turn(post: &Post, update: &Update) -> Turn {
    let elsewhere = update
        .chat()
        .filter(|chat| !chat.is_private() || inbound::is_business(update));
    if let (None, Some(user)) = (elsewhere, update.from()) {
        // Something a customer did beside the messages: whoever owns their private chat owns the answer.
        let conversation = inbound::private(post.ingress.channel(), user.id);
        let turn = post.ingress.turn(&conversation);
        return turn.unwrap_or_else(|| Turn::over(conversation));
    }
    Turn::unbound(ConversationKey {
        channel: post.ingress.channel().clone(),
        address: Address::new(elsewhere.map(|chat| chat.id.to_string()).unwrap_or_default()),
        customer: CustomerId::new(update.from().map(|user| user.id.to_string()).unwrap_or_default()),
    })
}
