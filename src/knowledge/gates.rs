//! What a measurement has to reach before a pack is published.

use serde::Deserialize;
use serde::Serialize;

/// Declares [`Gates`] and the list of its names, so that neither can miss one.
macro_rules! gates {
    ($($(#[$meaning:meta])* $name:ident),+ $(,)?) => {
        /// What `bank-aicc eval` has to measure for the pack to pass, at least (`_min`) or at most (`_max`): each from 0
        /// to 1, and only where the pack says so.
        #[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Gates {
            $($(#[$meaning])* pub $name: Option<f32>,)+
        }

        impl Gates {
            /// Those the pack sets, by name.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, f32)> {
                [$((stringify!($name), self.$name)),+].into_iter().filter_map(|(name, value)| Some((name, value?)))
            }
        }
    };
}

gates! {
    /// The category is right.
    category_top1_min,
    /// The category is among the first three.
    category_top3_min,
    /// Mean F1 over the categories.
    category_macro_f1_min,
    /// The right document is first.
    recall_at_1_min,
    /// The right document is among the first three.
    recall_at_3_min,
    /// Questions that a document answers are answered.
    answered_min,
    /// Questions that were answered were answered from the right document.
    answered_right_min,
    /// Questions that are nobody's business here are answered all the same.
    off_topic_answered_max,
    /// The same for questions about other companies.
    near_off_topic_answered_max,
    /// Whoever needs a person is led to one.
    person_recall_min,
    /// Whoever needs none is led to one all the same.
    person_false_max,
    /// The triage is right.
    ticket_accuracy_min,
    /// Mean F1 over the three intents.
    intent_macro_f1_min,
}
