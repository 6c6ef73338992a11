use escalator::model::RichText;

use super::{CONTENT_MAX, markdown};
use crate::error::Failure;

/// The content of a message, in the two forms in which it may be sent.
pub(super) struct Content {
    /// In Discord's Markdown.
    pub(super) written: String,
    /// The words alone, for where Discord does not take the other.
    plain: String,
}

impl Content {
    pub(super) fn of(text: &RichText) -> Self {
        let is_short = |written: &String| markdown::is_short(written, CONTENT_MAX);
        let words = text.plain();
        let plain = Some(markdown::written(&words.clone().into())).filter(is_short);
        let plain = plain.unwrap_or_else(|| words.into_string());
        // Else it is a part that was cut by another measure before an upgrade.
        let written = Some(markdown::written(text)).filter(is_short);
        let written = written.unwrap_or_else(|| plain.clone());
        Self { written, plain }
    }

    /// What to send instead, once: where Discord has refused the content, and for good.
    pub(super) fn instead<T>(&self, sent: &Result<T, Failure>) -> Option<String> {
        let is_refused = matches!(sent, Err(Failure::Refused(refusal)) if refusal.is_of_field("content"));
        (is_refused && self.plain != self.written).then(|| self.plain.clone())
    }
}
