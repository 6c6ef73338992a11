use crate::omnidesk::{ChatServer, ChatSessionId, Filled, Omnidesk, OmnideskError, client::Call, encoding::Fields};

impl Omnidesk {
    /// Tells which page the customer looks at: `POST {account}/api/v2/chat/notifyUserVisited` (OpenAPI pages, which do
    /// not show an answer).
    ///
    /// # Errors
    /// [`OmnideskError`]. Nothing worth repeating was lost.
    ///
    /// # Cancel safety
    /// When the future is dropped, the desk may or may not have been told.
    pub async fn visited(
        &self,
        chat_server: &ChatServer,
        session: &ChatSessionId,
        url: Filled<'_>,
    ) -> Result<(), OmnideskError> {
        let fields = Fields::default()
            .private("chatServer", chat_server.as_str())
            .open("chatSessionID", session.as_str())
            .private("url", url.as_str());
        let call = Call::new("notifyUserVisited", "/api/v2/chat/notifyUserVisited", fields);
        self.client.call(&call).await.map(drop)
    }
}
