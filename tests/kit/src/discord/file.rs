//! Files, and the addresses under which they are had for a time.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use serde_json::{Value, json};

use super::snowflake::unix_millis;

/// How long an address of an attachment is good for.
const LINK_SECS: u64 = 86_400;

/// A file of a message.
#[derive(Clone)]
#[non_exhaustive]
pub struct StoredFile {
    /// The attachment's id.
    pub id: u64,
    /// The channel that it was first sent to.
    pub channel: u64,
    /// Its name as Discord cleans it.
    pub name: String,
    /// Its content type.
    pub mime: Option<String>,
    /// The description that its sender gave.
    pub description: Option<String>,
    /// Its size in bytes as Discord tells it.
    pub size: u64,
    /// Its content; shorter than `size` where a test only pretends a size.
    pub bytes: Bytes,
    pub(crate) is_voice: bool,
}

impl StoredFile {
    /// The path of its address, without the query.
    pub fn path(&self) -> String {
        format!("/attachments/{}/{}/{}", self.channel, self.id, self.name)
    }

    pub(crate) fn to_json(&self, url: &str) -> Value {
        let mut json = json!({
            "id": self.id.to_string(),
            "filename": self.name,
            "size": self.size,
            "url": url,
            "proxy_url": url,
        });
        if let Some(mime) = &self.mime {
            json["content_type"] = json!(mime);
        }
        if let Some(description) = &self.description {
            json["description"] = json!(description);
        }
        if let Some((width, height)) = png_size(&self.bytes) {
            json["width"] = json!(width);
            json["height"] = json!(height);
        }
        if self.is_voice {
            json["duration_secs"] = json!(3.0);
            json["waveform"] = json!("AAAA");
        }
        json
    }
}

impl std::fmt::Debug for StoredFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredFile")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("mime", &self.mime)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// The files of a server, and which addresses lead to them.
pub(crate) struct Files {
    by_id: HashMap<u64, Arc<StoredFile>>,
    /// The pictures of stickers, by the paths of their addresses, which are good for ever.
    stickers: HashMap<String, Arc<StoredFile>>,
    /// The signatures that are good, and the file of each.
    links: HashMap<String, u64>,
    draw: fastrand::Rng,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            by_id: HashMap::new(),
            stickers: HashMap::new(),
            links: HashMap::new(),
            draw: fastrand::Rng::new(),
        }
    }
}

impl Files {
    pub(crate) fn add(&mut self, file: StoredFile) -> Arc<StoredFile> {
        let file = Arc::new(file);
        self.by_id.insert(file.id, Arc::clone(&file));
        file
    }

    pub(crate) fn add_sticker(&mut self, sticker: StoredFile) -> Arc<StoredFile> {
        let sticker = Arc::new(sticker);
        let path = format!("/stickers/{}.png", sticker.id);
        self.stickers.insert(path, Arc::clone(&sticker));
        sticker
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Arc<StoredFile>> {
        self.by_id.get(&id)
    }

    /// The query of a fresh address: each time another one.
    pub(crate) fn sign(&mut self, file: &StoredFile) -> String {
        let issued = unix_millis() / 1000;
        let signature = format!("{:032x}{:032x}", self.draw.u128(..), self.draw.u128(..));
        let query = format!("ex={:x}&is={issued:x}&hm={signature}&", issued + LINK_SECS);
        self.links.insert(signature, file.id);
        query
    }

    /// The file that an address leads to while it is good.
    pub(crate) fn open(&self, path: &str, signature: &str) -> Option<&Arc<StoredFile>> {
        if let Some(sticker) = self.stickers.get(path) {
            return Some(sticker);
        }
        let file = self.by_id.get(self.links.get(signature)?)?;
        (file.path() == path).then_some(file)
    }

    /// Makes every address that was given out so far useless.
    pub(crate) fn expire(&mut self) {
        self.links.clear();
    }
}

/// A name as Discord keeps it: spaces become underscores, anything unusual goes.
pub(crate) fn clean_name(name: &str) -> String {
    let spaced = name.replace(' ', "_");
    let kept: String = spaced
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || "._-".contains(*letter))
        .collect();
    match kept.trim_start_matches('.') {
        "" => "unknown".to_owned(),
        kept => kept.to_owned(),
    }
}

fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let head = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")?;
    let number = |from: usize| {
        let digits: [u8; 4] = head.get(from..from + 4)?.try_into().ok()?;
        Some(u32::from_be_bytes(digits))
    };
    Some((number(0)?, number(4)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned_as_discord_does() {
        let cases = [("my photo.png", "my_photo.png"), ("../a/b", "ab"), ("Ü", "unknown")];
        for (name, wanted) in cases {
            assert_eq!(clean_name(name), wanted);
        }
    }

    #[test]
    fn each_address_is_new_and_ends() {
        let mut files = Files::default();
        let file = files.add(StoredFile {
            id: 7,
            channel: 5,
            name: "a.txt".to_owned(),
            mime: None,
            description: None,
            size: 1,
            bytes: Bytes::from_static(b"x"),
            is_voice: false,
        });
        let (first, second) = (files.sign(&file), files.sign(&file));
        assert_ne!(first, second);
        let signature = first.split('&').find_map(|part| part.strip_prefix("hm="));
        let signature = signature.expect("it is signed");
        assert!(files.open("/attachments/5/7/a.txt", signature).is_some());
        assert!(files.open("/attachments/5/7/b.txt", signature).is_none());
        files.expire();
        assert!(files.open("/attachments/5/7/a.txt", signature).is_none());
    }
}
