//! Who may import whom, as data.

use super::sight::Sight;

/// What is said of a feature attribute that stands elsewhere than on a `mod` line or its re-export.
pub(super) const MISPLACED_FEATURE: &str = "`cfg(feature)` stands on `mod` lines and their re-exports only";

/// A room of the core, and what it may see.
pub(super) struct Room {
    pub(super) name: &'static str,
    /// Other rooms, or a part of one. A room always sees itself.
    pub(super) sees: &'static [&'static str],
    /// Whether anything in it may wait.
    pub(super) may_wait: bool,
    /// Paths outside the crate that it must not name.
    pub(super) never: &'static [&'static str],
}

/// Crates that belong to a few rooms alone.
const OWNED: &[(&str, &[&str])] = &[
    ("axum", &["hookpoint", "control"]),
    ("reqwest", &["omnidesk"]),
    ("sqlx", &["store"]),
];

/// What waits or reaches outside the process.
const INPUT_AND_OUTPUT: &[&str] = &[
    "async_trait",
    "futures",
    "tokio",
    "tokio_util",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
];

/// What makes two runs differ, or ties the brain to a format.
const HIDDEN_FROM_THE_BRAIN: &[&str] = &[
    "async_trait",
    "futures",
    "tokio",
    "tokio_util",
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
    "jiff::tz::TimeZone::system",
    "fastrand",
    "uuid::Uuid::new_v4",
    "uuid::Uuid::now_v7",
    "serde",
    "serde_json",
    "serde_urlencoded",
];

/// The rooms in reading order.
pub(super) const ROOMS: &[Room] = &[
    Room {
        name: "model",
        sees: &[],
        may_wait: false,
        never: INPUT_AND_OUTPUT,
    },
    Room {
        name: "session",
        sees: &["model", "delivery"],
        may_wait: false,
        never: HIDDEN_FROM_THE_BRAIN,
    },
    Room {
        name: "delivery",
        sees: &["model"],
        may_wait: true,
        never: &[],
    },
    Room {
        name: "channel",
        sees: &["model", "delivery"],
        may_wait: true,
        never: &[],
    },
    Room {
        name: "desk",
        sees: &["model", "delivery"],
        may_wait: true,
        never: &[],
    },
    Room {
        name: "store",
        sees: &["model", "session", "delivery"],
        may_wait: true,
        never: &[],
    },
    Room {
        name: "intake",
        sees: &["model", "session", "store", "channel", "desk", "delivery"],
        may_wait: true,
        never: &[],
    },
    Room {
        name: "dispatch",
        sees: &["model", "delivery", "store", "channel", "desk", "intake"],
        may_wait: true,
        never: &[],
    },
    Room {
        name: "omnidesk",
        sees: &["desk", "delivery", "model"],
        may_wait: true,
        never: &[],
    },
    Room {
        name: "hookpoint",
        sees: &["desk", "intake", "store::blobs", "delivery", "model"],
        may_wait: true,
        never: &[],
    },
    Room {
        name: "control",
        sees: &["dispatch", "store", "delivery", "model"],
        may_wait: true,
        never: &[],
    },
    Room {
        name: "runtime",
        sees: &[
            "model",
            "session",
            "delivery",
            "channel",
            "desk",
            "store",
            "intake",
            "dispatch",
            "omnidesk",
            "hookpoint",
            "control",
        ],
        may_wait: true,
        never: &[],
    },
];

/// The row of a room.
pub(super) fn row(name: &str) -> Option<&'static Room> {
    ROOMS.iter().find(|room| room.name == name)
}

impl Room {
    /// Why this room must not contain `sight`, or `None` when it may.
    pub(super) fn objects_to(&self, sight: &Sight) -> Option<String> {
        match sight {
            Sight::Inside(path) => self.objects_to_room(path),
            Sight::Outside(path) => self.objects_to_crate(path),
            Sight::Async if self.may_wait => None,
            Sight::Async => Some(format!("nothing waits in `{}`: no async", self.name)),
            Sight::MisplacedFeature => Some(MISPLACED_FEATURE.to_owned()),
        }
    }

    fn objects_to_room(&self, path: &[String]) -> Option<String> {
        let allowed =
            path.first().is_some_and(|room| room == self.name) || self.sees.iter().any(|seen| begins_with(path, seen));
        (!allowed).then(|| format!("`{}` does not see `crate::{}`", self.name, path.join("::")))
    }

    fn objects_to_crate(&self, path: &[String]) -> Option<String> {
        let owner = OWNED
            .iter()
            .find(|(owned, _)| begins_with(path, owned))
            .map(|(_, rooms)| *rooms);
        let forbidden = self
            .never
            .iter()
            .any(|never| begins_with(path, never) || globs_over(path, never));
        match owner {
            Some(rooms) if !rooms.contains(&self.name) => Some(format!(
                "`{}` belongs to `{}`, not to `{}`",
                path.join("::"),
                rooms.join("` and `"),
                self.name
            )),
            _ if forbidden => Some(format!("`{}` must not name `{}`", self.name, path.join("::"))),
            _ => None,
        }
    }
}

fn begins_with(path: &[String], prefix: &str) -> bool {
    let parts: Vec<&str> = prefix.split("::").collect();
    path.len() >= parts.len() && path.iter().zip(&parts).all(|(a, b)| a == b)
}

/// Whether `path` is a glob that brings (a parent of) `hidden` into scope.
fn globs_over(path: &[String], hidden: &str) -> bool {
    matches!(path, [parents @ .., star] if star == "*" && hidden.starts_with(&format!("{}::", parents.join("::"))))
}
