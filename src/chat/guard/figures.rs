//! Whether the figures of a sentence are those of the passages it cites: each of them stands there, those of a clause stand
//! there together, and none was exchanged for its neighbour.

use std::ops::Range;

use crate::chat::guard::grounds::Held;
use crate::chat::guard::grounds::Prepared;
use crate::text::figures::Figure;
use crate::text::figures::Figures;
use crate::text::figures::Unit;
use crate::text::figures::Value;
use crate::text::tokens;

/// What a figure is a bound of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// 이상, 부터.
    AtLeast,
    /// 초과.
    Above,
    /// 넘는: people say it for both.
    Over,
    /// 이하, 이내, 까지.
    AtMost,
    /// 미만.
    Below,
}

impl Bound {
    /// The bound whose word stands behind a figure that ends at `end`.
    pub fn after(form: &[char], end: usize) -> Option<Self> {
        const WORDS: [(&str, Bound); 20] = [
            ("이상", Bound::AtLeast),
            ("부터", Bound::AtLeast),
            ("초과", Bound::Above),
            ("넘지", Bound::AtMost),
            ("넘길 수 없", Bound::AtMost),
            ("넘을 수 없", Bound::AtMost),
            ("넘", Bound::Over),
            ("보다 많", Bound::Above),
            ("보다 적", Bound::Below),
            ("이하", Bound::AtMost),
            ("이내", Bound::AtMost),
            ("까지", Bound::AtMost),
            ("안에", Bound::AtMost),
            ("내에", Bound::AtMost),
            ("미만", Bound::Below),
            ("안 되", Bound::Below),
            ("안 됐", Bound::Below),
            ("못 미", Bound::Below),
            ("보다 작", Bound::Below),
            ("보다 짧", Bound::Below),
        ];
        let behind: String = form.get(end..form.len().min(end + 10)).unwrap_or_default().iter().collect();
        let behind = behind.trim_start();
        let behind = behind.strip_prefix(['을', '를', '이', '가', '의']).map_or(behind, |rest| {
            if behind.starts_with("이상") || behind.starts_with("이하") || behind.starts_with("이내") {
                behind
            } else {
                rest.trim_start()
            }
        });
        WORDS.iter().find(|(word, _)| behind.starts_with(word)).map(|(_, bound)| *bound)
    }

    /// The side on which it bounds.
    const fn side(self) -> Side {
        match self {
            Self::AtLeast | Self::Above | Self::Over => Side::Least,
            Self::AtMost | Self::Below => Side::Most,
        }
    }

    /// Whether a figure with one bound may be told of a figure with the other, as far as both have one.
    fn fits(ours: Option<Self>, theirs: Option<Self>) -> bool {
        match (ours, theirs) {
            (None, Some(Self::Below | Self::Above)) => false,
            (None, _) | (_, None) => true,
            (Some(ours), Some(theirs)) => {
                ours == theirs
                    || matches!(
                        (ours, theirs),
                        (Self::Over, Self::AtLeast | Self::Above) | (Self::AtLeast | Self::Above, Self::Over)
                    )
            }
        }
    }
}

/// What stands before a figure and says what it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Figure(Value, Option<Bound>),
}

impl Token {
    fn fits(&self, held: &Self) -> bool {
        match (self, held) {
            (Self::Word(ours), Self::Word(theirs)) => {
                let (short, long) = if ours.len() <= theirs.len() { (ours, theirs) } else { (theirs, ours) };
                short == long || (short.len() > SYLLABLE_BYTES && long.contains(short.as_str()))
            }
            (Self::Figure(ours, our_bound), Self::Figure(theirs, their_bound)) => {
                ours.stands_as(theirs) && Bound::fits(*our_bound, *their_bound)
            }
            (Self::Word(_) | Self::Figure(..), _) => false,
        }
    }
}

/// Bytes of one syllable in UTF-8.
const SYLLABLE_BYTES: usize = 3;

/// A figure of a sentence with what belongs to it.
#[derive(Debug, Clone)]
pub(super) struct Stated {
    pub value: Value,
    pub bound: Option<Bound>,
    /// What stands before it, the nearest first.
    pub before: Vec<Token>,
    /// How many of those stand behind the figure of the same sort before it.
    pub near: usize,
    pub span: Range<usize>,
    /// Whether it is one end of a range: 연 6.9%~19.9%.
    pub is_end: bool,
}

/// Words before a figure that say nothing of what it is.
const FILLERS: [&str; 14] =
    ["에서", "연", "약", "총", "각각", "모두", "기준", "세전", "경우", "적용", "고객", "고객님", "보통", "해당"];
/// Words looked at before a figure.
const BEFORE_MAX: usize = 6;

