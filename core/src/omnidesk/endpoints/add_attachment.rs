use crate::{
    delivery::OpenedFile,
    omnidesk::{
        ChatServer, ChatSessionId, ErrorKind, FileName, Omnidesk, OmnideskError, client::Call, encoding::Fields,
        upload::File,
    },
};

/// A file of the customer (guide, "File upload from the customer to the agent").
#[derive(Debug)]
pub struct AddAttachment<'a> {
    /// Where the hooks of this session go: the same with every call of the session.
    pub chat_server: &'a ChatServer,
    /// The session.
    pub session: &'a ChatSessionId,
    /// The file's name, as the agent will see it.
    pub name: FileName,
    /// Its media type; one that cannot be read is left out.
    pub media_type: Option<String>,
    /// Its bytes, and their number where it is known.
    pub file: OpenedFile,
}

/// What the desk said of a file that it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttachmentTaken {
    /// The ticket, where the desk named it.
    pub ticket_id: Option<u64>,
    /// The message in the ticket, where the desk named it.
    pub message_id: Option<u64>,
}

impl Omnidesk {
    /// Streams a file to the agent: `POST {account}/api/v2/chat/addAttachment`. Always as multipart, whatever the
    /// setting: the others cannot carry bytes. The file comes last, behind the fields that say where it belongs.
    ///
    /// It may take as long as its bytes move; `idle_max` ends it when they do not.
    ///
    /// # Errors
    /// [`OmnideskError`]. Of the kind [`File`](ErrorKind::File) when the bytes did not reach their end: then the desk
    /// cannot have the file. A file above `file_bytes_max` is rejected.
    ///
    /// # Cancel safety
    /// When the future is dropped, the desk may or may not have the file.
    pub async fn add_attachment(&self, attachment: AddAttachment<'_>) -> Result<AttachmentTaken, OmnideskError> {
        let config = self.config();
        // `sessionID` in this one call: the others say `chatSessionID`.
        let fields = Fields::default()
            .private("chatServer", attachment.chat_server.as_str())
            .private("chatAccountToken", config.account_token.expose())
            .open("sessionID", attachment.session.as_str());
        let call = Call::new("addAttachment", "/api/v2/chat/addAttachment", fields).with_file(&attachment.name);
        let bytes_max = config.file_bytes_max;
        if attachment.file.bytes.is_some_and(|bytes| bytes > bytes_max) {
            let detail = format!("the file is larger than {bytes_max} bytes");
            return Err(call.fails(ErrorKind::Rejected, detail));
        }
        let file = File {
            name: attachment.name,
            media_type: attachment.media_type,
            opened: attachment.file,
        };
        let reply = self.client.upload(&call, file).await?;
        Ok(AttachmentTaken {
            ticket_id: reply.id("ticketID"),
            message_id: reply.id("messageID"),
        })
    }
}
