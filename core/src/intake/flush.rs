use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use super::Intake;
use crate::{channel::Seat, store::Maintenance};

/// How many conversations are written at once: half of what one commit takes, so that lines that can wait leave room
/// for what cannot.
const AT_ONCE_MAX: usize = 256;

impl Intake {
    /// Writes the bot's part of the transcripts behind, until `shutdown`, and once more then.
    pub async fn write_behind(self: Arc<Self>, shutdown: CancellationToken) {
        let every = self.settings.transcript_flush_max.max(Duration::from_millis(1));
        let mut tick = tokio::time::interval(every);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => self.flush().await,
                () = shutdown.cancelled() => return self.flush().await,
            }
        }
    }

    /// Writes what stands in memory alone. Many at once, so that they share a commit.
    pub(crate) async fn flush(&self) {
        let seats = self.seats.sweep();
        futures::stream::iter(seats)
            .for_each_concurrent(AT_ONCE_MAX, |seat| self.flush_seat(seat))
            .await;
    }

    async fn flush_seat(&self, seat: Arc<Seat>) {
        let Some(writing) = seat.write_behind() else { return };
        let lines = writing.lines().to_vec();
        let (conversation, count) = (seat.key().clone(), lines.len());
        match self
            .store
            .maintain(Maintenance::Transcript { conversation, lines })
            .await
        {
            Ok(_) => writing.written(),
            Err(failed) => tracing::warn!(lines = count, error = %failed, "transcript lines wait for the ledger"),
        }
    }
}
