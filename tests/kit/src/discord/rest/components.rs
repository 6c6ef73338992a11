//! Rows of buttons, held against Discord's limits.

use serde_json::Value;

use super::urls;
use crate::discord::refusal::Refusal;

/// The most rows of buttons, and the most buttons in a row: "Up to 5 Action Rows per message", "Up to 5 contextually
/// grouped buttons", <https://discord.com/developers/docs/components/reference#action-row>.
pub(super) const ROWS_MAX: usize = 5;
/// The most characters of a button's name and of what stands on it: "Developer-defined identifier for the button; 1-100
/// characters", "max 80 characters", <https://discord.com/developers/docs/components/reference#button>.
const CUSTOM_ID_MAX: usize = 100;
const LABEL_MAX: usize = 80;
/// The styles of a button; the last but one opens an address, the last sells something.
const STYLES: std::ops::RangeInclusive<u64> = 1..=6;
const LINK: u64 = 5;
const PREMIUM: u64 = 6;
/// The kind of a button, and of the lists to choose from.
const BUTTON: u64 = 2;
const SELECTS: [u64; 5] = [3, 5, 6, 7, 8];

pub(super) fn check(path: &str, rows: &Value) -> Result<(), Refusal> {
    let mut names = Vec::new();
    for (place, row) in rows.as_array().into_iter().flatten().enumerate() {
        if row["type"] != 1 {
            return Err(Refusal::choice(&format!("{path}.{place}.type")));
        }
        let path = format!("{path}.{place}.components");
        let parts = row["components"].as_array().map(Vec::as_slice).unwrap_or_default();
        if parts.is_empty() || parts.len() > ROWS_MAX {
            return Err(Refusal::bad_length(&path, ROWS_MAX));
        }
        for (place, part) in parts.iter().enumerate() {
            let path = format!("{path}.{place}");
            check_part(&path, part)?;
            let Some(name) = part["custom_id"].as_str() else {
                continue;
            };
            if names.contains(&name) {
                let words = "Component custom id cannot be duplicated";
                let path = format!("{path}.custom_id");
                return Err(Refusal::form(&path, "COMPONENT_CUSTOM_ID_DUPLICATED", words));
            }
            names.push(name);
        }
    }
    Ok(())
}

fn check_part(path: &str, part: &Value) -> Result<(), Refusal> {
    match part["type"].as_u64() {
        Some(BUTTON) => check_button(path, part),
        Some(kind) if SELECTS.contains(&kind) => Ok(()),
        _ => Err(Refusal::choice(&format!("{path}.type"))),
    }
}

/// A button has a name of its own, or an address when it is a link.
fn check_button(path: &str, part: &Value) -> Result<(), Refusal> {
    let style = part["style"].as_u64().filter(|style| STYLES.contains(style));
    let style = style.ok_or_else(|| Refusal::choice(&format!("{path}.style")))?;
    let custom_id = format!("{path}.custom_id");
    match (style, part["custom_id"].as_str(), part["url"].as_str()) {
        (LINK, _, None) => return Err(Refusal::required(&format!("{path}.url"))),
        (LINK, _, Some(url)) => urls::check(&format!("{path}.url"), url)?,
        (PREMIUM, ..) => {}
        (_, None, _) => return Err(Refusal::required(&custom_id)),
        (_, Some(name), _) if !(1..=CUSTOM_ID_MAX).contains(&name.chars().count()) => {
            return Err(Refusal::bad_length(&custom_id, CUSTOM_ID_MAX));
        }
        (_, Some(_), _) => {}
    }
    match part["label"].as_str() {
        Some(label) if label.chars().count() > LABEL_MAX => Err(Refusal::too_long(&format!("{path}.label"), LABEL_MAX)),
        _ => Ok(()),
    }
}
