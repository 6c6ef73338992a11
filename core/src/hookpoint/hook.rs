use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};

use super::{fields, file::attachment, refusal::Refusal, router::Rooms};
use crate::{
    desk::{Hook, HookAnswer, HookKind},
    intake::Heard,
    model::{BlobId, DeskEvent, SessionId},
};

/// What came of a hook.
struct Told {
    /// The session, where it got that far.
    session: Option<SessionId>,
    heard: Result<Heard, Refusal>,
}

impl Rooms {
    /// Reads a hook, commits it, and answers it.
    pub(super) async fn hook(&self, kind: HookKind, request: Request) -> Response {
        let told = self.take(kind, request).await;
        log(kind, &told);
        match told.heard {
            // The desk is told `ok` for a session that we do not know too: it could do nothing about it.
            Ok(Heard::Taken | Heard::Over | Heard::Unknown) => answered(self.desk.hook_answer(kind)),
            Err(refusal) => refusal.into_response(),
        }
    }

    async fn take(&self, kind: HookKind, request: Request) -> Told {
        let unread = |refusal| Told {
            session: None,
            heard: Err(refusal),
        };
        let fields = match fields::read(self, kind, request).await {
            Ok(fields) => fields,
            Err(refusal) => return unread(refusal),
        };
        let blob = fields.file.as_ref().map(|file| file.blob);
        let told = match self.desk.read_hook(kind, &fields) {
            Ok(hook) => self.hear(hook).await,
            Err(error) => unread(Refusal::Hook(error)),
        };
        // When the commit failed it may have happened all the same, and then the file is needed. A file of a session
        // that is over belongs to a dead letter. What nobody needs of those is swept when it is old.
        if let (Some(blob), Ok(Heard::Unknown) | Err(Refusal::Hook(_))) = (blob, &told.heard) {
            self.discard(blob).await;
        }
        told
    }

    async fn hear(&self, hook: Hook) -> Told {
        let (session, event) = match hook {
            Hook::Message {
                session,
                name,
                picture,
                text,
            } => (session, DeskEvent::Message { name, picture, text }),
            Hook::File { session, file } => (session, DeskEvent::File(attachment(file))),
            Hook::End { session } => (session, DeskEvent::Ended),
            Hook::Typing { session, on } => {
                let heard = self.intake.hear_typing(session, on).await;
                return Told::of(session, heard);
            }
            Hook::Foreign => {
                return Told {
                    session: None,
                    heard: Ok(Heard::Unknown),
                };
            }
        };
        Told::of(session, self.intake.hear(session, event).await)
    }

    /// Drops a file that is not wanted after all.
    pub(super) async fn discard(&self, blob: BlobId) {
        if let Err(failed) = self.blobs.discard(blob).await {
            tracing::debug!(error = %failed, "a file that nobody wants is left for the sweep");
        }
    }
}

impl Told {
    fn of(session: SessionId, heard: Result<Heard, impl std::error::Error>) -> Self {
        Self {
            session: Some(session),
            heard: heard.map_err(|failed| Refusal::Unavailable {
                detail: failed.to_string(),
            }),
        }
    }
}

fn answered(answer: HookAnswer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    let media_type = HeaderValue::from_static(answer.content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}

/// One line a hook: never a word that was written, nor the address.
fn log(kind: HookKind, told: &Told) {
    let hook = kind.word();
    let session = told.session.map(tracing::field::display);
    match &told.heard {
        Ok(Heard::Taken) => tracing::info!(hook, session, outcome = "taken", status = 200),
        Ok(Heard::Over) => tracing::info!(hook, session, outcome = "over", status = 200),
        // The desk tells of typing as long as an agent has the ticket open, also after the end. Nothing is lost by it.
        Ok(Heard::Unknown) if matches!(kind, HookKind::Typing) => {
            tracing::debug!(hook, session, outcome = "unknown_session", status = 200);
        }
        Ok(Heard::Unknown) => tracing::warn!(hook, session, outcome = "unknown_session", status = 200),
        Err(refusal) => {
            let (status, reason) = (refusal.status().as_u16(), refusal.for_log());
            tracing::warn!(hook, session, outcome = "refused", status, reason = &*reason);
        }
    }
}
