//! Details collected for the agent: which are still missing, and what a message says of them.
//!
//! A slot that has a value, or was answered with "don't know", is never asked again. Values are masked before they
//! are kept.

use crate::chat::engine::Engine;
use crate::domain::Collected;
use crate::knowledge::Category;
use crate::knowledge::Slot;
use crate::text::pii;

/// What a slot holds when the customer does not know, or does not want to say (wire contract §7).
pub(super) const UNKNOWN: &str = "미확인";
/// The contract's key for the slot being asked.
pub(super) const ASKING: &str = "_current_asking_slot";

/// The keys every collection starts with (wire contract §7).
pub(super) fn start(category: &Category) -> Collected {
    [
        ("_domain_code", &category.domain),
        ("_domain_name", &category.domain_name),
        ("_category", &category.name),
        ("inquiry_type", &category.domain_name),
        ("inquiry_detail", &category.name),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.clone()))
    .collect()
}

/// The first required slot that neither `collected` nor `values` answers, `skip` left out.
pub(super) fn first_missing<'c>(
    category: &'c Category,
    collected: &Collected,
    values: &[(String, String)],
    skip: Option<&str>,
) -> Option<&'c str> {
    category.required_slots.iter().map(String::as_str).find(|slot| {
        Some(*slot) != skip && !collected.contains_key(*slot) && values.iter().all(|(name, _)| name != slot)
    })
}

/// What `text` says of the category's slots. The slot being asked takes a free text whole; the others are read only
/// by their pattern, so that a sentence is not mistaken for a detail nobody asked for.
pub(super) fn values(
    engine: &Engine,
    category: &Category,
    collected: &Collected,
    asking: Option<&str>,
    text: &str,
) -> Vec<(String, String)> {
    category
        .required_slots
        .iter()
        .filter(|name| !collected.contains_key(*name))
        .filter_map(|name| {
            let value = match engine.pattern(name) {
                Some(pattern) => {
                    let found = pattern.captures(text)?;
                    found.get(1).or_else(|| found.get(0))?.as_str().trim()
                }
                None if asking == Some(name.as_str()) => text.trim(),
                None => return None,
            };
            (!value.is_empty()).then(|| (name.clone(), pii::mask(value).into_string()))
        })
        .collect()
}

/// What a report says of a slot that is personal data and filled; the value is in the agents' own view.
const CONFIRMED: &str = "확인됨";

/// A slot a report tells.
pub(super) struct Detail<'e> {
    /// What agents read.
    pub(super) label: &'e str,
    /// What the customer said.
    pub(super) value: &'e str,
    /// What the report says of it.
    pub(super) told: &'e str,
}

/// The slots a report tells, in the order they are asked; internal keys left out.
pub(super) fn details<'e>(engine: &'e Engine, collected: &'e Collected) -> Vec<Detail<'e>> {
    engine
        .pack()
        .slots
        .iter()
        .filter(|slot| slot.name != "inquiry_detail")
        .filter_map(|slot: &Slot| {
            let value = collected.get(&slot.name)?.as_str();
            let told = if slot.personal && value != UNKNOWN { CONFIRMED } else { value };
            Some(Detail { label: slot.label.as_str(), value, told })
        })
        .collect()
}
