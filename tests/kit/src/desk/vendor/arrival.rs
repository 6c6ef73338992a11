//! A call on its way through the desk, and the record that follows it.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, Uri, header::RETRY_AFTER},
    response::Response,
};
use jiff::Timestamp;

use super::{form::Form, nothing, response, routes::Route};
use crate::desk::{
    call::{Answer, Call, Endpoint, Stage},
    fault::Fault,
    office::Office,
    wire::Connection,
};

/// The call's place in the records. Dropped unanswered, it notes that the caller went.
pub(super) struct Arrival {
    office: Arc<Office>,
    connection: Connection,
    number: u64,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) method_fits: bool,
    hangs: bool,
}

impl Arrival {
    pub(super) fn note(office: Arc<Office>, connection: Connection, route: &Route, request: &Request) -> Self {
        let number = office.change(|state| {
            let number = state.calls.len() as u64;
            state.calls.push(Call {
                number,
                endpoint: route.endpoint,
                method: request.method().to_string(),
                path: request.uri().path().to_owned(),
                at: Timestamp::now(),
                encoding: None,
                fields: Vec::new(),
                file: None,
                fault: None,
                effect: false,
                ticket: None,
                answer: Answer::Pending,
            });
            number
        });
        Self {
            office,
            connection,
            number,
            uri: request.uri().clone(),
            headers: request.headers().clone(),
            method_fits: request.method().as_str() == route.verb.to_string(),
            hangs: false,
        }
    }

    pub(super) fn office(&self) -> &Office {
        &self.office
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn tell(&self, stage: Stage) {
        self.office.tell(stage, self.number);
    }

    pub(super) fn draw(&self, endpoint: Endpoint) -> Option<Fault> {
        let fault = self.office.faults.draw(endpoint);
        self.note_fault(fault)
    }

    pub(super) fn draw_for_session(&self, form: &Form) -> Option<Fault> {
        let session = form.field("chatSessionID").or_else(|| form.field("sessionID"))?;
        let fault = self.office.faults.draw_for_session(session);
        self.note_fault(fault)
    }

    fn note_fault(&self, fault: Option<Fault>) -> Option<Fault> {
        let fault = fault?;
        self.office
            .change(|state| state.call_mut(self.number).fault = Some(fault.clone()));
        Some(fault)
    }

    pub(super) fn note_form(&self, form: &Form) {
        self.office.change(|state| {
            let file = form.file.clone();
            let file = file.map(|file| state.keep_file(file.name, file.content_type, file.bytes));
            let call = state.call_mut(self.number);
            call.encoding = Some(form.encoding);
            call.fields.clone_from(&form.fields);
            call.file = file;
        });
    }

    /// Waits for the release of hanging calls.
    pub(super) async fn hang(&mut self) {
        // Noted before it shows as hanging, so that a release that follows what was seen is not missed.
        let released = self.office.faults.hang();
        self.hangs = true;
        self.office.change(|state| state.hanging += 1);
        released.await;
        self.hangs = false;
        self.office.change(|state| state.hanging -= 1);
    }

    pub(super) fn cut(self) -> Response {
        self.settle(Answer::Cut);
        self.connection.cut();
        nothing()
    }

    pub(super) fn answer(
        self,
        status: StatusCode,
        content_type: &'static str,
        body: String,
        retry_after_secs: Option<u64>,
    ) -> Response {
        self.settle(Answer::Sent {
            status: status.as_u16(),
            body: body.clone(),
        });
        let (office, number) = (Arc::clone(&self.office), self.number);
        self.connection
            .after_answer(move || office.tell(Stage::Answered, number));
        let mut response = response(status, content_type, body);
        if let Some(secs) = retry_after_secs {
            response.headers_mut().insert(RETRY_AFTER, secs.into());
        }
        response
    }

    fn settle(&self, answer: Answer) {
        self.office.change(|state| state.call_mut(self.number).answer = answer);
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        let hung = usize::from(self.hangs);
        self.office.change(|state| {
            state.hanging -= hung;
            let call = state.call_mut(self.number);
            if call.answer == Answer::Pending {
                call.answer = Answer::CallerGone;
            }
        });
    }
}
