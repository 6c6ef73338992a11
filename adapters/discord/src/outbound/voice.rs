use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use escalator::model::Author;
use serenity::model::{
    channel::Message,
    id::{ChannelId, WebhookId},
};
use url::{Host, Url};

use super::markdown;
use crate::{
    config::AgentAuthor,
    error::{Failure, Refusal},
    post::Post,
    rest::{Spoken, Through, Webhook},
};

/// How long a channel counts as one in which the bot may make no webhook.
const FORBIDDEN_FOR: Duration = Duration::from_mins(5);
/// How long a webhook's name may be, in characters.
const NAME_MAX: usize = 80;

/// How many pictures that Discord refused are remembered.
const REFUSED_MAX: usize = 256;

/// The webhooks through which agents speak.
#[derive(Default)]
pub(crate) struct Voices {
    webhooks: Mutex<HashMap<ChannelId, Known>>,
    /// Held by whoever finds or makes the webhook of a channel: conversations that begin at once are to have one.
    makers: Mutex<HashMap<ChannelId, Arc<tokio::sync::Mutex<()>>>>,
    /// Addresses of pictures that Discord refused, the newest last: a file would be sent twice with each of them.
    refused: Mutex<VecDeque<String>>,
}

#[derive(Clone)]
enum Known {
    Webhook(WebhookId, String),
    Forbidden(Instant),
}

impl Known {
    fn webhook(self) -> Option<(WebhookId, String)> {
        match self {
            Self::Webhook(id, token) => Some((id, token)),
            Self::Forbidden(_) => None,
        }
    }
}

impl Voices {
    /// Whether a message was said through one of our webhooks.
    pub(crate) fn are_ours(&self, message: &Message) -> bool {
        let Some(webhook) = message.webhook_id else {
            return false;
        };
        let is_it = |known: &Known| matches!(known, Known::Webhook(id, _) if *id == webhook);
        self.lock().values().any(is_it)
    }

