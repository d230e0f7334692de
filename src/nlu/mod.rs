//! Text in, label out: which category a message belongs to, and what it signals.
//!
//! [`Classifier`] learns a pack's categories from its utterances, in-process and in seconds. [`ActClassifier`] knows
//! questions from complaints, reports, wishes for a person and everyday talk. [`Speller`] sets mistyped words right. [`listen`] hears
//! what does not depend on the pack: danger, the wish for a person, a yes or a no, mood. Both are pure and
//! deterministic, and neither uses a language model or a downloaded weight.
//!
//! This room does not know conversations: what a signal leads to is for the workflow to decide. Nor does it
//! know documents: whether one of them answers is for the search to say.

mod act;
mod classifier;
mod features;
mod inclination;
mod lexicon;
mod reply;
mod signals;
mod speller;
mod training;
mod weights;

pub use act::Act;
pub use act::ActClassifier;
pub use act::Acts;
pub use classifier::Classifier;
pub use classifier::Example;
pub use classifier::Guess;
pub use classifier::TrainError;
pub use inclination::Inclination;
pub use inclination::incline;
pub use signals::Consent;
pub use signals::Emergency;
pub use signals::Signals;
pub use signals::SmallTalk;
pub use signals::is_for_people;
pub use signals::listen;
pub use speller::Speller;
