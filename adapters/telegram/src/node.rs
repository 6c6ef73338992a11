use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    panic::{AssertUnwindSafe, Location},
    sync::Arc,
};

use escalator::{
    channel::{Offered, Started, Turn},
    model::{Address, ConversationKey, CustomerId, Escalation},
};
use futures::FutureExt;
use teloxide::{
    dispatching::{DpHandlerDescription, UpdateHandler},
    dptree::{self, HandlerDescription, HandlerSignature, Type, di::DependencyMap},
    types::{Me, Update, UpdateKind},
};

use crate::{asides::Aside, inbound, post::Post};

/// Why a chat was handed over by the button, as the agent reads it.
const PRESSED: &str = "the customer pressed “Talk to a human”";

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
    let Some(read) = post.read(update) else {
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
    Some(if post.settle_button(&read, offered) {
        Offered::Kept
    } else {
        offered
    })
}

async fn start(post: &Post, update: &Update, bot: Option<&Me>) -> Course {
    let asks_for_human = inbound::asks_for_human(update);
    if let Some(conversation) = inbound::conversation(post.ingress.channel(), update) {
        let started = post.ingress.start(&conversation, inbound::position(update)).await;
        return match (started, asks_for_human) {
            (Started::Turn(turn), None) => Course::Handle(turn),
            (Started::Taken, None) => Course::Drop,
            (started, Some(button)) => {
                post.answer(button.clone(), hand_over(post, started).await);
                Course::Drop
            }
        };
    }
    if let Some(button) = asks_for_human {
        post.answer(button.clone(), hint(post, bot));
        return Course::Drop;
    }
    if let Some(hint) = group_hint(post, update, bot) {
        post.asides.push(hint);
        return Course::Drop;
    }
    Course::Handle(other_turn(post, update))
}

/// The button that asks for a human was pressed. Gives what whoever pressed it is shown.
async fn hand_over(post: &Post, started: Started) -> Option<String> {
    let texts = &post.settings.texts;
    let Started::Turn(turn) = started else {
        return texts.button_kept.clone();
    };
    match post.ingress.escalate(turn, Escalation::because(PRESSED)).await {
        // The customer is told in the chat.
        Ok(_) => None,
        Err(error) => {
            let channel = post.ingress.channel();
            tracing::warn!(%channel, %error, "a human was asked for by a button, and the chat is not handed over");
            texts.human_failed.clone()
        }
    }
}

/// `/human` in a group: a human serves private chats.
fn group_hint(post: &Post, update: &Update, bot: Option<&Me>) -> Option<Aside> {
    let UpdateKind::Message(message) = &update.kind else {
        return None;
    };
    let in_group = message.chat.is_group() || message.chat.is_supergroup();
    let name = bot.and_then(|bot| bot.user.username.as_deref());
    let asked = inbound::command(message.text().unwrap_or_default()).is_some_and(|command| command.is("human", name));
    let text = hint(post, bot).filter(|_| in_group && asked)?;
    Some(Aside::Hint {
        group: message.chat.id,
        asked: message.id,
        text,
    })
}

fn hint(post: &Post, bot: Option<&Me>) -> Option<String> {
    let name = bot.and_then(|bot| bot.user.username.as_deref());
    let name = name.map_or_else(|| "me".to_owned(), |name| format!("@{name}"));
    let text = post.settings.texts.group_hint.as_ref()?;
    Some(text.replace("{bot}", &name))
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
