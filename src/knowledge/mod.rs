//! What the bank knows: reading a knowledge pack, cutting its documents into passages, and finding the passage that
//! answers a question.
//!
//! The way of a document: [`import::read`] turns files into a [`Pack`] or into the list of what is wrong with them;
//! `chunk` cuts the documents into [`Passage`]s; [`Index::create`] writes their words to disk; [`Index::search`] ranks the
//! passages in force today and says how much of the question each speaks of.
//!
//! **Invariant:** a pack is imported whole or not at all, and every name it refers to exists.
//! **Invariant:** what a passage says is what its document says: whole sentences, items and rows, in their order.
//! **Invariant:** a document outside its effective dates is not found.
//!
//! This room asks no clock (today is an argument), knows no database, and decides nothing: whether a score is good enough
//! to answer with is for `chat`.

mod analysis;
mod asked;
mod aspect;
mod bm25;
mod chunk;
mod gates;
mod hours;
pub mod import;
mod index;
mod lessons;
mod pack;
mod postings;
mod prompt;
mod rows;
mod search;
#[cfg(test)]
mod tests;
mod weights;

pub use chunk::Passage;
pub use chunk::PassageKind;
pub use chunk::is_full_stop;
pub use chunk::passages_of;
pub use chunk::sentences;
pub use gates::Gates;
pub use import::FileReport;
pub use import::ImportError;
pub use import::ImportReport;
pub use import::Problem;
pub use index::Index;
pub use index::IndexError;
pub use lessons::Lesson;
pub use pack::Block;
pub use pack::Category;
pub use pack::Document;
pub use pack::Pack;
pub use pack::PackError;
pub use pack::Policy;
pub use pack::Section;
pub use pack::Slot;
pub use pack::Synonym;
pub use pack::Test;
pub use pack::Thresholds;
pub use pack::Topic;
pub use pack::Utterance;
pub use prompt::PromptKind;
pub use search::Hit;
pub use search::Leaning;
pub use search::Query;
