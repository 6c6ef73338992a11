//! What kills: the stand-ins tell of each stage of each call, and the bot dies at the one that was asked for.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{sites, town::Town};

/// Where a kill is: a site, and how often it is passed until then.
pub(super) type Cut = (String, u64);

/// A town's trap. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(crate) struct Trap(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The kills that are to come, in order.
    cuts: VecDeque<Cut>,
    /// Whom they strike.
    pid: Option<u32>,
    passed: BTreeMap<String, u64>,
}

impl Trap {
    /// Lets the stand-ins count their calls, and kill at them.
    pub(super) fn watch(town: &Town) -> Self {
        let trap = Self::default();
        let at_desk = trap.clone();
        town.desk.set_on_call(Some(Arc::new(move |stage, call| {
            let stage = stage_name(&format!("{stage:?}"));
            at_desk.pass(&format!("desk {:?}, {stage}", call.endpoint));
        })));
        let at_telegram = trap.clone();
        town.telegram.set_observer(Some(Arc::new(move |stage, call| {
            let stage = stage_name(&format!("{stage:?}"));
            at_telegram.pass(&format!("telegram {}, {stage}", call.method));
        })));
        let at_discord = trap.clone();
        town.discord.set_observer(Some(Arc::new(move |stage, call| {
            let stage = stage_name(&format!("{stage:?}"));
            at_discord.pass(&format!("discord {} {}, {stage}", call.method, route(&call.path)));
        })));
        trap
    }

    /// Something happens: whoever stands in the trap is killed.
    pub(super) fn pass(&self, site: &str) {
        let mut state = self.state();
        *state.passed.entry(site.to_owned()).or_default() += 1;
        let State { cuts, pid, .. } = &mut *state;
        if let (Some((wanted, times)), Some(pid)) = (cuts.front_mut(), *pid)
            && wanted == site
        {
            *times -= 1;
            if *times == 0 {
                cuts.pop_front();
                kill(pid);
            }
        }
    }

    /// Sets the kills of a story.
    pub(super) fn set(&self, cuts: impl IntoIterator<Item = Cut>) {
        self.state().cuts = cuts.into_iter().collect();
    }

    /// Whom the next kill strikes.
    pub(super) fn is_on(&self, pid: u32) {
        self.state().pid = Some(pid);
    }

    /// The next kill, where the bot itself has to see to it.
    pub(super) fn inside(&self) -> Option<Cut> {
        let mut state = self.state();
        state.cuts.pop_front_if(|(site, _)| sites::is_inside(site))
    }

    /// What was passed since it was last asked, and how often.
    pub(super) fn take_passed(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut self.state().passed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn kill(pid: u32) {
    let pid = i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw)
        .expect("a child has an id");
    // It may have died a moment before.
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).ok();
}

fn stage_name(stage: &str) -> &'static str {
    match stage {
        "Received" => sites::STAGES[0],
        "EffectDone" => sites::STAGES[1],
        _ => sites::STAGES[2],
    }
}

/// A path of Discord's without what is another one's each time: ids, tokens, names of files.
fn route(path: &str) -> String {
    let first = path.split('/').nth(1).unwrap_or_default();
    let all = matches!(first, "webhooks" | "attachments" | "interactions");
    let part = |(place, part): (usize, &str)| {
        let is_id = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_id || (all && place > 1) { "*" } else { part }.to_owned()
    };
    path.split('/').enumerate().map(part).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_holds_nothing_that_changes() {
        for (path, wanted) in [
            ("/channels/12/messages", "/channels/*/messages"),
            ("/channels/12/messages/34/threads", "/channels/*/messages/*/threads"),
            ("/webhooks/12/abc-def", "/webhooks/*/*"),
            ("/attachments/1/2/cat.png", "/attachments/*/*/*"),
            ("/users/@me", "/users/@me"),
        ] {
            assert_eq!(route(path), wanted);
        }
    }
}