/// The figures of a text with what stands before each. Within a sentence, what was said before an earlier figure of the same
/// sort still holds, but for the word next to that one.
pub(super) fn stated(figures: &Figures) -> Vec<Stated> {
    let mut all: Vec<Stated> = Vec::new();
    for (index, figure) in figures.all.iter().enumerate() {
        if figure.is_implied {
            continue;
        }
        let bound = Bound::after(&figures.form, figure.span.end);
        let like = all.iter().rposition(|earlier| earlier.value.is_like(&figure.value));
        let start = like.map_or(0, |like| all[like].span.end);
        let mut before = tokens_before(figures, index, start);
        let mut near = before.len();
        if let Some(like) = like {
            let is_range = before.is_empty();
            near = if is_range { all[like].near } else { near };
            before.extend(all[like].before.iter().skip(usize::from(!is_range)).cloned());
        }
        before.truncate(BEFORE_MAX + BEFORE_MAX);
        let is_end = is_end_of_range(&figures.form, &figure.span);
        all.push(Stated { is_end, value: figure.value.clone(), bound, before, near, span: figure.span.clone() });
    }
    all
}

fn is_end_of_range(form: &[char], span: &Range<usize>) -> bool {
    /// Characters between a figure and the sign: 연 and spaces.
    const GAP_MAX: usize = 3;
    let before = form.get(span.start.saturating_sub(GAP_MAX)..span.start).unwrap_or_default();
    let behind = form.get(span.end..form.len().min(span.end + 2)).unwrap_or_default();
    before.contains(&'~') || behind.contains(&'~')
}

/// Whether a rate or an amount is told alone that the passages only have as one end of a range.
fn is_cut_from_range(figure: &Stated, cited: &[&Prepared]) -> bool {
    const ENDS: [&str; 6] = ["최저", "최고", "최소", "최대", "하한", "상한"];
    let is_rate = matches!(figure.value, Value::Quantity(_, Unit::Percent | Unit::PercentPoint | Unit::Money(_)));
    let says_end = figure
        .before
        .iter()
        .any(|token| matches!(token, Token::Word(word) if ENDS.iter().any(|end| word.starts_with(end))));
    if !is_rate || figure.is_end || figure.bound.is_some() || says_end {
        return false;
    }
    let held = cited.iter().flat_map(|ground| &ground.units).flat_map(|unit| &unit.held);
    let mut same = held.filter(|held| figure.value.stands_as(&held.value)).peekable();
    same.peek().is_some() && same.all(|held| held.is_end)
}

/// Words and figures between `start` and the figure, the nearest first.
fn tokens_before(figures: &Figures, index: usize, start: usize) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut end = figures.all[index].span.start;
    let mut earlier = index;
    while tokens.len() < BEFORE_MAX && end > start {
        let previous =
            earlier.checked_sub(1).map(|earlier| &figures.all[earlier]).filter(|figure| figure.span.end > start);
        let from = previous.map_or(start, |figure| figure.span.end).min(end);
        let words: String = figures.form[from..end].iter().collect();
        tokens.extend(words_of(&words).into_iter().rev().map(Token::Word));
        let Some(Figure { value, span, is_implied }) = previous else { break };
        if !*is_implied || tokens.is_empty() {
            tokens.push(Token::Figure(value.clone(), Bound::after(&figures.form, span.end)));
        }
        end = span.start;
        earlier -= 1;
    }
    tokens.truncate(BEFORE_MAX);
    tokens
}

/// The telling words of a text.
pub(super) fn words_of(text: &str) -> Vec<String> {
    let mut words = tokens::stems(text);
    words.retain(|word| word.len() > 1 && !FILLERS.contains(&word.as_str()));
    words
}

/// Whether the cited passages hold the figures of a sentence as it tells them.
pub(super) fn are_held(figures: &Figures, cited: &[&Prepared]) -> bool {
    let stated = stated(figures);
    if stated.is_empty() {
        return true;
    }
    let holds = |figure: &Stated| {
        cited.iter().any(|ground| {
            ground.is_context(&figure.value)
                || ground.units.iter().any(|unit| unit.held.iter().any(|held| is_held(figure, held)))
        })
    };
    if !stated.iter().all(holds) {
        return false;
    }
    let is_together = clauses(figures, &stated).into_iter().all(|clause| {
        let together = |ground: &Prepared| {
            ground.units.iter().any(|unit| {
                clause.iter().all(|figure| {
                    ground.is_context(&figure.value) || unit.held.iter().any(|held| is_held(figure, held))
                })
            })
        };
        cited.iter().any(|ground| together(ground))
    });
    is_together
        && (says_respectively(figures) || stated.iter().all(|figure| !is_exchanged(figure, cited)))
        && stated.iter().all(|figure| !is_cut_from_range(figure, cited))
}

fn is_held(figure: &Stated, held: &Held) -> bool {
    figure.value.stands_as(&held.value) && Bound::fits(figure.bound, held.bound) && is_bounded(figure, held)
}

/// Whether a passage bounds a figure on the side on which a sentence does: by a word behind it, by one before it, or as an end
/// of a range.
fn is_bounded(figure: &Stated, held: &Held) -> bool {
    let is_calendar = matches!(
        figure.value,
        Value::Date { .. } | Value::Time { .. } | Value::Quantity(_, Unit::Day | Unit::DayOfMonth)
    );
    let near = figure.before.iter().take(figure.near).take_while(|token| matches!(token, Token::Word(_)));
    let behind = figure.bound.filter(|_| held.bound.is_none() && !is_calendar);
    let needs_exact = matches!(behind, Some(Bound::Above | Bound::Below | Bound::Over));
    let sides = [near.clone().find_map(Side::of), behind.map(Bound::side)];
    let has = |side: Side| {
        held.is_end
            || held.bound.map(Bound::side) == Some(side)
            || held.before.iter().any(|token| Side::of(token) == Some(side) || (side == Side::Most && is_limit(token)))
    };
    !needs_exact && sides.into_iter().flatten().all(has)
}

