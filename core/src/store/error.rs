use crate::{delivery::DeliveryId, session::NotAgain};

/// Why the ledger did not do what it was asked. Nothing of the call was recorded, but where it is [`InDoubt`](Self::InDoubt).
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The ledger is away: its disk is full or failing, its file is locked, or it was closed.
    #[error("the ledger is away: {detail}")]
    Unavailable {
        /// What went wrong.
        detail: String,
    },
    /// The ledger was asked to commit, its answer was lost, and it could not be asked again: the write is recorded, or will be,
    /// or never.
    #[error("the ledger's answer was lost: {detail}")]
    InDoubt {
        /// What went wrong.
        detail: String,
    },
    /// More is waiting to be written than the queue holds.
    #[error("the ledger's queue is full ({queue_max} writes)")]
    Overloaded {
        /// How many writes may wait.
        queue_max: usize,
    },
    /// Another instance wrote the same at the same time, again and again. Try again.
    #[error("another instance writes the same: {detail}")]
    Contended {
        /// What it was.
        detail: String,
    },
    /// What was to be written cannot be, whatever the state of the disk.
    #[error("the ledger refuses it: {detail}")]
    Invalid {
        /// What is wrong with it.
        detail: String,
    },
    /// What was read is not what was written.
    #[error("the ledger holds a record that cannot be read: {detail}")]
    Corrupt {
        /// Which, and why.
        detail: String,
    },
    /// The file given is larger than it may be.
    #[error("the file is larger than {bytes_max} bytes")]
    TooLarge {
        /// The cap.
        bytes_max: u64,
    },
    /// The file's sender stopped before its end.
    #[error("the file broke off: {detail}")]
    BrokenOff {
        /// What went wrong.
        detail: String,
    },
    /// There is no such dead letter.
    #[error("there is no dead letter {0}: it was delivered, taken back, dropped or removed as too old, or never was")]
    NoDeadLetter(DeliveryId),
    /// The delivery is no dead letter.
    #[error("{0} is no dead letter: it waits for its turn or is on its way")]
    StillWaits(DeliveryId),
    /// The dead letter is not sent again.
    #[error("{id} is not sent again: {why}")]
    NotAgain {
        /// Which.
        id: DeliveryId,
        /// Why.
        why: NotAgain,
    },
}

impl StoreError {
    pub(crate) fn unavailable(detail: impl std::fmt::Display) -> Self {
        Self::Unavailable {
            detail: detail.to_string(),
        }
    }

    pub(crate) fn corrupt(detail: impl std::fmt::Display) -> Self {
        Self::Corrupt {
            detail: detail.to_string(),
        }
    }
}
