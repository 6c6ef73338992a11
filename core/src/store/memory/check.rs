//! What a database refuses by its constraints.

use std::collections::{HashMap, HashSet};

use super::Tables;
use crate::{
    model::ConversationId,
    store::{StoreError, backend::Changes},
};

impl Tables {
    /// Whether a batch can be written.
    pub(super) fn check(&self, changes: &Changes) -> Result<(), StoreError> {
        self.check_inbox(changes)?;
        self.check_conversations(changes)?;
        self.check_sessions(changes)?;
        self.check_deliveries(changes)?;
        self.check_references(changes)?;
        self.check_pieces(changes)
    }

    fn check_inbox(&self, changes: &Changes) -> Result<(), StoreError> {
        let mut new = HashSet::new();
        let twice = changes
            .inbox
            .iter()
            .any(|key| self.inbox.contains_key(key) || !new.insert(key));
        refuse_if(twice, "an event stands in the inbox already")
    }

    fn check_conversations(&self, changes: &Changes) -> Result<(), StoreError> {
        let mut moved = HashMap::new();
        for conversation in &changes.conversations {
            let moved_there = moved
                .iter()
                .any(|(id, key)| *id != conversation.id && *key == &conversation.key);
            let there = self.keys.get(&conversation.key);
            let stays = there.is_some_and(|id| *id != conversation.id && !moved.contains_key(id));
            refuse_if(moved_there || stays, "two conversations have one key")?;
            moved.insert(conversation.id, &conversation.key);
        }
        Ok(())
    }

    fn check_sessions(&self, changes: &Changes) -> Result<(), StoreError> {
        let mut new = HashSet::new();
        let mut ids = changes.sessions.iter().map(|(id, ..)| id);
        let twice = ids.any(|id| self.sessions.contains_key(id) || !new.insert(id));
        refuse_if(twice, "a session stands already")
    }

    fn check_deliveries(&self, changes: &Changes) -> Result<(), StoreError> {
        let mut new = HashSet::new();
        let mut ids = changes.deliveries.iter().map(|row| row.id);
        let twice = ids.any(|id| self.deliveries.contains_key(&id) || !new.insert(id));
        refuse_if(twice, "a delivery stands in its lane already")
    }

    fn check_references(&self, changes: &Changes) -> Result<(), StoreError> {
        let new: HashSet<ConversationId> = changes
            .conversations
            .iter()
            .map(|conversation| conversation.id)
            .collect();
        let of_sessions = changes.sessions.iter().map(|(_, id, _)| id);
        let of_lines = changes.lines.iter().map(|(id, ..)| id);
        let mut named = of_sessions.chain(of_lines);
        let missing = named.any(|id| !new.contains(id) && !self.conversations.contains_key(id));
        refuse_if(missing, "there is no such conversation")
    }

    fn check_pieces(&self, changes: &Changes) -> Result<(), StoreError> {
        let mut new = HashSet::new();
        let twice = changes.blob_pieces.iter().any(|(blob, piece, _)| {
            let stands = self.blobs.get(blob).is_some_and(|blob| blob.pieces.contains_key(piece));
            stands || !new.insert((blob, piece))
        });
        refuse_if(twice, "a piece of a file stands already")
    }
}

fn refuse_if(wrong: bool, detail: &str) -> Result<(), StoreError> {
    if wrong {
        return Err(StoreError::Invalid {
            detail: detail.to_owned(),
        });
    }
    Ok(())
}