    /// A message was taken without the picture that it was refused with.
    fn refuse(&self, picture: String) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() == REFUSED_MAX {
            refused.pop_front();
        }
        refused.push_back(picture);
    }

    fn refuses(&self, picture: &String) -> bool {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.contains(picture)
    }

    /// What is known of a channel, and not too old.
    fn known(&self, home: ChannelId) -> Option<Known> {
        let is_old = |known: &Known| matches!(known, Known::Forbidden(since) if since.elapsed() >= FORBIDDEN_FOR);
        self.lock().get(&home).filter(|known| !is_old(known)).cloned()
    }

    fn maker(&self, home: ChannelId) -> Arc<tokio::sync::Mutex<()>> {
        let mut makers = self.makers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(makers.entry(home).or_default())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ChannelId, Known>> {
        self.webhooks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Post {
    /// The webhook to speak through in a channel; `None` where the agent speaks by lines.
    pub(super) async fn through(&self, channel: ChannelId) -> Result<Option<Through>, Failure> {
        if self.settings.agent_author != AgentAuthor::Webhook {
            return Ok(None);
        }
        let Some((home, thread)) = self.spot(channel).await?.webhook_home(channel) else {
            return Ok(None);
        };
        let webhook = self.webhook(home).await?;
        Ok(webhook.map(|(webhook, token)| Through {
            webhook,
            token,
            home,
            thread,
        }))
    }

    /// Our webhook of a channel: known, found, or made. `None` where the bot may not make one.
    async fn webhook(&self, home: ChannelId) -> Result<Option<(WebhookId, String)>, Failure> {
        if let Some(known) = self.voices.known(home) {
            return Ok(known.webhook());
        }
        let maker = self.voices.maker(home);
        let _only = maker.lock().await;
        // Somebody else may have made it meanwhile.
        if let Some(known) = self.voices.known(home) {
            return Ok(known.webhook());
        }
        match self.find_or_make(home).await {
            Ok(Webhook {
                id, token: Some(token), ..
            }) => {
                self.voices.lock().insert(home, Known::Webhook(id, token.clone()));
                Ok(Some((id, token)))
            }
            Ok(_) => Ok(None),
            // It is not worth a message: the agent speaks by lines there.
            Err(Failure::Refused(refusal)) => {
                tracing::warn!(
                    channel = %home,
                    error = refusal.detail(),
                    "no webhook can be had in a channel (does the bot lack \"Manage Webhooks\"?): the agent speaks as the bot"
                );
                self.voices.lock().insert(home, Known::Forbidden(Instant::now()));
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    async fn find_or_make(&self, home: ChannelId) -> Result<Webhook, Failure> {
        let me = self.me().await?;
        let stand = self.rest.webhooks(home).await?;
        let is_ours = |webhook: &Webhook| {
            let is_named = webhook.name.as_deref() == Some(self.settings.webhook_name.as_str());
            let is_made_by_us = webhook.user.as_ref().is_some_and(|maker| maker.id == me);
            webhook.token.is_some() && is_named && is_made_by_us
        };
        match stand.into_iter().find(is_ours) {
            Some(ours) => Ok(ours),
            None => self.rest.make_webhook(home, &self.settings.webhook_name).await,
        }
    }

    /// The agent as a webhook can show one.
    pub(super) fn spoken(&self, author: &Author) -> Spoken {
        Spoken {
            username: acceptable(author.name.as_str()),
            avatar_url: picture(author).filter(|picture| !self.voices.refuses(picture)),
        }
    }

    /// A message was sent once more, without the picture. It was the picture where it is taken now.
    pub(super) fn sent_without<T>(&self, picture: Option<String>, sent: &Result<T, Failure>) {
        if let Some(picture) = picture.filter(|_| sent.is_ok()) {
            self.voices.refuse(picture);
        }
    }

    /// What a webhook's refusal says is gone is looked for anew: the webhook; and the channel or thread, which may have
    /// been deleted while the gateway was away, so that nobody told of it.
    pub(super) fn forget_gone(&self, through: &Through, failure: &Failure) {
        let is_other = |known: &Known| !matches!(known, Known::Webhook(id, _) if *id == through.webhook);
        self.voices.lock().retain(|_, known| is_other(known));
        if failure.is(Refusal::UNKNOWN_CHANNEL) {
            self.places.forget(through.thread.unwrap_or(through.home));
        }
    }
}

/// Whether the picture was refused, or may have been. It is refused for good, so a second call makes no double.
pub(super) fn is_of_picture<T>(spoken: &Spoken, sent: &Result<T, Failure>) -> bool {
    let is_refused = |failure: &Failure| failure.is_of_field("avatar_url");
    spoken.avatar_url.is_some() && sent.as_ref().is_err_and(is_refused)
}

/// The same of the name.
pub(super) fn is_of_name<T>(sent: &Result<T, Failure>) -> bool {
    sent.as_ref().is_err_and(|failure| failure.is_of_field("username"))
}

/// The address of the agent's picture, where it is one that Discord takes: of the web, at a host that has a dot in it.
pub(super) fn picture(author: &Author) -> Option<String> {
    const ADDRESS_MAX: usize = 2_048;
    let address = Url::parse(author.picture.as_deref()?.trim()).ok()?;
    let is_public = match address.host()? {
        Host::Domain(domain) => domain.contains('.'),
        Host::Ipv4(_) | Host::Ipv6(_) => true,
    };
    let is_taken = matches!(address.scheme(), "http" | "https") && is_public && address.as_str().len() <= ADDRESS_MAX;
    is_taken.then(|| address.into())
}

/// A name that Discord takes: 1 to 80 characters, without words that are its own.
fn acceptable(name: &str) -> String {
    /// Longer than any account's at Discord that it could be taken for.
    const TAKEN: [&str; 4] = ["clyde", "discord", "everyone", "here"];
    let mut name = markdown::plain_name(name).trim().to_owned();
    for word in TAKEN {
        let is_whole = word.len() > 4 && !matches!(word, "everyone");
        while let Some(at) = name.to_ascii_lowercase().find(word) {
            if !is_whole && name.len() != word.len() {
                break;
            }
            // Between its first letters: they are ASCII.
            name.insert(at + 1, '·');
        }
    }
    let name: String = name.chars().take(NAME_MAX).collect();
    if name.is_empty() { "Agent".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_acceptable_to_discord() {
        for (name, shown) in [
            ("Anna", "Anna"),
            (" *Anna* ", "Anna"),
            ("Clyde Smith", "C·lyde Smith"),
            ("Discord Team", "D·iscord Team"),
            ("here", "h·ere"),
            ("Thereza", "Thereza"),
            ("", "Agent"),
        ] {
            assert_eq!(acceptable(name), shown);
        }
        assert_eq!(acceptable(&"ä".repeat(100)).chars().count(), 80);
    }

    #[test]
    fn only_an_address_of_the_web_is_a_picture() {
        let of = |picture: &str| {
            let author = Author {
                name: "Anna".into(),
                picture: Some(picture.to_owned()),
            };
            super::picture(&author)
        };
        for (picture, taken) in [
            ("https://desk.example/anna.png", "https://desk.example/anna.png"),
            (
                " HTTPS://desk.example/Anna Smith.png",
                "https://desk.example/Anna%20Smith.png",
            ),
            ("http://192.0.2.7:8080/a.png", "http://192.0.2.7:8080/a.png"),
        ] {
            assert_eq!(of(picture).as_deref(), Some(taken));
        }
        for picture in [
            "",
            "anna.png",
            "file:///etc",
            "data:image/png;base64,x",
            "http://desk:8080/anna.png",
        ] {
            assert_eq!(of(picture), None, "{picture}");
        }
    }
}
