//! Whether the figures of a sentence are those of the passages it cites: each of them stands there, those of a clause stand
//! there together, and none was exchanged for its neighbour.

use std::ops::Range;

use crate::chat::guard::bounds::Bound;
use crate::chat::guard::bounds::Side;
use crate::chat::guard::bounds::denied_bound;
use crate::chat::guard::bounds::is_limit;
use crate::chat::guard::grounds::Held;
use crate::chat::guard::grounds::Prepared;
use crate::text::figures::Figure;
use crate::text::figures::Figures;
use crate::text::figures::Unit;
use crate::text::figures::Value;
use crate::text::tokens;

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
    /// The figure with which a range begins that ends with this one.
    pub from: Option<Value>,
}

/// Words before a figure that say nothing of what it is.
const FILLERS: [&str; 19] = [
    "에서",
    "부터",
    "까지",
    "이고",
    "이며",
    "을",
    "연",
    "약",
    "총",
    "각각",
    "모두",
    "기준",
    "세전",
    "경우",
    "적용",
    "고객",
    "고객님",
    "보통",
    "해당",
];
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
        let mut from = None;
        let mut near = before.len();
        if let Some(like) = like {
            let is_range = before.is_empty();
            let gap: String = figures.form.get(start..figure.span.start).unwrap_or_default().iter().collect();
            if is_range && ["에서", "부터", "~", "∼"].iter().any(|word| gap.trim_start().starts_with(word)) {
                from = Some(all[like].value.clone());
                all[like].is_end = true;
            }
            near = if is_range { all[like].near } else { near };
            before.extend(all[like].before.iter().skip(usize::from(!is_range)).cloned());
        }
        before.truncate(BEFORE_MAX + BEFORE_MAX);
        let is_end = from.is_some() || is_end_of_range(&figures.form, &figure.span);
        all.push(Stated { is_end, from, value: figure.value.clone(), bound, before, near, span: figure.span.clone() });
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
    let label = label(figures);
    let stated: Vec<Stated> =
        stated.into_iter().filter(|figure| !counts_nothing_told(figure, figures, cited)).collect();
    let holds = |figure: &Stated| {
        cited.iter().any(|ground| {
            ground.is_context(figure)
                || ground.units.iter().any(|unit| unit.held.iter().any(|held| is_held(figure, held)))
        })
    };
    if !stated.iter().all(holds) {
        return false;
    }
    let is_together = clauses(figures, &stated).into_iter().all(|clause| {
        let together = |ground: &Prepared| {
            ground.units.iter().any(|unit| {
                clause
                    .iter()
                    .all(|figure| ground.is_context(figure) || unit.held.iter().any(|held| is_held(figure, held)))
            })
        };
        cited.iter().any(|ground| together(ground))
    });
    is_together
        && (says_respectively(figures) || stated.iter().all(|figure| !is_exchanged(figure, &label, cited)))
        && stated.iter().all(|figure| !is_cut_from_range(figure, cited))
}

/// Whether a figure of a passage is the one a sentence tells, bound and all.
pub(super) fn is_held(figure: &Stated, held: &Held) -> bool {
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
            || (side == Side::Most && held.is_limit && held.bound.is_none())
            || held.bound.map(Bound::side) == Some(side)
            || held.before.iter().any(|token| Side::of(token) == Some(side) || (side == Side::Most && is_limit(token)))
    };
    !needs_exact && sides.into_iter().flatten().all(has)
}

/// Whether the words before a figure fit a figure of the same sort better that has another value.
fn is_exchanged(figure: &Stated, label: &[Token], cited: &[&Prepared]) -> bool {
    let (mut own, mut other) = ((0, 0, 0), (0, 0, 0));
    if is_whole_range(figure, cited) {
        return false;
    }
    let units = cited.iter().flat_map(|ground| ground.units.iter().filter(|unit| unit.is_base));
    for held in units.flat_map(|unit| &unit.held) {
        if held.is_implied || !figure.value.is_like(&held.value) {
            continue;
        }
        // The same word tells more than one that it is part of.
        let fit = |token: &Token| match held.before.contains(token) {
            true => 2,
            false => usize::from(held.before.iter().any(|theirs| token.fits(theirs))),
        };
        let near: usize = figure.before.iter().take(figure.near).map(fit).sum();
        let all: usize = figure.before.iter().map(fit).sum();
        let about = held.subject.iter().filter(|theirs| label.iter().any(|token| token.fits(theirs))).count();
        if is_held(figure, held) {
            own = own.max((about, near, all));
        } else if !figure.value.stands_as(&held.value) {
            other = other.max((about, near, all));
        }
    }
    // Words that stand farther away count where none next to it tells.
    let (own_near, other_near) = ((own.0, own.1), (other.0, other.1));
    other_near > own_near || (own_near == (0, 0) && other > own)
}

