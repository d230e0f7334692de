//! The passages an answer may be taken from, made ready to be compared with.

use crate::chat::guard::bounds::Bound;
use crate::chat::guard::fence::Grounds;
use crate::chat::guard::figures::Stated;
use crate::chat::guard::figures::Token;
use crate::chat::guard::figures::is_held;
use crate::chat::guard::figures::stated;
use crate::chat::guard::figures::words_of;
use crate::chat::guard::opposites::Said;
use crate::chat::guard::products;
use crate::chat::guard::statements;
use crate::chat::guard::statements::Statement;
use crate::knowledge::sentences;
use crate::text::concepts;
use crate::text::concepts::Concept;
use crate::text::figures;
use crate::text::figures::Value;
use crate::text::normalize::normalize;
use crate::text::phonetics;

/// A passage, ready.
#[derive(Debug)]
pub(super) struct Prepared {
    pub is_in_force: bool,
    /// All it says, as it says it.
    pub whole: String,
    /// Its letters and digits alone.
    pub tight: String,
    /// Those of the heading and the text: what the bank says, while a title is only what it is called.
    pub own: String,
    /// The heading and the text as they stand there.
    pub body: String,
    pub concepts: Vec<Concept>,
    /// The products it names.
    pub products: Vec<String>,
    /// What its figures stand together in.
    pub units: Vec<Together>,
    /// What it states, with which sign.
    pub statements: Vec<Statement>,
    /// Its sentences and rows.
    pub said: Vec<Said>,
    /// The figures of its title and heading, which hold for all of it.
    context: Vec<Held>,
}

/// Figures that stand together: those of a sentence, an item, a row, a column, or two sentences side by side.
#[derive(Debug)]
pub(super) struct Together {
    pub held: Vec<Held>,
    /// Whether it is a sentence, an item or a row rather than made of several.
    pub is_base: bool,
}

/// A figure of a passage.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub value: Value,
    pub bound: Option<Bound>,
    pub before: Vec<Token>,
    pub is_implied: bool,
    /// Whether it is one end of a range.
    pub is_end: bool,
    /// Whether its sentence or row speaks of a limit, so that it is the most there may be.
    pub is_limit: bool,
    /// The first cell of its row: what the row is about.
    pub subject: Vec<Token>,
}

/// Between the columns of a row, and between a column's name and its cell.
const COLUMN_GLUE: &str = " / ";
const LABEL_GLUE: &str = ": ";

impl Prepared {
    pub fn of(grounds: &Grounds<'_>) -> Self {
        let Grounds { title, heading, text, is_in_force } = *grounds;
        let whole = format!("{title}\n{heading}\n{text}");
        let normal = normalize(&whole);
        let products = whole.lines().flat_map(|line| products::names(&normalize(line))).collect();
        let tight = letters(&normal);
        let body = format!("{heading}\n{text}");
        let own = letters(&normalize(&body));
        let concepts = concepts::concepts(&tight, &phonetics::sounds(&tight));
        let context = [title, heading].into_iter().flat_map(held_in).collect();
        let statements = text.lines().chain([title, heading]).flat_map(statements_of).collect();
        let said = text.lines().flat_map(sentences).map(Said::of).collect();
        Self { said, is_in_force, tight, own, body, concepts, products, units: units(text), statements, context, whole }
    }

    /// Whether the title or the heading holds a figure as it is told.
    pub fn is_context(&self, figure: &Stated) -> bool {
        self.context.iter().any(|held| is_held(figure, held))
    }
}

