use std::sync::atomic::Ordering;

use crate::omnidesk::{ChatServer, ChatSessionId, Omnidesk, OmnideskError, client::Call, encoding::Fields};

const ENDPOINT: &str = "notifyUserEndChat";
/// The guide's path. It stands first.
const AT_MESSAGE: &str = "/api/v2/message/notifyUserEndChat";
/// The OpenAPI pages' path.
const AT_CHAT: &str = "/api/v2/chat/notifyUserEndChat";

impl Omnidesk {
    /// Ends a chat: `POST {account}/api/v2/message/notifyUserEndChat`, and where that path does not exist (404, 405) or
    /// is not allowed (403: a key for chats alone) once `/api/v2/chat/notifyUserEndChat`. The path that answered is
    /// remembered.
    ///
    /// # Errors
    /// [`OmnideskError`]. After an uncertain one the chat may be over.
    ///
    /// # Cancel safety
    /// When the future is dropped, the chat may or may not be over.
    pub async fn end_chat(&self, chat_server: &ChatServer, session: &ChatSessionId) -> Result<(), OmnideskError> {
        let at_chat = self.ends_at_chat.load(Ordering::Relaxed);
        let first = self.end_chat_at(at_chat, chat_server, session).await;
        if !first
            .as_ref()
            .is_err_and(|error| is_missing(error) || is_forbidden(error))
        {
            return first;
        }
        let second = self.end_chat_at(!at_chat, chat_server, session).await;
        match &second {
            // Neither is there for us: the first answer is as good.
            Err(error) if is_missing(error) => first,
            // No answer, or none that is better: nothing is learned.
            Err(error) if error.status().is_none() || is_forbidden(error) => second,
            _ => {
                self.ends_at_chat.store(!at_chat, Ordering::Relaxed);
                second
            }
        }
    }

    async fn end_chat_at(
        &self,
        at_chat: bool,
        chat_server: &ChatServer,
        session: &ChatSessionId,
    ) -> Result<(), OmnideskError> {
        let fields = Fields::default()
            .open("chatSessionID", session.as_str())
            .private("chatServer", chat_server.as_str());
        let path = if at_chat { AT_CHAT } else { AT_MESSAGE };
        self.client.call(&Call::new(ENDPOINT, path, fields)).await.map(drop)
    }
}

fn is_missing(error: &OmnideskError) -> bool {
    matches!(error.status(), Some(404 | 405))
}

fn is_forbidden(error: &OmnideskError) -> bool {
    error.status() == Some(403)
}
