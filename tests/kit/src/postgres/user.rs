use std::{os::unix::process::CommandExt, path::Path, process::Command};

use super::error::PostgresError;

/// Who may run a server for root: the package's own user, or one that every system has.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// Who runs the server.
#[derive(Clone, Copy)]
pub(super) enum User {
    /// Whoever runs the test.
    Ourselves,
    /// Another, since we are root and PostgreSQL refuses to be root's.
    Other { uid: u32, gid: u32 },
}

impl User {
    pub(super) fn find() -> Result<Self, PostgresError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Ourselves);
        }
        let mut others = UNPRIVILEGED.into_iter().filter_map(|name| {
            let (uid, gid) = (id("-u", name)?, id("-g", name)?);
            Some(Self::Other { uid, gid })
        });
        others.next().ok_or_else(|| PostgresError::Failed {
            program: "id",
            said: format!(
                "PostgreSQL refuses to run as root, and there is no user {}",
                UNPRIVILEGED.join(" or ")
            ),
        })
    }

    /// Runs a command as this user.
    pub(super) fn run(self, command: &mut Command) -> &mut Command {
        match self {
            Self::Ourselves => command,
            Self::Other { uid, gid } => command.uid(uid).gid(gid),
        }
    }

    /// Makes this user the owner.
    pub(super) fn own(self, path: &Path) -> Result<(), PostgresError> {
        match self {
            Self::Ourselves => Ok(()),
            Self::Other { uid, gid } => std::os::unix::fs::chown(path, Some(uid), Some(gid))
                .map_err(PostgresError::system("a temporary folder could not be given away")),
        }
    }
}

fn id(what: &str, name: &str) -> Option<u32> {
    let asked = Command::new("id").args([what, name]).output().ok()?;
    String::from_utf8(asked.stdout).ok()?.trim().parse().ok()
}
