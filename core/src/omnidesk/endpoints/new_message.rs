use crate::omnidesk::{
    ChatServer, ChatSessionId, CustomerName, Email, Filled, MessageNumber, Omnidesk, OmnideskError, PhoneNumber,
    client::Call, encoding::Fields,
};

/// A message of the customer. The first of a session opens a ticket (guide, "New chat message from the customer").
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewMessage<'a> {
    /// Where the hooks of this session go: the same with every call of the session.
    pub chat_server: &'a ChatServer,
    /// The session: the same id goes to the same ticket and agent.
    pub session: &'a ChatSessionId,
    /// What the customer wrote, or the history of the bot.
    pub message: Filled<'a>,
    /// The page that the chat was opened from. The guide lists it with the fields that every message has.
    pub url: Option<&'a str>,
    /// The message's number in its session. Recommended, not required.
    pub number: Option<MessageNumber>,
    /// The customer's name.
    pub customer_name: Option<&'a CustomerName>,
    /// The customer's e-mail address.
    pub email: Option<&'a Email>,
    /// The customer's phone number.
    pub phone: Option<&'a PhoneNumber>,
    /// `additionalData` of the OpenAPI pages, which do not tell its form.
    pub additional_data: Option<&'a str>,
    /// `externalAddressOverwrite` of the OpenAPI pages.
    pub external_address_overwrite: Option<&'a str>,
    /// `usedPredefinedUserInput` of the OpenAPI pages.
    pub used_predefined_user_input: Option<&'a str>,
}

/// What the desk said of a message that it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageTaken {
    /// The ticket, where the desk named it.
    pub ticket_id: Option<u64>,
}

impl<'a> NewMessage<'a> {
    /// A message with what every message has.
    pub const fn new(chat_server: &'a ChatServer, session: &'a ChatSessionId, message: Filled<'a>) -> Self {
        Self {
            chat_server,
            session,
            message,
            url: None,
            number: None,
            customer_name: None,
            email: None,
            phone: None,
            additional_data: None,
            external_address_overwrite: None,
            used_predefined_user_input: None,
        }
    }

    fn fields(&self, omnidesk: &Omnidesk) -> Fields {
        let config = omnidesk.config();
        let fields = Fields::default()
            .private("chatServer", self.chat_server.as_str())
            .open("chatSessionID", self.session.as_str())
            .private("chatAccountToken", config.account_token.expose())
            .number("channelID", config.channel_id)
            .private("message", self.message.as_str())
            .maybe("url", self.url)
            .maybe("customerName", self.customer_name.map(CustomerName::as_str))
            .maybe("emailAddress", self.email.map(Email::as_str))
            .maybe("phoneNumber", self.phone.map(PhoneNumber::as_str))
            .maybe("additionalData", self.additional_data)
            .maybe("externalAddressOverwrite", self.external_address_overwrite)
            .maybe("usedPredefinedUserInput", self.used_predefined_user_input);
        match self.number {
            Some(number) => fields.number("messageNumber", number.get()),
            None => fields,
        }
    }
}

impl Omnidesk {
    /// Sends a message of the customer: `POST {account}/api/v2/chat/notifyUserNewChatMessage`.
    ///
    /// # Errors
    /// [`OmnideskError`]. After an uncertain one the message may stand in the ticket.
    ///
    /// # Cancel safety
    /// When the future is dropped, the desk may or may not have the message.
    pub async fn new_message(&self, message: &NewMessage<'_>) -> Result<MessageTaken, OmnideskError> {
        let path = "/api/v2/chat/notifyUserNewChatMessage";
        let call = Call::new("notifyUserNewChatMessage", path, message.fields(self));
        let reply = self.client.call(&call).await?;
        Ok(MessageTaken {
            ticket_id: reply.id("ticketID"),
        })
    }
}
