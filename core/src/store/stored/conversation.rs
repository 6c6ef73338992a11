//! The stored form of a conversation, with the session in it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Stored,
    parts::{AttachmentForm, AuthorForm, EndReasonForm, KeyForm, ProfileForm, SpanForm},
};
use crate::{
    model::{
        Address, AlbumId, Attachment, Author, ConversationId, Epoch, HookAddress, MessageId, Position, RichText,
        SessionId, Span, Text, Timestamp,
    },
    session::{
        Album, Asked, Asks, Conversation, DeskWatch, Ended, Leaving, Mark, Session, Speaking, State, Told, Watch,
    },
};

impl Stored for Conversation {
    const KIND: &'static str = "conversation";
    type Form = ConversationForm;
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct ConversationForm {
    id: Uuid,
    key: KeyForm,
    epoch: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mark: Option<MarkForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    accepted: Option<MarkForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    chat_seq: u64,
    bot_seq: u64,
    state: StateForm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<EndedForm>,
}

impl From<&Conversation> for ConversationForm {
    fn from(conversation: &Conversation) -> Self {
        let Conversation {
            id,
            key,
            epoch,
            mark,
            accepted,
            place,
            chat_seq,
            bot_seq,
            state,
            last,
        } = conversation;
        Self {
            id: id.uuid(),
            key: key.into(),
            epoch: epoch.0,
            mark: mark.map(MarkForm::from),
            accepted: accepted.map(MarkForm::from),
            place: place.as_ref().map(|place| place.as_str().to_owned()),
            chat_seq: *chat_seq,
            bot_seq: *bot_seq,
            state: state.into(),
            last: last.map(EndedForm::from),
        }
    }
}

impl From<ConversationForm> for Conversation {
    fn from(form: ConversationForm) -> Self {
        Self {
            id: ConversationId::from_uuid(form.id),
            key: form.key.into(),
            epoch: Epoch(form.epoch),
            mark: form.mark.map(Mark::from),
            accepted: form.accepted.map(Mark::from),
            place: form.place.map(Address::new),
            chat_seq: form.chat_seq,
            bot_seq: form.bot_seq,
            state: form.state.into(),
            last: form.last.map(Ended::from),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct MarkForm {
    position: i64,
    at: i64,
}

impl From<Mark> for MarkForm {
    fn from(mark: Mark) -> Self {
        let Mark { position, at } = mark;
        Self {
            position: position.0,
            at: at.as_millis(),
        }
    }
}

impl From<MarkForm> for Mark {
    fn from(form: MarkForm) -> Self {
        Self {
            position: Position(form.position),
            at: Timestamp::from_millis(form.at),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StateForm {
    WithBot,
    Opening(SessionForm),
    Waiting(SessionForm),
    WithAgent(SessionForm),
    Leaving(LeavingForm),
}

impl From<&State> for StateForm {
    fn from(state: &State) -> Self {
        match state {
            State::WithBot => Self::WithBot,
            State::Opening(session) => Self::Opening(session.into()),
            State::Waiting(session) => Self::Waiting(session.into()),
            State::WithAgent(session) => Self::WithAgent(session.into()),
            State::Leaving(leaving) => Self::Leaving(leaving.into()),
        }
    }
}

impl From<StateForm> for State {
    fn from(form: StateForm) -> Self {
        match form {
            StateForm::WithBot => Self::WithBot,
            StateForm::Opening(session) => Self::Opening(session.into()),
            StateForm::Waiting(session) => Self::Waiting(session.into()),
            StateForm::WithAgent(session) => Self::WithAgent(session.into()),
            StateForm::Leaving(leaving) => Self::Leaving(leaving.into()),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct SessionForm {
    id: Uuid,
    hook_address: String,
    opened_at: i64,
    desk_seq: u64,
    messages: u32,
    opener: u64,
    profile: ProfileForm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent: Option<AuthorForm>,
    /// Whether the agent spoke last.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    speaks: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    asks_phone: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    asks_email: bool,
    /// None in a row of before there was one: then the timer counts from the opening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    watch: Option<WatchForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    album: Option<AlbumForm>,
}

impl From<&Session> for SessionForm {
    fn from(session: &Session) -> Self {
        let Session {
            id,
            hook_address,
            opened_at,
            desk_seq,
            messages,
            opener,
            profile,
            url,
            agent,
            speaking,
            asks: Asks { phone, email },
            watch,
            album,
        } = session;
        Self {
            id: id.uuid(),
            hook_address: hook_address.as_str().to_owned(),
            opened_at: opened_at.as_millis(),
            desk_seq: *desk_seq,
            messages: *messages,
            opener: *opener,
            profile: profile.into(),
            url: url.clone(),
            agent: agent.as_ref().map(AuthorForm::from),
            speaks: *speaking == Speaking::GoesOn,
            asks_phone: *phone,
            asks_email: *email,
            watch: Some((*watch).into()),
            album: album.as_ref().map(AlbumForm::from),
        }
    }
}

impl From<SessionForm> for Session {
    fn from(form: SessionForm) -> Self {
        let opened_at = Timestamp::from_millis(form.opened_at);
        Self {
            id: SessionId::from_uuid(form.id),
            hook_address: HookAddress::new(form.hook_address),
            opened_at,
            desk_seq: form.desk_seq,
            messages: form.messages,
            opener: form.opener,
            profile: form.profile.into(),
            url: form.url,
            agent: form.agent.map(Author::from),
            asks: Asks {
                phone: form.asks_phone,
                email: form.asks_email,
            },
            speaking: if form.speaks {
                Speaking::GoesOn
            } else {
                Speaking::Begins
            },
            watch: form.watch.map_or_else(|| Watch::since(opened_at), Watch::from),
            album: form.album.map(Album::from),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct AlbumForm {
    id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    captions: Vec<CaptionForm>,
    files: Vec<AttachmentForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    since: i64,
    last: i64,
}

impl From<&Album> for AlbumForm {
    fn from(album: &Album) -> Self {
        let Album {
            id,
            captions,
            files,
            message,
            since,
            last,
        } = album;
        Self {
            id: id.as_str().to_owned(),
            captions: captions.iter().map(CaptionForm::from).collect(),
            files: files.iter().map(AttachmentForm::from).collect(),
            message: message.as_ref().map(|message| message.as_str().to_owned()),
            since: since.as_millis(),
            last: last.as_millis(),
        }
    }
}

impl From<AlbumForm> for Album {
    fn from(form: AlbumForm) -> Self {
        Self {
            id: AlbumId::new(form.id),
            captions: form.captions.into_iter().map(RichText::from).collect(),
            files: form.files.into_iter().map(Attachment::from).collect(),
            message: form.message.map(MessageId::new),
            since: Timestamp::from_millis(form.since),
            last: Timestamp::from_millis(form.last),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct CaptionForm {
    text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    spans: Vec<SpanForm>,
}

impl From<&RichText> for CaptionForm {
    fn from(caption: &RichText) -> Self {
        Self {
            text: caption.words().as_str().to_owned(),
            spans: caption.spans().iter().map(SpanForm::from).collect(),
        }
    }
}

impl From<CaptionForm> for RichText {
    fn from(form: CaptionForm) -> Self {
        Self::new(form.text, form.spans.into_iter().map(Span::from).collect())
    }
}

#[derive(Serialize, Deserialize)]
struct WatchForm {
    since: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told_at: Option<i64>,
    /// The row of the chat lane that tells it, while it is on its way; then there is no `told_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told_by: Option<u64>,
    #[serde(default, skip_serializing_if = "DeskWatchForm::is_off")]
    desk: DeskWatchForm,
}

impl From<Watch> for WatchForm {
    fn from(watch: Watch) -> Self {
        let Watch { since, told, desk } = watch;
        let (told_at, told_by) = match told {
            Told::NotYet => (None, None),
            Told::OnItsWay(row) => (None, Some(row)),
            Told::Since(told_at) => (Some(told_at.as_millis()), None),
        };
        Self {
            since: since.as_millis(),
            told_at,
            told_by,
            desk: desk.into(),
        }
    }
}

impl From<WatchForm> for Watch {
    fn from(form: WatchForm) -> Self {
        let told = match (form.told_at, form.told_by) {
            (None, None) => Told::NotYet,
            (None, Some(row)) => Told::OnItsWay(row),
            (Some(told_at), _) => Told::Since(Timestamp::from_millis(told_at)),
        };
        Self {
            since: Timestamp::from_millis(form.since),
            told,
            desk: form.desk.into(),
        }
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DeskWatchForm {
    #[default]
    Off,
    On,
    Told,
}

impl DeskWatchForm {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
    fn is_off(&self) -> bool {
        *self == Self::Off
    }
}

impl From<DeskWatch> for DeskWatchForm {
    fn from(watch: DeskWatch) -> Self {
        match watch {
            DeskWatch::Off => Self::Off,
            DeskWatch::On => Self::On,
            DeskWatch::Told => Self::Told,
        }
    }
}

impl From<DeskWatchForm> for DeskWatch {
    fn from(form: DeskWatchForm) -> Self {
        match form {
            DeskWatchForm::Off => Self::Off,
            DeskWatchForm::On => Self::On,
            DeskWatchForm::Told => Self::Told,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct LeavingForm {
    session: SessionForm,
    lines: Vec<String>,
    header: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log: Option<u64>,
    logged: usize,
}

impl From<&Leaving> for LeavingForm {
    fn from(leaving: &Leaving) -> Self {
        let Leaving {
            session,
            lines,
            header,
            log,
            logged,
        } = leaving;
        Self {
            session: session.into(),
            lines: lines.iter().map(|line| line.as_str().to_owned()).collect(),
            header: *header,
            log: *log,
            logged: *logged,
        }
    }
}

impl From<LeavingForm> for Leaving {
    fn from(form: LeavingForm) -> Self {
        Self {
            session: form.session.into(),
            lines: form.lines.into_iter().map(Text::new).collect(),
            header: form.header,
            log: form.log,
            logged: form.logged,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct EndedForm {
    session: Uuid,
    at: i64,
    reason: EndReasonForm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked: Option<AskedForm>,
}

#[derive(Serialize, Deserialize)]
struct AskedForm {
    desk_seq: u64,
    messages: u32,
}

impl From<Ended> for EndedForm {
    fn from(ended: Ended) -> Self {
        let Ended {
            session,
            at,
            reason,
            asked,
        } = ended;
        Self {
            session: session.uuid(),
            at: at.as_millis(),
            reason: reason.into(),
            asked: asked.map(|Asked { desk_seq, messages }| AskedForm { desk_seq, messages }),
        }
    }
}

impl From<EndedForm> for Ended {
    fn from(form: EndedForm) -> Self {
        Self {
            session: SessionId::from_uuid(form.session),
            at: Timestamp::from_millis(form.at),
            reason: form.reason.into(),
            asked: form
                .asked
                .map(|AskedForm { desk_seq, messages }| Asked { desk_seq, messages }),
        }
    }
}
