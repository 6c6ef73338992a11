use escalator::model::RichText;
use escalator_telegram::fuzzing;
use serde_json::Value;

use super::solid;
use crate::rich;

/// How many entities of a message Telegram shows.
const ENTITIES_MAX: usize = 100;

/// How long a message may be, in UTF-16 units.
const UNITS_MAX: usize = 4_096;

/// Checks that a part is what Telegram takes, and says what was said.
///
/// The rules are those of <https://core.telegram.org/bots/api#formatting-options>.
pub(super) fn check(part: &RichText) {
    let (text, entities) = fuzzing::shown(part).expect("entities are JSON");
    let units: Vec<u16> = text.encode_utf16().collect();
    assert!(units.len() <= UNITS_MAX, "{} units", units.len());
    assert!(entities.len() <= ENTITIES_MAX, "{} entities", entities.len());
    assert!(
        rich::is_part(solid(part.words().as_str()), solid(&text)),
        "Telegram shows other words: {:?} became {text:?}",
        part.words().as_str()
    );
    let entities: Vec<Entity> = entities.iter().map(Entity::of).collect();
    for (at, entity) in entities.iter().enumerate() {
        entity.is_of(&units);
        for later in &entities[at + 1..] {
            entity.is_beside(later);
        }
    }
}

#[derive(Debug)]
struct Entity {
    kind: String,
    start: usize,
    end: usize,
}

impl Entity {
    fn of(told: &Value) -> Self {
        let number = |name: &str| told[name].as_u64().and_then(|number| usize::try_from(number).ok());
        let (start, length) = (number("offset"), number("length"));
        let kind = told["type"].as_str().expect("an entity has a type").to_owned();
        let start = start.expect("an entity has an offset");
        let end = start + length.expect("an entity has a length");
        Self { kind, start, end }
    }

    fn is_of(&self, units: &[u16]) {
        let whole = |from: usize, to: usize| units.get(from..to).and_then(|units| String::from_utf16(units).ok());
        let words = whole(self.start, self.end);
        assert!(
            words.is_some_and(|words| !words.trim().is_empty()),
            "{self:?} is of no words"
        );
        let is_whole = whole(0, self.start).is_some() && whole(self.end, units.len()).is_some();
        assert!(is_whole, "{self:?} cuts a character");
    }

    fn is_beside(&self, later: &Self) {
        let order = |entity: &Self| (entity.start, usize::MAX - entity.end);
        assert!(order(self) <= order(later), "{self:?} is told before {later:?}");
        if later.start >= self.end {
            return;
        }
        assert!(later.end <= self.end, "{self:?} crosses {later:?}");
        let is_soft = !later.is_code() && !later.is_link() && !later.is_quote();
        let may_hold = match self {
            entity if entity.is_code() => false,
            entity if entity.is_quote() => !later.is_quote(),
            entity if entity.is_link() => is_soft,
            _ => !later.is_code() && !later.is_quote(),
        };
        assert!(may_hold, "{self:?} holds {later:?}");
        assert!(self.kind != later.kind, "{self:?} and {later:?} are one");
    }

    fn is_code(&self) -> bool {
        matches!(self.kind.as_str(), "code" | "pre")
    }

    fn is_link(&self) -> bool {
        self.kind == "text_link"
    }

    fn is_quote(&self) -> bool {
        self.kind == "blockquote"
    }
}
