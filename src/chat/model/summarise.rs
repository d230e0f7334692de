//! What a customer wants, in a sentence of a model's for the agent.

use std::time::Duration;

use tokio::time::Instant;

use crate::chat::engine::Engine;
use crate::chat::guard::Fence;
use crate::chat::guard::Grounds;
use crate::chat::model::Model;
use crate::chat::model::Stop;
use crate::chat::model::asking::ms;
use crate::chat::model::compose::without_instructions;
use crate::chat::model::prompts::Prompt;
use crate::chat::model::prompts::numbered;
use crate::chat::summary::heard_part;
use crate::config::LlmRole;
use crate::domain::Author;
use crate::domain::Message;
use crate::domain::Session;
use crate::domain::SummaryLine;
use crate::knowledge::PromptKind;
use crate::llm::Request;
use crate::llm::Said;
use crate::store::ModelRun;
use crate::store::RunOutcome;
use crate::text::pii;

/// Longer than this an agent does not wait for a better sentence.
const TIMEOUT: Duration = Duration::from_secs(10);
const TOKENS_MAX: u32 = 200;
const ANSWER_CHARS_MAX: usize = 400;
/// The last messages say what a conversation has come to.
const MESSAGES_MAX: usize = 24;
/// Characters of one message that are shown.
const MESSAGE_CHARS_MAX: usize = 400;

impl Model {
    /// Asks a model what the customer wants. A sentence that says more than was said is not used.
    pub(in crate::chat) async fn summarise(
        &self,
        engine: &Engine,
        session: &Session,
        messages: &[Message],
        stop: &Stop,
    ) -> (Option<SummaryLine>, ModelRun) {
        let started = Instant::now();
        let prompt = Prompt::of(engine.pack(), PromptKind::SUMMARY);
        let mut run = self.new_run(LlmRole::Summary, prompt.version());
        let shown: Vec<(&Message, String)> = messages
            .iter()
            .skip(messages.len().saturating_sub(MESSAGES_MAX))
            .map(|message| {
                let text: String = heard_part(&message.body).chars().take(MESSAGE_CHARS_MAX).collect();
                (message, without_instructions(&text))
            })
            .collect();
        let shown = masked_together(shown);
        let conversation = numbered(shown.iter().map(|(message, text)| (speaker(message.author), text.as_str())));
        let values = [("bank", engine.pack().name.as_str()), ("conversation", &conversation)];
        let request = Request {
            role: LlmRole::Summary,
            system: prompt.fill(&values),
            said: vec![Said::Person(pii::mask("위 대화를 요약해 주세요."))],
            tokens_max: TOKENS_MAX,
            timeout: TIMEOUT,
        };
        let said = self.short_answer(&request, &session.id, stop, ANSWER_CHARS_MAX, TIMEOUT, &mut run).await;
        let line = said.and_then(|said| self.line(&said, &shown, &mut run));
        run.outcome = if line.is_some() { RunOutcome::Used } else { RunOutcome::Unused };
        run.total_ms = ms(started.elapsed());
        self.inner.figures.count(&run);
        (line, run)
    }

    fn line(&self, said: &str, shown: &[(&Message, String)], run: &mut ModelRun) -> Option<SummaryLine> {
        let grounds: Vec<Grounds<'_>> =
            shown.iter().map(|(_, text)| Grounds { title: "", heading: "", text, is_in_force: true }).collect();
        let mut fence = Fence::around_report(&grounds);
        let mut judged = fence.push(said);
        judged.extend(fence.finish());
        let mut text = String::new();
        let mut message_ids = Vec::new();
        for judged in judged {
            run.verdicts.push(self.note_verdict(&judged));
            match judged {
                Ok(released) => {
                    text.push_str(&released.text);
                    let cited = released.cites.iter().filter_map(|number| shown.get(number.checked_sub(1)?));
                    message_ids.extend(cited.map(|(message, _)| message.id));
                }
                Err(stopped) => {
                    run.reason = Some(stopped.fault.as_str());
                    return None;
                }
            }
        }
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        message_ids.sort_unstable();
        message_ids.dedup();
        (!text.is_empty()).then(|| SummaryLine { text: format!("문의: {text}"), message_ids })
    }
}

/// Messages with what the customer said masked as one text: each is masked already, but a number may be told in several.
fn masked_together(mut shown: Vec<(&Message, String)>) -> Vec<(&Message, String)> {
    let is_customers = |(message, _): &&(&Message, String)| message.author == Author::Customer;
    let said: Vec<&str> = shown.iter().filter(is_customers).map(|(_, text)| text.as_str()).collect();
    // Masking keeps the number of characters.
    let masked = pii::mask(&said.join(" ")).into_string();
    let mut characters = masked.chars();
    for (message, text) in &mut shown {
        if message.author == Author::Customer {
            *text = characters.by_ref().take(text.chars().count()).collect();
            characters.next();
        }
    }
    shown
}

fn speaker(author: Author) -> String {
    match author {
        Author::Customer => "고객",
        Author::Assistant => "챗봇",
        Author::Agent => "상담원",
        Author::System => "안내",
    }
    .to_owned()
}
