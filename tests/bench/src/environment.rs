//! What a number depends on beside the code.

use std::{fs, path::Path};

use serde::Serialize;

const UNKNOWN: &str = "unknown";

/// The machine, the compiler and the disk.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Environment {
    cpu: String,
    cores: usize,
    os: String,
    rustc: &'static str,
    profile: &'static str,
    /// Of the folder that was measured in.
    file_system: String,
}

impl Environment {
    /// Looks around, for a measurement in `folder`.
    pub(crate) fn of(folder: &Path) -> Self {
        Self {
            cpu: cpu(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            os: os(),
            rustc: env!("BENCH_RUSTC"),
            profile: if cfg!(debug_assertions) { "debug" } else { "release" },
            file_system: file_system(folder),
        }
    }

    /// One line each.
    pub(crate) fn lines(&self) -> [String; 3] {
        [
            format!("{}, {} cores, {}", self.cpu, self.cores, self.os),
            format!("{}, {} profile", self.rustc, self.profile),
            format!("file system {}", self.file_system),
        ]
    }
}

fn cpu() -> String {
    let told = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = told.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.and_then(|line| line.split_once(':'));
    model.map_or(std::env::consts::ARCH, |(_, name)| name.trim()).to_owned()
}

fn os() -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{} {}", std::env::consts::OS, kernel.trim()).trim().to_owned()
}

fn file_system(folder: &Path) -> String {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    mounted_as(&mounts, &folder).unwrap_or(UNKNOWN).to_owned()
}

/// The type of the file system that a folder lies in. See proc_pid_mountinfo(5): the mount point is the fifth field, the
/// type the first behind a lone hyphen. Of mounts over each other the last counts.
fn mounted_as<'m>(mounts: &'m str, folder: &Path) -> Option<&'m str> {
    let mount = |line: &'m str| {
        let (left, right) = line.split_once(" - ")?;
        let point = Path::new(left.split(' ').nth(4)?);
        let depth = folder.starts_with(point).then(|| point.components().count())?;
        Some((depth, right.split(' ').next()?))
    };
    mounts
        .lines()
        .filter_map(mount)
        .max_by_key(|(depth, _)| *depth)
        .map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_tells_the_file_system() {
        let mounts = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n\
                      30 22 0:26 / /tmp rw,nosuid - tmpfs tmpfs rw\n\
                      31 22 0:27 / /tmpfoo rw - xfs /dev/vdb rw\n";
        for (folder, kind) in [("/tmp/x", "tmpfs"), ("/tmpfoo/x", "xfs"), ("/home", "ext4")] {
            assert_eq!(mounted_as(mounts, Path::new(folder)), Some(kind), "{folder}");
        }
        assert_eq!(mounted_as("", Path::new("/")), None);
    }
}
