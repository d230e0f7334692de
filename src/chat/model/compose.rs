//! An answer in a model's words: asked for, heard sentence by sentence, and finished from the documents where it stops.

use std::sync::Arc;

use time::Date;
use tokio::time::Instant;

use crate::chat::engine::Engine;
use crate::chat::guard;
use crate::chat::guard::Fence;
use crate::chat::guard::Grounds;
use crate::chat::guard::Released;
use crate::chat::guard::Stopped;
use crate::chat::model::Listener;
use crate::chat::model::Model;
use crate::chat::model::Progress;
use crate::chat::model::Stop;
use crate::chat::model::asking::ms;
use crate::chat::model::asking::note_progress;
use crate::chat::model::asking::note_refused;
use crate::chat::model::asking::note_usage;
use crate::chat::model::asking::unheard;
use crate::chat::model::prompts::Prompt;
use crate::chat::model::prompts::numbered;
use crate::config::LlmRole;
use crate::domain::SessionId;
use crate::domain::Source;
use crate::knowledge::Document;
use crate::knowledge::Pack;
use crate::knowledge::Passage;
use crate::knowledge::PromptKind;
use crate::knowledge::sentences;
use crate::llm::Request;
use crate::llm::Said;
use crate::nlu;
use crate::store::ModelRun;
use crate::store::RunOutcome;
use crate::store::Verdict;
use crate::text::figures;
use crate::text::figures::Figure;
use crate::text::pii;
use crate::text::tokens;

/// What a model says that finds no answer in the passages.
const NO_ANSWER: &str = "NO_ANSWER";
/// Characters of passages that a model is given.
const PASSAGES_CHARS_MAX: usize = 6_000;

/// What a model is asked to say in its words.
pub struct Task {
    /// The conversation.
    pub(in crate::chat) session: SessionId,
    /// What is known.
    pub(in crate::chat) engine: Arc<Engine>,
    /// The whole question, masked.
    pub(in crate::chat) question: String,
    /// Numbers of the passages, best first.
    pub(in crate::chat) passages: Vec<u32>,
    /// The answer in the documents' own words, and what it cites.
    pub(in crate::chat) embedded: String,
    pub(in crate::chat) embedded_sources: Vec<Source>,
    /// What is said before the answer.
    pub(in crate::chat) preface: String,
    /// In Korea.
    pub(in crate::chat) today: Date,
}

/// What became of it.
pub struct Composed {
    /// The answer in the documents' own words that it was made beside.
    pub(in crate::chat) embedded: String,
    /// The answer to give.
    pub(in crate::chat) text: String,
    /// What it cites.
    pub(in crate::chat) sources: Vec<Source>,
    /// Numbers of the passages it cites, as far as the model wrote it.
    pub(in crate::chat) cited: Vec<u32>,
    /// For the record.
    pub(in crate::chat) run: ModelRun,
}

/// A task with what a model is given for it.
pub struct Prepared<'t> {
    task: &'t Task,
    given: Vec<Given<'t>>,
    prompt: Prompt<'t>,
    run: ModelRun,
}

impl Prepared<'_> {
    /// The record of a question that is about to be asked.
    pub(in crate::chat) fn run(&self) -> &ModelRun {
        &self.run
    }
}

/// A passage as a model is given it.
struct Given<'e> {
    number: u32,
    passage: &'e Passage,
    document: &'e Document,
    title: String,
    heading: String,
    text: String,
}

/// What was heard of a model.
struct Heard {
    released: Vec<Released>,
    verdicts: Vec<Verdict>,
    raw_chars: usize,
    /// Why it was not heard to its end.
    reason: Option<&'static str>,
}

