/// Why the ledger did not do what it was asked. Nothing of the call was recorded.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The ledger is away: its disk is full or failing, its file is locked, or it was closed.
    #[error("the ledger is away: {detail}")]
    Unavailable {
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
    #[error("the ledger refuses the write: {detail}")]
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