fn letters(normal: &str) -> String {
    normal.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// What a line states: its sentences, or each cell of its row together with the first.
fn statements_of(line: &str) -> Vec<Statement> {
    if !line.contains(COLUMN_GLUE) {
        return sentences(line)
            .into_iter()
            .flat_map(|sentence| statements::statements(&statements::words_in(sentence)))
            .collect();
    }
    let mut cells = line.split(COLUMN_GLUE);
    let first = cells.next().unwrap_or_default();
    let first = first.split_once(LABEL_GLUE).map_or(first, |(_, content)| content);
    cells.filter_map(|cell| statements::cell(&statements::words_in(&format!("{first} {cell}")))).collect()
}

/// The units of a passage.
fn units(text: &str) -> Vec<Together> {
    let mut units = Vec::new();
    let mut lead: Vec<Held> = Vec::new();
    let mut columns: Vec<(String, Vec<Held>)> = Vec::new();
    for line in text.lines() {
        if line.contains(COLUMN_GLUE) {
            row(line, &lead, &mut units, &mut columns);
            continue;
        }
        let is_item = is_item(line);
        let mut earlier: Vec<Held> = if is_item { lead.clone() } else { Vec::new() };
        for sentence in sentences(line) {
            let held = held_in(sentence);
            let pair = earlier.iter().chain(&held).cloned().collect();
            units.push(Together { held: held.clone(), is_base: true });
            units.push(Together { held: pair, is_base: false });
            earlier = held;
        }
        if !is_item {
            lead = earlier;
        }
    }
    units.extend(columns.into_iter().map(|(_, held)| Together { held, is_base: false }));
    units
}

fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    line.starts_with(['-', '•', '·', '*', '※']) || (number.len() < line.len() && number.starts_with(['.', ')']))
}

fn held_in(text: &str) -> Vec<Held> {
    let figures = figures::read(text);
    // 이체한도는 500만원: what the word stands before is the most there may be, not what stands before the word.
    let is_limit = |start: usize| {
        figures.form.get(..start).is_some_and(|before| before.iter().collect::<String>().contains("한도"))
    };
    let implied = figures.all.iter().filter(|figure| figure.is_implied).map(|figure| Held {
        value: figure.value.clone(),
        bound: None,
        before: Vec::new(),
        is_implied: true,
        is_end: false,
        is_limit: is_limit(figure.span.start),
        subject: Vec::new(),
    });
    let mut held: Vec<Held> = implied.collect();
    held.extend(stated(&figures).into_iter().map(|Stated { value, bound, before, is_end, span, .. }| Held {
        value,
        bound,
        before,
        is_implied: false,
        is_end,
        is_limit: is_limit(span.start),
        subject: Vec::new(),
    }));
    held
}

/// A row as a unit, and its cells as parts of their columns. The first cell and the name of its column belong to every cell.
fn row(line: &str, caption: &[Held], units: &mut Vec<Together>, columns: &mut Vec<(String, Vec<Held>)>) {
    let mut first: Vec<Token> = Vec::new();
    let mut first_held: Vec<Held> = Vec::new();
    let mut all: Vec<Held> = caption.to_vec();
    let mut last_label = String::new();
    for (place, cell) in line.split(COLUMN_GLUE).enumerate() {
        let (label, content) = match cell.split_once(LABEL_GLUE) {
            Some((label, content)) => {
                last_label = label.to_owned();
                (label, content)
            }
            None => ("", cell),
        };
        let mut held = held_in(content);
        let mut of_label: Vec<Token> = words_of(label).into_iter().map(Token::Word).collect();
        let label_held = held_in(label);
        of_label.extend(label_held.iter().map(|held| Token::Figure(held.value.clone(), held.bound)));
        for figure in &mut held {
            figure.before.extend(of_label.iter().cloned());
            figure.before.extend(first.iter().cloned());
            figure.subject.clone_from(&first);
            figure.is_limit |= label.contains("한도");
        }
        if place == 0 {
            first = words_of(content).into_iter().map(Token::Word).collect();
            first.extend(held.iter().map(|held| Token::Figure(held.value.clone(), held.bound)));
            first_held = held.clone();
        } else {
            let column = match columns.iter_mut().find(|(name, _)| *name == last_label) {
                Some((_, column)) => column,
                None => {
                    columns.push((last_label.clone(), caption.to_vec()));
                    match columns.last_mut() {
                        Some((_, column)) => column,
                        None => return,
                    }
                }
            };
            column.extend(first_held.iter().cloned());
            column.extend(label_held.iter().cloned());
            column.extend(held.iter().cloned());
        }
        all.extend(label_held);
        all.extend(held);
    }
    units.push(Together { held: all, is_base: true });
}