impl Model {
    /// What is needed to ask a model to say passages in its words.
    pub(in crate::chat) fn prepare<'t>(&self, task: &'t Task) -> Prepared<'t> {
        let given = given(&task.engine, &task.passages, task.today);
        let prompt = Prompt::of(task.engine.pack(), PromptKind::ANSWER);
        let passages = given.iter().filter_map(|given| task.engine.passage_version(given.number)).collect();
        let run = ModelRun { passages, outcome: RunOutcome::Begun, ..self.new_run(LlmRole::Answer, prompt.version()) };
        Prepared { task, given, prompt, run }
    }

    /// Asks a model. Never fails: what it does not say, the documents do.
    pub(in crate::chat) async fn compose(
        &self,
        prepared: Prepared<'_>,
        stop: &Stop,
        listener: Option<&Listener>,
    ) -> Composed {
        let started = Instant::now();
        let Prepared { task, given, prompt, mut run } = prepared;
        let heard = self.hear(task, &given, &prompt, stop, listener, &mut run).await;
        run.total_ms = ms(started.elapsed());
        let Heard { released, verdicts, reason, .. } = heard;
        (run.verdicts, run.reason) = (verdicts, reason);
        let is_whole = reason.is_none() && !released.is_empty();
        run.outcome = match (is_whole, released.is_empty()) {
            (true, _) => RunOutcome::Used,
            (false, false) => RunOutcome::Finished,
            (false, true) => RunOutcome::Unused,
        };
        self.inner.figures.count(&run);
        put_together(task, &given, &released, is_whole, run)
    }

    async fn hear(
        &self,
        task: &Task,
        given: &[Given<'_>],
        prompt: &Prompt<'_>,
        stop: &Stop,
        listener: Option<&Listener>,
        run: &mut ModelRun,
    ) -> Heard {
        let mut heard = Heard { released: Vec::new(), verdicts: Vec::new(), raw_chars: 0, reason: None };
        if given.is_empty() {
            heard.reason = Some("no_passage");
            return heard;
        }
        let settings = self.inner.pool.settings();
        let passages = numbered(given.iter().map(|given| (title(given), given.text.as_str())));
        let date = format!("{}년 {}월 {}일", task.today.year(), u8::from(task.today.month()), task.today.day());
        let values = [("bank", task.engine.pack().name.as_str()), ("today", &date), ("passages", &passages)];
        let request = Request {
            role: LlmRole::Answer,
            system: prompt.fill(&values),
            said: vec![Said::Person(pii::mask(&task.question))],
            tokens_max: settings.answer_tokens_max,
            timeout: settings.answer_timeout,
        };
        let Some(reserved) = self.reserve(&request, &task.session).await else {
            heard.reason = Some("budget");
            return heard;
        };
        let tell = |progress: Progress| {
            if let Some(listener) = listener {
                // Whoever asked may have gone; then nobody is told.
                let _ = listener.send(progress);
            }
        };
        let asked_at = Instant::now();
        let mut has_waited = false;
        let mut on_wait = |place: usize| {
            has_waited = true;
            tell(Progress::Waiting(place));
        };
        let asked = tokio::select! {
            biased;
            why = stop.wait() => Err((why, None)),
            asked = self.inner.pool.ask(&request, &mut on_wait) => asked.map_err(|refused| {
                note_refused(run, &refused);
                (refused.as_str(), Some(refused.readings()))
            }),
        };
        let mut answering = match asked {
            Ok(answering) => answering,
            Err((why, readings)) => {
                heard.reason = Some(why);
                if has_waited && run.attempts == 0 {
                    run.queued_ms = ms(asked_at.elapsed());
                }
                // Who was stopped while he did not wait had asked one.
                note_usage(run, unheard(&request, Some(why), readings.unwrap_or(u32::from(!has_waited))));
                reserved.spend(run.prompt_tokens.saturating_add(run.completion_tokens));
                return heard;
            }
        };
        if has_waited {
            tell(Progress::Begun);
        }
        note_progress(run, &answering.progress);
        let grounds: Vec<Grounds<'_>> = given
            .iter()
            .map(|given| Grounds {
                title: &given.title,
                heading: &given.heading,
                text: &given.text,
                is_in_force: Pack::is_in_force(given.document, task.today),
            })
            .collect();
        let mut fence = Fence::new(&grounds);
        let mut start = String::new();
        while heard.reason.is_none() {
            let piece = tokio::select! {
                biased;
                why = stop.wait() => {
                    heard.reason = Some(why);
                    break;
                }
                piece = answering.next() => piece,
            };
            let judged = match piece {
                Some(Ok(piece)) => {
                    heard.raw_chars += piece.chars().count();
                    if start.len() <= NO_ANSWER.len() {
                        start.push_str(&piece);
                        if start.trim_start().starts_with(NO_ANSWER) {
                            heard.reason = Some("no_answer");
                            break;
                        }
                    }
                    fence.push(&piece)
                }
                // What is left is no whole sentence.
                Some(Err(failure)) => {
                    heard.reason = Some(failure.as_str());
                    break;
                }
                None if answering.is_shortened() => {
                    heard.reason = Some("shortened");
                    break;
                }
                None => {
                    self.take(fence.finish(), task, &mut heard, &tell);
                    break;
                }
            };
            self.take(judged, task, &mut heard, &tell);
        }
        note_usage(run, answering.usage(heard.raw_chars));
        reserved.spend(run.prompt_tokens.saturating_add(run.completion_tokens));
        heard
    }

    /// Takes what the guard said of some sentences; the first fault ends the hearing.
    fn take(&self, judged: Vec<Result<Released, Stopped>>, task: &Task, heard: &mut Heard, tell: &impl Fn(Progress)) {
        for judged in judged {
            heard.verdicts.push(self.note_verdict(&judged));
            match judged {
                Ok(released) => {
                    let before = if heard.released.is_empty() { task.preface.as_str() } else { "" };
                    tell(Progress::Text(format!("{before}{}", released.text)));
                    heard.released.push(released);
                }
                Err(stopped) => {
                    heard.reason = Some(stopped.fault.as_str());
                    return;
                }
            }
        }
    }
}

