//! What an example bot does about what becomes of its conversations: it logs it.

use escalator::model::BotEvent;

/// What becomes of the conversations that were handed over.
pub async fn tell(event: BotEvent) {
    match event {
        BotEvent::HandedBack {
            session,
            reason,
            transcript,
            ..
        } => {
            tracing::info!(%session, reason = reason.word(), lines = transcript.len(), "the bot has it again");
        }
        BotEvent::Failed { session, detail, .. } => tracing::warn!(%session, detail, "the escalation failed"),
        other => tracing::debug!(?other),
    }
}
