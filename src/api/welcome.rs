//! What a screen shows before anything was said, and the documents it cites.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::AppState;
use crate::api::error::ApiError;
use crate::chat::Chat;
use crate::domain::QuickReply;
use crate::knowledge::Block;
use crate::knowledge::Document;
use crate::knowledge::Pack;

/// How the bank greets.
#[derive(Debug, Serialize, ToSchema)]
pub struct Greeting {
    /// The bank's name.
    bank: String,
    /// Its first words.
    greeting: String,
    /// Topics to choose from.
    topics: Vec<QuickReply>,
    /// Phone numbers by purpose.
    phones: BTreeMap<String, String>,
    /// When agents are there, by kind of day.
    hours: BTreeMap<String, String>,
}

/// One document of the knowledge pack.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentShape {
    document_id: String,
    source: String,
    title: String,
    /// First day in force, `YYYY-MM-DD`.
    #[schema(required)]
    effective_from: Option<String>,
    /// Last day in force, `YYYY-MM-DD`.
    #[schema(required)]
    effective_until: Option<String>,
    sections: Vec<SectionShape>,
}

/// One section of a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct SectionShape {
    heading: String,
    page: u32,
    /// Paragraphs, list items and table rows, in order.
    lines: Vec<String>,
}

/// The bank's greeting, topics and phone numbers.
#[utoipa::path(get, path = "/api/v1/greeting", tag = "chat", responses((status = 200, body = Greeting)))]
pub async fn greeting(State(state): State<AppState>) -> Result<Json<Greeting>, ApiError> {
    let engine = state.chat.engine().await?;
    let pack = engine.pack();
    Ok(Json(Greeting {
        bank: pack.name.clone(),
        greeting: pack.greeting.clone(),
        topics: Chat::opening_buttons(&engine),
        phones: pack.phones.clone(),
        hours: pack.hours.clone(),
    }))
}

/// A document that answers cite, while it is in force. Whoever can ask can read it, so it needs no permission.
#[utoipa::path(get, path = "/api/v1/knowledge/documents/{document_id}", tag = "knowledge",
    params(("document_id" = String, Path, description = "as given in a source")),
    responses((status = 200, body = DocumentShape), (status = 404)))]
pub async fn document(
    State(state): State<AppState>,
    Path(document_id): Path<String>,
) -> Result<Json<DocumentShape>, ApiError> {
    let engine = state.chat.engine().await?;
    let documents = &engine.pack().documents;
    let today = state.chat.today();
    let is_it = |document: &&Document| document.id == document_id && Pack::is_in_force(document, today);
    let document = documents.iter().find(is_it).ok_or(ApiError::NotFound)?;
    let sections = document.sections.iter().map(|section| SectionShape {
        heading: section.heading.clone(),
        page: section.page,
        lines: section.blocks.iter().flat_map(lines).collect(),
    });
    Ok(Json(DocumentShape {
        document_id: document.id.clone(),
        source: document.source.clone(),
        title: document.title.clone(),
        effective_from: document.effective_from.map(|date| date.to_string()),
        effective_until: document.effective_until.map(|date| date.to_string()),
        sections: sections.collect(),
    }))
}

fn lines(block: &Block) -> Vec<String> {
    match block {
        Block::Paragraph(text) => vec![text.clone()],
        Block::List(items) => items.clone(),
        Block::Table { header, rows } => std::iter::once(header).chain(rows).map(|row| row.join(" | ")).collect(),
        Block::Faq { question, answer } => vec![question.clone(), answer.clone()],
    }
}