/// The passages as a model is given them: those in force, without sentences that speak to a machine, whoever wrote them there.
fn given<'e>(engine: &'e Engine, numbers: &[u32], today: Date) -> Vec<Given<'e>> {
    let mut given: Vec<Given<'e>> = Vec::new();
    let mut chars = 0;
    for &number in numbers {
        let Some((passage, document)) = engine.passage(number) else { continue };
        let is_known = given.iter().any(|known| known.number == number);
        if is_known || !Pack::is_in_force(document, today) {
            continue;
        }
        let text = without_instructions(&passage.text);
        chars += text.chars().count();
        if chars > PASSAGES_CHARS_MAX && !given.is_empty() {
            break;
        }
        if !text.trim().is_empty() {
            let [title, heading] = [&document.title, &passage.heading].map(|text| without_instructions(text));
            given.push(Given { number, passage, document, title, heading, text });
        }
    }
    given
}

/// A text without what is said to a machine rather than to people.
pub(super) fn without_instructions(text: &str) -> String {
    let lines = text.lines().map(|line| {
        if nlu::is_for_people(line) {
            return line.to_owned();
        }
        let kept: Vec<&str> = sentences(line).into_iter().filter(|sentence| nlu::is_for_people(sentence)).collect();
        kept.join(" ")
    });
    lines.filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("\n")
}

fn title(given: &Given<'_>) -> String {
    let parts = [given.title.as_str(), given.heading.as_str()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" > ")
}

fn put_together(task: &Task, given: &[Given<'_>], released: &[Released], is_whole: bool, run: ModelRun) -> Composed {
    let embedded = task.embedded.clone();
    if released.is_empty() {
        let (text, sources) = (embedded.clone(), task.embedded_sources.clone());
        return Composed { embedded, text, sources, cited: Vec::new(), run };
    }
    let mut text: String = released.iter().map(|released| released.text.as_str()).collect();
    let mut cited: Vec<&Given<'_>> = Vec::new();
    for number in released.iter().flat_map(|released| &released.cites) {
        if let Some(one) = number.checked_sub(1).and_then(|at| given.get(at))
            && !cited.iter().any(|known| known.number == one.number)
        {
            cited.push(one);
        }
    }
    let score = task.embedded_sources.iter().map(|source| source.score).fold(0.0, f32::max);
    let mut sources: Vec<Source> = cited
        .iter()
        .map(|given| Source {
            source: given.document.source.clone(),
            page: given.passage.page,
            score,
            document_id: given.document.id.clone(),
            title: given.document.title.clone(),
            section: given.passage.heading.clone(),
            excerpt: given.text.clone(),
        })
        .collect();
    if !is_whole {
        let rest = unsaid(&text, &embedded);
        if !rest.is_empty() {
            text = format!("{}\n\n{rest}", text.trim_end());
            for source in &task.embedded_sources {
                let is_same = |known: &Source| {
                    (&known.document_id, &known.section, known.page)
                        == (&source.document_id, &source.section, source.page)
                };
                if !sources.iter().any(is_same) {
                    sources.push(source.clone());
                }
            }
        }
    }
    let cited = cited.iter().map(|given| given.number).collect();
    Composed { embedded, text: text.trim().to_owned(), sources, cited, run }
}

/// What of the embedded answer has not been said yet: its sentences and rows, less those whose words have all but been heard
/// and whose figures all were, and of which the contrary was not.
fn unsaid(said: &str, embedded: &str) -> String {
    const SAID_SHARE: f64 = 0.8;
    let heard = tokens::stems(said);
    let figures_heard = figures::read(said);
    let is_said = |part: &str| {
        let stems = tokens::stems(part);
        let known = stems.iter().filter(|stem| heard.contains(stem)).count();
        let told = figures::read(part);
        let is_heard = |figure: &Figure| figures_heard.all.iter().any(|heard| figure.value == heard.value);
        !stems.is_empty()
            && known as f64 >= stems.len() as f64 * SAID_SHARE
            && told.stated().all(is_heard)
            && !guard::contradicts(said, part)
    };
    let lines = embedded.lines().filter_map(|line| {
        let parts: Vec<&str> = sentences(line);
        let left: Vec<&str> = parts.iter().copied().filter(|part| !is_said(part)).collect();
        match (left.len(), parts.len()) {
            (0, _) => None,
            (left_count, count) if left_count == count => Some(line.to_owned()),
            _ => Some(left.join(" ")),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_with_another_figure_is_still_to_be_said() {
        let said = "하루통장 금리는 5,000만원까지 연 1.80%입니다.";
        assert_eq!(unsaid(said, "하루통장 금리는 5,000만원까지 연 1.80%입니다."), "");
        let other = "하루통장 금리는 5,000만원까지 연 0.50%입니다.";
        assert_eq!(unsaid(said, other), other);
    }

    #[test]
    fn a_sentence_that_denies_what_was_said_is_still_to_be_said() {
        let said = "법인 고객님은 하루통장에 가입하실 수 있습니다.";
        assert_eq!(unsaid(said, said), "");
        for other in ["법인 고객님은 하루통장에 가입하실 수 없습니다.", "법인 고객님은 하루통장에 가입하지 못하십니다."]
        {
            assert_eq!(unsaid(said, other), other);
        }
    }
}
