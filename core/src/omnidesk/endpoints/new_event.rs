use crate::omnidesk::{ChatServer, ChatSessionId, Omnidesk, OmnideskError, client::Call, encoding::Fields};

/// What the agent can be shown of the customer (guide, "Typing indicator and other events for the customer").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChatEvent {
    /// Began to write.
    StartedTyping,
    /// Stopped writing.
    StoppedTyping,
    /// Opened the chat window.
    ExpandedChat,
    /// Closed the chat window, and stays in the chat.
    MinimizedChat,
}

impl ChatEvent {
    /// The event in the desk's words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::StartedTyping => "startedtyping",
            Self::StoppedTyping => "stoppedtyping",
            Self::ExpandedChat => "expandedchat",
            Self::MinimizedChat => "minimizedchat",
        }
    }
}

impl Omnidesk {
    /// Shows an event of the customer: `POST {account}/api/v2/chat/notifyUserNewChatEvent`.
    ///
    /// # Errors
    /// [`OmnideskError`]. Nothing worth repeating was lost.
    ///
    /// # Cancel safety
    /// When the future is dropped, the desk may or may not have the event.
    pub async fn new_event(
        &self,
        chat_server: &ChatServer,
        session: &ChatSessionId,
        event: ChatEvent,
    ) -> Result<(), OmnideskError> {
        let fields = Fields::default()
            .private("chatServer", chat_server.as_str())
            .open("chatSessionID", session.as_str())
            .open("event", event.word());
        let path = "/api/v2/chat/notifyUserNewChatEvent";
        let call = Call::new("notifyUserNewChatEvent", path, fields);
        self.client.call(&call).await.map(drop)
    }
}
