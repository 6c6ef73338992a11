use crate::{
    model::Contact,
    omnidesk::{Filled, Omnidesk, OmnideskError, client::Call, encoding::Fields},
};

/// A history that becomes a ticket of its own (guide, "Create chatbot log").
#[derive(Clone, Debug)]
pub struct ChatbotLog<'a> {
    /// Whom the ticket is from.
    pub from: &'a Contact,
    /// The ticket's subject.
    pub subject: Filled<'a>,
    /// The history, in Markdown.
    pub message: Filled<'a>,
}

impl Omnidesk {
    /// Makes a ticket of a history: `POST {account}/api/v2/message/chatbot`, with the brand of the settings.
    ///
    /// # Errors
    /// [`OmnideskError`]. After an uncertain one the ticket may exist: a second call would make a second.
    ///
    /// # Cancel safety
    /// When the future is dropped, the ticket may or may not exist.
    pub async fn chatbot_log(&self, log: &ChatbotLog<'_>) -> Result<(), OmnideskError> {
        let fields = Fields::default()
            .private("from", log.from.as_str())
            .private("subject", log.subject.as_str())
            .private("message", log.message.as_str());
        let fields = match &self.config().brand_id {
            Some(brand) => fields.open("brandID", brand.as_str()),
            None => fields,
        };
        let call = Call::new("chatbot", "/api/v2/message/chatbot", fields);
        self.client.call(&call).await.map(drop)
    }
}
