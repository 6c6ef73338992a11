//! What several stored forms have in common.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::{
    Address, Attachment, Author, BlobId, ChannelId, Contact, ConversationKey, CustomerId, EndReason, FileKind, FileRef,
    FileSource, Profile, Span, Style, Text,
};

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct KeyForm {
    channel: String,
    address: String,
    customer: String,
}

impl From<&ConversationKey> for KeyForm {
    fn from(key: &ConversationKey) -> Self {
        let ConversationKey {
            channel,
            address,
            customer,
        } = key;
        Self {
            channel: channel.as_str().to_owned(),
            address: address.as_str().to_owned(),
            customer: customer.as_str().to_owned(),
        }
    }
}

impl From<KeyForm> for ConversationKey {
    fn from(form: KeyForm) -> Self {
        Self {
            channel: ChannelId::new(form.channel),
            address: Address::new(form.address),
            customer: CustomerId::new(form.customer),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct ProfileForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact: Option<ContactForm>,
}

impl From<&Profile> for ProfileForm {
    fn from(profile: &Profile) -> Self {
        let Profile {
            name,
            username,
            language,
            platform,
            link,
            contact,
        } = profile;
        Self {
            name: words(name.as_ref()),
            username: words(username.as_ref()),
            language: language.clone(),
            platform: platform.clone(),
            link: words(link.as_ref()),
            contact: contact.as_ref().map(ContactForm::from),
        }
    }
}

impl From<ProfileForm> for Profile {
    fn from(form: ProfileForm) -> Self {
        Self {
            name: form.name.map(Text::new),
            username: form.username.map(Text::new),
            language: form.language,
            platform: form.platform,
            link: form.link.map(Text::new),
            contact: form.contact.map(Contact::from),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::store) enum ContactForm {
    Email(String),
    Phone(String),
}

impl From<&Contact> for ContactForm {
    fn from(contact: &Contact) -> Self {
        match contact {
            Contact::Email(email) => Self::Email(email.clone()),
            Contact::Phone(phone) => Self::Phone(phone.clone()),
        }
    }
}

impl From<ContactForm> for Contact {
    fn from(form: ContactForm) -> Self {
        match form {
            ContactForm::Email(email) => Self::Email(email),
            ContactForm::Phone(phone) => Self::Phone(phone),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct AttachmentForm {
    kind: FileKindForm,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    source: FileSourceForm,
}

impl From<&Attachment> for AttachmentForm {
    fn from(file: &Attachment) -> Self {
        let Attachment {
            kind,
            name,
            media_type,
            bytes,
            source,
        } = file;
        Self {
            kind: (*kind).into(),
            name: name.as_str().to_owned(),
            media_type: media_type.clone(),
            bytes: *bytes,
            source: source.into(),
        }
    }
}

impl From<AttachmentForm> for Attachment {
    fn from(form: AttachmentForm) -> Self {
        Self {
            kind: form.kind.into(),
            name: Text::new(form.name),
            media_type: form.media_type,
            bytes: form.bytes,
            source: form.source.into(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::store) enum FileKindForm {
    Image,
    Video,
    Audio,
    Voice,
    Document,
}

impl From<FileKind> for FileKindForm {
    fn from(kind: FileKind) -> Self {
        match kind {
            FileKind::Image => Self::Image,
            FileKind::Video => Self::Video,
            FileKind::Audio => Self::Audio,
            FileKind::Voice => Self::Voice,
            FileKind::Document => Self::Document,
        }
    }
}

impl From<FileKindForm> for FileKind {
    fn from(form: FileKindForm) -> Self {
        match form {
            FileKindForm::Image => Self::Image,
            FileKindForm::Video => Self::Video,
            FileKindForm::Audio => Self::Audio,
            FileKindForm::Voice => Self::Voice,
            FileKindForm::Document => Self::Document,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::store) enum FileSourceForm {
    Platform(String),
    Blob(Uuid),
}

impl From<&FileSource> for FileSourceForm {
    fn from(source: &FileSource) -> Self {
        match source {
            FileSource::Platform(handle) => Self::Platform(handle.as_str().to_owned()),
            FileSource::Blob(blob) => Self::Blob(blob.uuid()),
        }
    }
}

impl From<FileSourceForm> for FileSource {
    fn from(form: FileSourceForm) -> Self {
        match form {
            FileSourceForm::Platform(handle) => Self::Platform(FileRef::new(handle)),
            FileSourceForm::Blob(blob) => Self::Blob(BlobId::from_uuid(blob)),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::store) enum EndReasonForm {
    Agent,
    Customer,
    Bot,
    NoAgents,
    LeftMessage,
    Refused,
    OpeningTimeout,
    NoPlace,
    WaitingTimeout,
    Silence,
}

impl From<EndReason> for EndReasonForm {
    fn from(reason: EndReason) -> Self {
        match reason {
            EndReason::Agent => Self::Agent,
            EndReason::Customer => Self::Customer,
            EndReason::Bot => Self::Bot,
            EndReason::NoAgents => Self::NoAgents,
            EndReason::LeftMessage => Self::LeftMessage,
            EndReason::Refused => Self::Refused,
            EndReason::OpeningTimeout => Self::OpeningTimeout,
            EndReason::NoPlace => Self::NoPlace,
            EndReason::WaitingTimeout => Self::WaitingTimeout,
            EndReason::Silence => Self::Silence,
        }
    }
}

impl From<EndReasonForm> for EndReason {
    fn from(form: EndReasonForm) -> Self {
        match form {
            EndReasonForm::Agent => Self::Agent,
            EndReasonForm::Customer => Self::Customer,
            EndReasonForm::Bot => Self::Bot,
            EndReasonForm::NoAgents => Self::NoAgents,
            EndReasonForm::LeftMessage => Self::LeftMessage,
            EndReasonForm::Refused => Self::Refused,
            EndReasonForm::OpeningTimeout => Self::OpeningTimeout,
            EndReasonForm::NoPlace => Self::NoPlace,
            EndReasonForm::WaitingTimeout => Self::WaitingTimeout,
            EndReasonForm::Silence => Self::Silence,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct AuthorForm {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
}

impl From<&Author> for AuthorForm {
    fn from(author: &Author) -> Self {
        let Author { name, picture } = author;
        Self {
            name: name.as_str().to_owned(),
            picture: picture.clone(),
        }
    }
}

impl From<AuthorForm> for Author {
    fn from(form: AuthorForm) -> Self {
        Self {
            name: Text::new(form.name),
            picture: form.picture,
        }
    }
}

/// The words of a text that may be missing.
pub(super) fn words(text: Option<&Text>) -> Option<String> {
    text.map(|text| text.as_str().to_owned())
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct SpanForm {
    from: usize,
    to: usize,
    style: StyleForm,
}

impl From<&Span> for SpanForm {
    fn from(span: &Span) -> Self {
        let Span { start, end, style } = span;
        Self {
            from: *start,
            to: *end,
            style: style.into(),
        }
    }
}

impl From<SpanForm> for Span {
    fn from(form: SpanForm) -> Self {
        Self {
            start: form.from,
            end: form.to,
            style: form.style.into(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::store) enum StyleForm {
    Bold,
    Italic,
    Underline,
    Strike,
    Spoiler,
    Code,
    Block {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<String>,
    },
    Quote,
    Link {
        url: String,
    },
}

impl From<&Style> for StyleForm {
    fn from(style: &Style) -> Self {
        match style {
            Style::Bold => Self::Bold,
            Style::Italic => Self::Italic,
            Style::Underline => Self::Underline,
            Style::Strike => Self::Strike,
            Style::Spoiler => Self::Spoiler,
            Style::Code => Self::Code,
            Style::Block { language } => Self::Block {
                language: language.clone(),
            },
            Style::Quote => Self::Quote,
            Style::Link { url } => Self::Link { url: url.clone() },
        }
    }
}

impl From<StyleForm> for Style {
    fn from(form: StyleForm) -> Self {
        match form {
            StyleForm::Bold => Self::Bold,
            StyleForm::Italic => Self::Italic,
            StyleForm::Underline => Self::Underline,
            StyleForm::Strike => Self::Strike,
            StyleForm::Spoiler => Self::Spoiler,
            StyleForm::Code => Self::Code,
            StyleForm::Block { language } => Self::Block { language },
            StyleForm::Quote => Self::Quote,
            StyleForm::Link { url } => Self::Link { url },
        }
    }
}
