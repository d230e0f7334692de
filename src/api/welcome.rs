//! What a screen shows before anything was said, and the documents it cites.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use serde::Serialize;
use sha2::Digest as _;
use sha2::Sha256;
use utoipa::ToSchema;

use crate::api::AppState;
use crate::api::error::ApiError;
use crate::chat::Chat;
use crate::config::Web;
use crate::domain::QuickReply;
use crate::knowledge::Block;
use crate::knowledge::Document;
use crate::knowledge::Pack;

/// Where the bank's logo is, if it has one.
pub const LOGO_PATH: &str = "/branding/logo";

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
    /// How the bank looks.
    theme: Theme,
    /// What customers are told of who answers, before the first message.
    notice: Notice,
    /// How much a message may hold.
    limits: MessageLimits,
}

/// How much a message may hold, in characters (Unicode code points) without the white space around it.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageLimits {
    /// At least.
    message_chars_min: usize,
    /// At most.
    message_chars_max: usize,
}

/// How the bank looks.
#[derive(Debug, Serialize, ToSchema)]
pub struct Theme {
    /// Its colour, `#rrggbb`.
    #[schema(required)]
    accent: Option<String>,
    /// Where its logo is on this server.
    #[schema(required)]
    logo: Option<&'static str>,
}

/// Who answers, and how to reach a person (AI Basic Act, article 31).
#[derive(Debug, Serialize, ToSchema)]
pub struct Notice {
    /// Tells this text from others; named in the receipt.
    version: String,
    /// The text.
    text: String,
}

impl Notice {
    /// The configured text, or one with the bank's name.
    fn of(web: &Web, bank: &str) -> Self {
        let text = if web.notice.is_empty() {
            format!(
                "{bank} 상담은 사람이 아닌 인공지능(AI)이 먼저 답변합니다. 답변은 은행이 승인한 안내 문서에서 찾아 출처와 함께 보여 드리며, \
                 고객님의 상황에 따라 정확하지 않을 수 있습니다. 상담원과 이야기하고 싶으시면 언제든지 '상담원 연결'을 선택해 주세요."
            )
        } else {
            web.notice.clone()
        };
        let digest = Sha256::digest(&text);
        let version = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { version, text }
    }
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
    /// The same as it is laid out.
    blocks: Vec<BlockShape>,
}

/// A part of a section.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BlockShape {
    /// Running text.
    Paragraph { text: String },
    /// Items.
    List { items: Vec<String> },
    /// A table.
    Table { header: Vec<String>, rows: Vec<Vec<String>> },
    /// A question with its answer.
    Faq { question: String, answer: String },
}

impl From<&Block> for BlockShape {
    fn from(block: &Block) -> Self {
        match block {
            Block::Paragraph(text) => Self::Paragraph { text: text.clone() },
            Block::List(items) => Self::List { items: items.clone() },
            Block::Table { header, rows } => Self::Table { header: header.clone(), rows: rows.clone() },
            Block::Faq { question, answer } => Self::Faq { question: question.clone(), answer: answer.clone() },
        }
    }
}

/// The bank's greeting, topics and phone numbers.
#[utoipa::path(get, path = "/api/v1/greeting", tag = "chat", responses((status = 200, body = Greeting)))]
pub async fn greeting(State(state): State<AppState>) -> Result<Json<Greeting>, ApiError> {
    let engine = state.chat.engine().await?;
    let pack = engine.pack();
    let Web { theme, .. } = &*state.web;
    let chosen = |configured: &String, of_pack: &String| {
        if configured.is_empty() { of_pack.clone() } else { configured.clone() }
    };
    let bank = chosen(&theme.name, &pack.name);
    Ok(Json(Greeting {
        notice: Notice::of(&state.web, &bank),
        bank,
        greeting: chosen(&theme.greeting, &pack.greeting),
        topics: Chat::opening_buttons(&engine),
        phones: pack.phones.clone(),
        hours: pack.hours.clone(),
        theme: Theme {
            accent: theme.accent.as_ref().map(|colour| colour.as_str().to_owned()),
            logo: theme.logo.as_ref().map(|_| LOGO_PATH),
        },
        limits: MessageLimits {
            message_chars_min: state.settings.limits.message_chars_min,
            message_chars_max: state.settings.limits.message_chars_max,
        },
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
        blocks: section.blocks.iter().map(BlockShape::from).collect(),
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
