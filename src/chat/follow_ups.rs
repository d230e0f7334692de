//! What may be asked next: the other sections of the document that was quoted.
//!
//! A section is offered only in words that get it quoted, so that nobody presses a button and is told something else.

use time::Date;

use crate::chat::answer::Answer;
use crate::chat::context::Earlier;
use crate::chat::engine::Engine;
use crate::chat::triage;
use crate::chat::triage::Said;
use crate::chat::triage::Standing;
use crate::chat::workflow::Input;
use crate::domain::Collected;
use crate::domain::QuickReply;
use crate::domain::Stage;
use crate::knowledge::Block;
use crate::knowledge::Document;
use crate::knowledge::Section;

/// Most of them after one answer.
const OFFERED_MAX: usize = 3;
/// A longer heading makes no button.
const LABEL_CHARS_MAX: usize = 20;

/// A section, and how to ask for it.
#[derive(Debug, Clone)]
pub(super) struct WayIn {
    section: String,
    button: QuickReply,
}

/// The sections that come after the quoted one in its document, and then those before it, as far as they can be asked for.
pub(super) fn offer(engine: &Engine, answer: &Answer, today: Date) -> Vec<QuickReply> {
    let Some(quoted) = answer.sources.first() else { return Vec::new() };
    let ways_in = engine.ways_in(&quoted.document_id, |document| ways_in(engine, document, today));
    let is_quoted = |way: &WayIn| {
        answer.sources.iter().any(|source| source.document_id == quoted.document_id && source.section == way.section)
    };
    let after = ways_in.iter().position(is_quoted).map_or(0, |at| at + 1);
    let in_turn = ways_in[after..].iter().chain(&ways_in[..after]);
    in_turn.filter(|way| !is_quoted(way)).take(OFFERED_MAX).map(|way| way.button.clone()).collect()
}

/// How to ask for each section of a document that can be asked for.
fn ways_in(engine: &Engine, document: &Document, today: Date) -> Vec<WayIn> {
    let of_section = |section: &Section| {
        let label = section.heading.rsplit(" > ").next().unwrap_or_default().trim();
        let is_faq = section.blocks.iter().any(|block| matches!(block, Block::Faq { .. }));
        if is_faq || label.is_empty() || label.chars().count() > LABEL_CHARS_MAX {
            return None;
        }
        let in_full = format!("{} {label}", document.title);
        let message = [label, &in_full].into_iter().find(|message| finds(engine, message, document, section, today))?;
        let button = QuickReply { label: label.to_owned(), message: message.to_owned() };
        Some(WayIn { section: section.heading.clone(), button })
    };
    document.sections.iter().filter_map(of_section).collect()
}

/// Whether a message, said first in a conversation, gets a section quoted.
fn finds(engine: &Engine, message: &str, document: &Document, section: &Section, today: Date) -> bool {
    let (collected, earlier) = (Collected::new(), Earlier::default());
    let standing = Standing { stage: &Stage::START, topic: None, collected: &collected };
    let said = Said { raw: message, masked: message, earlier: &earlier, taken_for: None };
    let understanding = triage::understand(engine, standing, said, today);
    let is_there = |answer: &Answer| {
        let first = answer.sources.first();
        answer.unanswered.is_empty()
            && first.is_some_and(|found| found.document_id == document.id && found.section == section.heading)
    };
    understanding.input == Input::Answerable && understanding.answer.as_ref().is_some_and(is_there)
}