/// What stands before the colon of a list item: the row it is about.
fn label(figures: &Figures) -> Vec<Token> {
    const CHARS_MAX: usize = 24;
    let first = figures.all.first().map_or(figures.form.len(), |figure| figure.span.start);
    let text: String = figures.form.iter().take(first.min(CHARS_MAX)).collect();
    text.split_once(':').map_or_else(Vec::new, |(label, _)| words_of(label).into_iter().map(Token::Word).collect())
}

/// Whether a figure ends a range that a passage has, too: from the one to the other.
fn is_whole_range(figure: &Stated, cited: &[&Prepared]) -> bool {
    let Some(from) = &figure.from else { return false };
    cited
        .iter()
        .flat_map(|ground| &ground.units)
        .filter(|unit| unit.is_base)
        .any(|unit| unit.held.windows(2).any(|pair| from.stands_as(&pair[0].value) && is_held(figure, &pair[1])))
}

/// Whether a figure counts what the sentence itself has just listed (영업부와 환전소 두 곳), or only says "once" before what the
/// customer does (한 번 바꾸시면). Never where a passage counts the same.
fn counts_nothing_told(figure: &Stated, figures: &Figures, cited: &[&Prepared]) -> bool {
    const COUNTS_MAX: u128 = 5_000_000;
    /// Words between the last joint of a list and the figure: the last thing listed.
    const LAST_WORDS_MAX: usize = 3;
    let Value::Quantity(micro, unit @ (Unit::Things | Unit::Times)) = figure.value else { return false };
    let is_native = figures.form.get(figure.span.start).is_some_and(|c| ('가'..='힣').contains(c));
    let is_counted = cited
        .iter()
        .flat_map(|ground| &ground.units)
        .flat_map(|together| &together.held)
        .any(|held| matches!(held.value, Value::Quantity(_, theirs) if theirs == unit));
    if !is_native || is_counted || figure.bound.is_some() {
        return false;
    }
    let text = |part: Option<&[char]>| part.unwrap_or_default().iter().collect::<String>();
    if unit == Unit::Times {
        let behind = text(figures.form.get(figure.span.end..));
        return micro == 1_000_000 && behind.split_whitespace().next().is_some_and(|word| word.ends_with('면'));
    }
    let before = text(figures.form.get(..figure.span.start)).replace(", 그리고", ",").replace('·', ", ");
    let words: Vec<&str> = before.split_whitespace().collect();
    let is_joint = |word: &&str| word.chars().count() > 1 && word.ends_with([',', '와', '과', '랑']);
    let is_near = words.iter().rev().take(LAST_WORDS_MAX + 1).any(is_joint);
    let joints = words.iter().filter(|word| is_joint(word)).count();
    micro <= COUNTS_MAX && is_near && (joints as u128 + 1) * 1_000_000 == micro
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
        let behind = rest.iter().take_while(|c| ('가'..='힣').contains(*c)).count();
        let attached: String = rest[..behind].iter().collect();
        place = span.end + behind + denied_bound(rest, behind);
        text.push(' ');
        // Of 50%이며 the verb is left: it ends what is said.
        if COPULAS.iter().any(|copula| attached.starts_with(copula)) {
            text.push_str(&attached);
        }
    }
    text.extend(figures.form.get(place..).unwrap_or_default());
    text
}

/// Forms of 이다 behind a figure.
const COPULAS: [&str; 7] = ["입니다", "이며", "이고", "이에요", "예요", "이지만", "인데"];
