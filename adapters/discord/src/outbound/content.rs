use escalator::model::RichText;

use super::{CONTENT_MAX, markdown};
use crate::error::Failure;

/// The content of a message, which may be sent in two forms: with its formatting, and as words alone.
pub(super) struct Content {
    /// In Discord's Markdown.
    pub(super) written: String,
    text: RichText,
}

impl Content {
    pub(super) fn of(text: &RichText) -> Self {
        // Else it is a part that was cut by another measure before an upgrade.
        let written = Some(markdown::written(text)).filter(|written| is_short(written));
        Self {
            written: written.unwrap_or_else(|| plain(text)),
            text: text.clone(),
        }
    }

    /// What to send instead, once: where Discord has refused the content, and for good.
    pub(super) fn instead<T>(&self, sent: &Result<T, Failure>) -> Option<String> {
        let is_refused = sent.as_ref().is_err_and(|failure| failure.is_of_field("content"));
        let plain = is_refused.then(|| plain(&self.text));
        plain.filter(|plain| *plain != self.written)
    }
}

/// The words alone, which mean nothing but themselves where there is room for the signs that say so.
fn plain(text: &RichText) -> String {
    let words = text.plain();
    let escaped = Some(markdown::written(&words.clone().into())).filter(|written| is_short(written));
    escaped.unwrap_or_else(|| words.into_string())
}

fn is_short(written: &str) -> bool {
    markdown::is_short(written, CONTENT_MAX)
}
