use std::fs;

use rustix::process::{Pid, Signal, kill_process};

use super::{error::PostgresError, folder::Folder};

/// Stops every process of a server where it stands, and returns who they are: each child is a process group of its own, so
/// no one signal reaches them all.
pub(super) fn stop_all(folder: &Folder, server: u32) -> Result<Vec<u32>, PostgresError> {
    let mut stopped = vec![server];
    note(folder, &stopped)?;
    // First the parent, so that no child is born meanwhile.
    signal(server, Signal::STOP)?;
    stopped.extend(children(server)?);
    note(folder, &stopped)?;
    for child in &stopped[1..] {
        signal(*child, Signal::STOP)?;
    }
    Ok(stopped)
}

/// Lets them go on.
pub(super) fn go_on(folder: &Folder, stopped: &[u32]) -> Result<(), PostgresError> {
    for pid in stopped.iter().rev() {
        signal(*pid, Signal::CONT)?;
    }
    fs::remove_file(folder.stopped()).map_err(PostgresError::system("who is paused could not be forgotten"))
}

/// Sends a signal. One who is gone already needs none.
pub(super) fn signal(pid: u32, signal: Signal) -> Result<(), PostgresError> {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return Ok(());
    };
    match kill_process(pid, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(refused) => Err(PostgresError::system("a signal could not be sent")(refused.into())),
    }
}

/// For the watcher: a process that is paused hears of no other wish.
fn note(folder: &Folder, stopped: &[u32]) -> Result<(), PostgresError> {
    let pids: Vec<String> = stopped.iter().map(u32::to_string).collect();
    fs::write(folder.stopped(), pids.join(" ")).map_err(PostgresError::system("who is paused could not be noted"))
}

fn children(of: u32) -> Result<Vec<u32>, PostgresError> {
    let processes = fs::read_dir("/proc").map_err(PostgresError::system("pausing a server needs /proc"))?;
    let pids = processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    Ok(pids.filter(|pid| parent(*pid) == Some(of)).collect())
}

/// The fourth field of `/proc/PID/stat`, counted from behind the name, which may hold anything.
fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, behind) = stat.rsplit_once(')')?;
    behind.split_whitespace().nth(1)?.parse().ok()
}
