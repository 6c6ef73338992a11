use teloxide::types::{Checklist, ChecklistTask, ChecklistTasksAdded, ChecklistTasksDone, Message, Poll};

pub(super) fn poll(poll: &Poll) -> String {
    listed(
        "poll",
        &poll.question,
        poll.options.iter().map(|option| option.text.as_str()),
    )
}

pub(super) fn checklist(checklist: &Checklist) -> String {
    let tasks: Vec<_> = checklist.tasks.iter().map(task).collect();
    listed("checklist", &checklist.title, tasks.iter().map(String::as_str))
}

/// Which tasks were ticked, and which are open again.
pub(super) fn done(done: &ChecklistTasksDone) -> String {
    let tasks = of(done.checklist_message.as_deref())
        .map(|list| list.tasks.as_slice())
        .unwrap_or_default();
    let words = |ids: &[_]| {
        let named = tasks.iter().filter(|task| ids.contains(&task.id));
        let words: Vec<_> = named.map(|task| task.text.as_str()).collect();
        if words.is_empty() {
            "a task".to_owned()
        } else {
            words.join(" / ")
        }
    };
    let did = |word: &str, ids: &Option<Vec<_>>| {
        let ids = ids.as_deref().filter(|ids| !ids.is_empty())?;
        Some(format!("{word}: {}", words(ids)))
    };
    let done = [
        did("done", &done.marked_as_done_task_ids),
        did("not done", &done.marked_as_not_done_task_ids),
    ];
    format!(
        "[checklist: {}]",
        done.into_iter().flatten().collect::<Vec<_>>().join(", ")
    )
}

/// Which tasks are new.
pub(super) fn added(added: &ChecklistTasksAdded) -> String {
    let tasks: Vec<_> = added.tasks.iter().map(|task| task.text.as_str()).collect();
    format!("[checklist: added {}]", tasks.join(" / "))
}

fn task(task: &ChecklistTask) -> String {
    let mark = if task.is_completed() { "✓ " } else { "" };
    format!("{mark}{}", task.text)
}

fn of(message: Option<&Message>) -> Option<&Checklist> {
    message?.checklist()
}

fn listed<'a>(word: &str, title: &str, items: impl Iterator<Item = &'a str>) -> String {
    let items: Vec<_> = items.collect();
    format!("[{word}: {title} ({})]", items.join(" / "))
}
