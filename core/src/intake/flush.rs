use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::Intake;
use crate::{channel::Seat, store::Maintenance};

impl Intake {
    /// Writes the bot's part of the transcripts behind, until `shutdown`, and once more then.
    pub async fn write_behind(self: Arc<Self>, shutdown: CancellationToken) {
        let mut tick = tokio::time::interval(self.settings.transcript_flush_max);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => self.flush().await,
                () = shutdown.cancelled() => return self.flush().await,
            }
        }
    }

    /// Writes what stands in memory alone. All seats at once, so that they share a commit.
    async fn flush(&self) {
        let written = self.seats.sweep().into_iter().map(|seat| self.flush_seat(seat));
        futures::future::join_all(written).await;
    }

    pub(super) async fn flush_seat(&self, seat: Arc<Seat>) {
        let lines = seat.take_unwritten();
        if lines.is_empty() {
            return;
        }
        let task = Maintenance::Transcript {
            conversation: seat.key().clone(),
            lines: lines.clone(),
        };
        if let Err(failed) = self.store.maintain(task).await {
            tracing::warn!(lines = lines.len(), error = %failed, "transcript lines wait for the ledger");
            seat.put_back(lines);
        }
    }
}
