//! The handle on a running desk.

use std::{fmt, io, sync::Arc, time::Duration};

use tokio_util::sync::DropGuard;

use super::{
    builder::DeskSimulatorBuilder,
    call::{Call, Encoding},
    fault::Faults,
    hook::{self, HookAnswer, HookContent, HookError, HookRecord, Reply, Upload},
    office::{NotInTime, Office, OnCall},
    session::{ChatbotLog, Session},
    settings::Settings,
    state::{DeskState, Remark, SessionRef, Violation},
};

/// A running desk. Clones are one desk; it stops when the last one is dropped or [`shutdown`](Self::shutdown) is called.
#[derive(Clone)]
pub struct DeskSimulator {
    office: Arc<Office>,
    _stops: Arc<DropGuard>,
}

impl DeskSimulator {
    /// Sets up a desk.
    pub fn builder() -> DeskSimulatorBuilder {
        DeskSimulatorBuilder::new()
    }

    pub(super) fn new(office: Office) -> Self {
        let stops = office.shutdown.clone().drop_guard();
        Self {
            office: Arc::new(office),
            _stops: Arc::new(stops),
        }
    }

    /// Address of the desk, without a slash at its end: both the account's base and the shared chat host.
    pub fn url(&self) -> String {
        format!("http://{}", self.office.gate.address())
    }

    /// Address of the agent's page.
    pub fn agent_page(&self) -> String {
        format!("{}/", self.url())
    }

    /// The `chatAccountToken` that is valid.
    pub fn account_token(&self) -> &str {
        &self.office.credentials.account_token
    }

    /// The `chatServerToken` that is valid.
    pub fn server_token(&self) -> &str {
        &self.office.credentials.server_token
    }

    /// The faults in force.
    pub fn faults(&self) -> Faults {
        self.office.faults.clone()
    }

    /// Changes switches.
    pub fn configure(&self, configure: impl FnOnce(&mut Settings)) {
        self.office.change(|state| configure(&mut state.settings));
    }

    /// Says whether an agent is there.
    pub fn agents_available(&self, available: bool) {
        self.configure(|settings| settings.agents_available = available);
    }

    /// Sets or takes away what is called at each stage of each call.
    pub fn set_on_call(&self, on_call: Option<OnCall>) {
        self.office.set_on_call(on_call);
    }

    /// Closes the port: connections are reset, and new ones refused by the system, until it is opened again.
    ///
    /// # Errors
    /// The port is lost: somebody else took its number.
    pub async fn close_port(&self) -> io::Result<()> {
        self.office.gate.close().await
    }

    /// Opens the port again, on the same number.
    ///
    /// # Errors
    /// The port stays closed for good.
    pub async fn open_port(&self) -> io::Result<()> {
        self.office.gate.open(Arc::clone(&self.office)).await
    }

    /// Stops the desk: connections are reset, and the port is given back.
    pub async fn shutdown(&self) {
        self.office.shutdown.cancel();
        self.office.gate.shut().await;
        self.office.tasks.close();
        self.office.tasks.wait().await;
    }
}

/// What the agent does.
///
/// A hook goes to a session's `chatServer`. Named by server and id, it also goes out for a session that the desk does not
/// know. Its record and its line in the transcript are there before it is sent.
///
/// # Cancel safety
/// Dropped, a hook may or may not have arrived; its record stays without an answer.
impl DeskSimulator {
    /// Sends a message (`messageForCustomer`).
    pub async fn reply(&self, session: impl Into<SessionRef>, reply: Reply) -> Result<HookAnswer, HookError> {
        let encoding = reply.encoding;
        self.send(session.into(), HookContent::Message(reply), encoding).await
    }

    /// Sends a file (`uploadForCustomer`).
    pub async fn send_file(&self, session: impl Into<SessionRef>, file: Upload) -> Result<HookAnswer, HookError> {
        let encoding = file.encoding;
        self.send(session.into(), HookContent::File(file), encoding).await
    }

    /// Turns the typing indicator on or off (`typingIndicatorForCustomer`).
    pub async fn typing(&self, session: impl Into<SessionRef>, typing: bool) -> Result<HookAnswer, HookError> {
        self.send(session.into(), HookContent::Typing(typing), None).await
    }

    /// Ends the session (`endSession`).
    pub async fn end(&self, session: impl Into<SessionRef>) -> Result<HookAnswer, HookError> {
        self.send(session.into(), HookContent::End, None).await
    }

    /// Sends a message and hangs up as soon as its request is written, without waiting for the answer.
    pub async fn reply_and_hang_up(&self, session: impl Into<SessionRef>, reply: Reply) -> Result<(), HookError> {
        let encoding = reply.encoding;
        let begun = hook::begin(&self.office, &session.into(), &HookContent::Message(reply), encoding)?;
        hook::hang_up(&self.office, begun).await
    }

    /// Sends a file and hangs up as soon as its request is written, without waiting for the answer.
    pub async fn send_file_and_hang_up(&self, session: impl Into<SessionRef>, file: Upload) -> Result<(), HookError> {
        let encoding = file.encoding;
        let begun = hook::begin(&self.office, &session.into(), &HookContent::File(file), encoding)?;
        hook::hang_up(&self.office, begun).await
    }

    async fn send(
        &self,
        session: SessionRef,
        content: HookContent,
        encoding: Option<Encoding>,
    ) -> Result<HookAnswer, HookError> {
        let begun = hook::begin(&self.office, &session, &content, encoding)?;
        hook::deliver(&self.office, begun).await
    }
}

/// What the desk knows.
impl DeskSimulator {
    /// Reads the state as it stands. Nothing changes while `read` runs, so it should be short.
    pub fn look<T>(&self, read: impl FnOnce(&DeskState) -> T) -> T {
        self.office.look(read)
    }

    /// Waits until the condition holds; it is looked at after every change.
    ///
    /// # Errors
    /// The condition did not hold within that time.
    pub async fn wait_until(
        &self,
        within: Duration,
        mut condition: impl FnMut(&DeskState) -> bool,
    ) -> Result<(), NotInTime> {
        self.wait_for(within, |state| condition(state).then_some(())).await
    }

    /// Waits until something is found; it is looked for after every change.
    ///
    /// # Errors
    /// Nothing was found within that time.
    pub async fn wait_for<T>(
        &self,
        within: Duration,
        find: impl FnMut(&DeskState) -> Option<T>,
    ) -> Result<T, NotInTime> {
        self.office.wait_for(within, find).await
    }

    /// All sessions, oldest ticket first.
    pub fn sessions(&self) -> Vec<Session> {
        self.look(|state| state.sessions().cloned().collect())
    }

    /// One session.
    pub fn session(&self, session: impl Into<SessionRef>) -> Option<Session> {
        self.look(|state| state.session(session).cloned())
    }

    /// All calls, in order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.look(|state| state.calls().to_vec())
    }

    /// All hooks, in the order in which they were begun.
    pub fn hooks(&self) -> Vec<HookRecord> {
        self.look(|state| state.hooks().to_vec())
    }

    /// The breaches of the contract. A test asserts that there are none.
    pub fn violations(&self) -> Vec<Violation> {
        self.look(|state| state.violations().to_vec())
    }

    /// The calls that the contract leaves open.
    pub fn remarks(&self) -> Vec<Remark> {
        self.look(|state| state.remarks().to_vec())
    }

    /// The tickets made by the chatbot log.
    pub fn chatbot_logs(&self) -> Vec<ChatbotLog> {
        self.look(|state| state.chatbot_logs().to_vec())
    }
}

impl fmt::Debug for DeskSimulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeskSimulator")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}