/// The side on which a figure is a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Least,
    Most,
}

impl Side {
    /// What a word before a figure says of it.
    fn of(token: &Token) -> Option<Self> {
        const LEAST: [&str; 4] = ["최소", "최저", "최단", "하한"];
        const MOST: [&str; 4] = ["최대", "최고", "최장", "상한"];
        let Token::Word(word) = token else { return None };
        let begins = |sides: [&str; 4]| sides.iter().any(|side| word.starts_with(side));
        match (begins(LEAST), begins(MOST)) {
            (true, _) => Some(Self::Least),
            (false, true) => Some(Self::Most),
            (false, false) => None,
        }
    }
}

/// Whether a word says that the figure behind it is the most there may be.
fn is_limit(token: &Token) -> bool {
    matches!(token, Token::Word(word) if word.contains("한도"))
}

/// Whether the words before a figure fit a figure of the same sort better that has another value.
fn is_exchanged(figure: &Stated, cited: &[&Prepared]) -> bool {
    let (mut own, mut other) = ((0, 0), (0, 0));
    let units = cited.iter().flat_map(|ground| ground.units.iter().filter(|unit| unit.is_base));
    for held in units.flat_map(|unit| &unit.held) {
        if held.is_implied || !figure.value.is_like(&held.value) {
            continue;
        }
        let fits = |token: &&Token| held.before.iter().any(|theirs| token.fits(theirs));
        let near = figure.before.iter().take(figure.near).filter(fits).count();
        let all = figure.before.iter().filter(fits).count();
        if is_held(figure, held) {
            own = own.max((near, all));
        } else if !figure.value.stands_as(&held.value) {
            other = other.max((near, all));
        }
    }
    // Words that stand farther away count where none next to it tells.
    other.0 > own.0 || (own.0 == 0 && other > own)
}

fn says_respectively(figures: &Figures) -> bool {
    let text: String = figures.form.iter().collect();
    text.contains("각각") || text.contains("respectively")
}

/// The figures of a sentence by clause.
fn clauses<'s>(figures: &Figures, stated: &'s [Stated]) -> Vec<Vec<&'s Stated>> {
    let mut clauses: Vec<Vec<&Stated>> = Vec::new();
    let mut last_end = 0;
    for figure in stated {
        let gap = figures.form.get(last_end..figure.span.start).unwrap_or_default();
        let is_first = clauses.is_empty();
        if is_first || (ends_clause(gap) && !is_date(figure)) {
            clauses.push(Vec::new());
        }
        if let Some(clause) = clauses.last_mut() {
            clause.push(figure);
        }
        last_end = figure.span.end;
    }
    // A date before 기준 says when all of it holds.
    for clause in &mut clauses {
        if clause.len() > 1 {
            clause.retain(|figure| !is_date(figure));
        }
    }
    clauses
}

fn is_date(figure: &Stated) -> bool {
    matches!(figure.value, Value::Date { year: Some(_), .. })
}

/// Whether a clause ends in what stands between two figures: behind a comma that follows no topic, or a connective ending.
fn ends_clause(gap: &[char]) -> bool {
    const ENDINGS: [&str; 15] = [
        "이고",
        "이며",
        "하고",
        "되고",
        "있고",
        "없고",
        "지만",
        "으나",
        "는데",
        "며",
        "고",
        "니다.",
        "니다",
        "그리고",
        "또는",
    ];
    const TOPICS: [char; 6] = ['은', '는', '이', '가', '면', '서'];
    let text: String = gap.iter().collect();
    let mut parts = text.split(',').peekable();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        if !is_last && !part.trim_end().ends_with(TOPICS) {
            return true;
        }
        if part
            .split_whitespace()
            .any(|word| word.chars().count() > 1 && ENDINGS.iter().any(|ending| word.ends_with(ending)))
            || part.trim_start().starts_with("이고")
            || part.trim_start().starts_with("이며")
        {
            return true;
        }
    }
    gap.contains(&'·') || gap.contains(&'\n') || gap.contains(&';')
}

/// A text without its figures and what is written together with them.
pub(super) fn words_beside(figures: &Figures) -> String {
    let mut text = String::with_capacity(figures.form.len() * SYLLABLE_BYTES);
    let mut place = 0;
    for span in figures.all.iter().filter(|figure| !figure.is_implied).map(|figure| &figure.span) {
        text.extend(figures.form.get(place..span.start).unwrap_or_default());
        let rest = figures.form.get(span.end..).unwrap_or_default();
        place = span.end + rest.iter().take_while(|c| ('가'..='힣').contains(*c)).count();
        text.push(' ');
    }
    text.extend(figures.form.get(place..).unwrap_or_default());
    text
}
