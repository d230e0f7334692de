//! Lines joined into paragraphs.
//!
//! A line goes on in the next one when the next one's first word would not have fitted into it. Whether a space stands
//! between them the file may not say: Korean is broken within words too, and many programs leave out the space at the
//! end of a line. Where most full lines end with one, a line without is broken within a word.

use std::collections::HashSet;

use crate::knowledge::import::grid::Grid;
use crate::knowledge::import::marks;
use crate::knowledge::import::marks::Line;
use crate::knowledge::import::outline::Outline;
use crate::knowledge::import::pdf::lines::Row;

/// How much larger than usual the distance of two lines of one paragraph may be.
const PITCH_GROWTH_MAX: f64 = 1.25;
/// The length of the shortest line that goes on, in sizes of its font.
const FULL_LINE_MIN: f64 = 12.0;
/// The distance of the lines of one heading, in sizes of its font.
const HEADING_PITCH_MAX: f64 = 2.4;
/// The distance of lines, in sizes of the font, where a document has too few lines to tell.
const PITCH_USUAL: f64 = 1.6;
/// The free space at the end of a line, in sizes of the font, of a text that is broken within words.
const SLACK_MAX: f64 = 1.1;
/// Fewer full lines do not tell how a text is broken.
const SLACKS_MIN: usize = 6;
/// Fewer spaces at the end of full lines do not tell that all are written there.
const FINAL_SPACES_MIN: usize = 3;

/// Syllables that words often end with: particles, and endings of verbs.
const PARTICLES: &[char] = &[
    '은', '는', '을', '를', '에', '의', '로', '며', '고', '과', '와', '도', '서', '여', '한', '할', '된', '될', '인',
    '가', '이', '게', '지', '해',
];

/// Joins lines and writes them into the outline.
pub(super) struct Paragraphs {
    outline: Outline,
    pending: Option<Pending>,
    /// The usual distance of lines, in sizes of the font.
    pitch: f64,
    /// Lines end within words.
    breaks_words: bool,
    /// A space between two lines is written at the end of the first.
    writes_final_spaces: bool,
    /// Words that stand inside lines.
    vocabulary: HashSet<String>,
    page: u32,
    /// The page's lines, as left and right ends.
    extents: Vec<(f64, f64)>,
}

/// A paragraph that may go on.
struct Pending {
    text: String,
    level: Option<u8>,
    page: u32,
    size: f64,
    y: f64,
    left: f64,
    right: f64,
    margin: f64,
    lines: usize,
    ends_with_space: bool,
    /// It begins with a mark, so its other lines are indented.
    is_marked: bool,
    /// Its last line stands in one piece.
    is_whole: bool,
}

impl Paragraphs {
    /// Nothing joined yet; the document's habits are told from all its pages.
    pub fn new(pages: &[Vec<Row>], outline: Outline) -> Self {
        let rows = || pages.iter().flatten();
        let final_spaces = rows().filter(|row| row.ends_with_space()).count();
        let vocabulary = rows().flat_map(|row| {
            let text = row.text();
            let words: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
            let inside = words.len().saturating_sub(2);
            words.into_iter().skip(1).take(inside)
        });
        let vocabulary = vocabulary.collect();
        let Habits { pitch, slack, writes_final_spaces } = Habits::of(pages);
        Self {
            outline,
            pending: None,
            pitch,
            breaks_words: slack.is_some_and(|slack| slack < SLACK_MAX) || final_spaces * 10 > rows().count(),
            writes_final_spaces,
            vocabulary,
            page: 1,
            extents: Vec::new(),
        }
    }

    /// What follows stands on this page, whose lines these are.
    pub fn turn_to(&mut self, page: u32, rows: &[Row]) {
        self.page = page;
        self.extents = rows.iter().map(|row| (row.left(), row.right())).collect();
    }

    /// One line; `level` is that of a heading.
    pub fn line(&mut self, row: &Row, level: Option<u8>) {
        let text = row.text();
        if let Some(pending) = self.pending.as_ref().filter(|pending| self.goes_on(pending, row, &text, level)) {
            let is_spaced = pending.ends_with_space || self.is_spaced(&pending.text, &text);
            let space = if is_spaced { " " } else { "" };
            let pending = self.pending.take();
            self.pending = pending.map(|pending| Pending {
                text: format!("{}{space}{text}", pending.text),
                page: self.page,
                y: row.y,
                left: row.left(),
                right: row.right(),
                margin: self.margin(row),
                lines: pending.lines + 1,
                ends_with_space: row.ends_with_space(),
                is_whole: row.pieces.len() == 1,
                ..pending
            });
            return;
        }
        self.end();
        self.outline.turn_to(self.page);
        self.pending = Some(Pending {
            level,
            page: self.page,
            size: row.size,
            y: row.y,
            left: row.left(),
            right: row.right(),
            margin: self.margin(row),
            lines: 1,
            ends_with_space: row.ends_with_space(),
            is_marked: !matches!(marks::line(&text), Line::Text),
            is_whole: row.pieces.len() == 1,
            text,
        });
    }

    /// The lines of a cell as one text.
    pub fn joined(&self, rows: &[Row]) -> String {
        let right = rows.iter().map(Row::right).fold(0.0, f64::max);
        let mut joined = String::new();
        for (index, row) in rows.iter().enumerate() {
            let text = row.text();
            let above = index.checked_sub(1).and_then(|above| rows.get(above));
            // Within a cell lines are short: one that nearly fills it may be broken within a word.
            let is_spaced = |above: &Row| {
                let is_full = above.right() + above.size > right;
                above.ends_with_space() || !is_full || self.is_spaced(&joined, &text)
            };
            if above.is_some_and(is_spaced) {
                joined.push(' ');
            }
            joined.push_str(&text);
        }
        joined
    }

    /// A table that begins on this page.
    pub fn table(&mut self, grid: Grid, page: u32) {
        self.end();
        self.outline.turn_to(page);
        self.outline.table(grid);
    }

    /// Everything that was joined.
    pub fn finish(mut self) -> Outline {
        self.end();
        self.outline
    }

    fn end(&mut self) {
        match self.pending.take() {
            Some(Pending { level: Some(level), text, .. }) => self.outline.heading(level, &text),
            Some(Pending { level: None, text, .. }) => self.outline.text(&text),
            None => {}
        }
    }

    fn goes_on(&self, pending: &Pending, row: &Row, text: &str, level: Option<u8>) -> bool {
        let size = pending.size.max(row.size);
        let is_plain = level.is_some() || matches!(marks::line(text), Line::Text);
        if pending.level != level
            || !is_plain
            || !pending.is_whole
            || row.pieces.len() > 1
            || (pending.size - row.size).abs() > size * 0.08
        {
            return false;
        }
        let first_word = text.split_whitespace().next().unwrap_or_default();
        let share = first_word.chars().count() as f64 / text.chars().count().max(1) as f64;
        let word_width = (row.right() - row.left()) * share;
        let is_long = pending.right - pending.left >= FULL_LINE_MIN * size;
        let is_full = is_long && pending.right + word_width + size > pending.margin;
        if pending.page != self.page {
            return is_full && level.is_none() && !marks::is_sentence(&pending.text);
        }
        let gap = row.y - pending.y;
        let pitch_max = if level.is_some() { HEADING_PITCH_MAX } else { self.pitch * PITCH_GROWTH_MAX };
        let is_near = gap > 0.0 && gap <= pitch_max * size;
        // The second line of a centred heading begins further to the right.
        let may_be_indented = level.is_some() || (pending.is_marked && pending.lines == 1);
        let is_indented = !may_be_indented && row.left() > pending.left + 0.7 * size;
        is_near && is_full && !is_indented
    }

    /// Whether a space that the file does not show stands between a line and the one that continues it.
    fn is_spaced(&self, text: &str, next: &str) -> bool {
        let is_hangul = |c: char| ('가'..='힣').contains(&c);
        let last = text.split_whitespace().next_back().unwrap_or_default();
        let first = next.split_whitespace().next().unwrap_or_default();
        if self.writes_final_spaces {
            // A sentence that fills its line may be the last of a paragraph, which has no space at its end.
            let sentence = last.trim_end_matches(['.', '?', '!']);
            return sentence.len() < last.len() && sentence.ends_with(is_hangul);
        }
        if !self.breaks_words {
            return true;
        }
        if self.vocabulary.contains(&format!("{last}{first}")) {
            return false;
        }
        if !last.ends_with(is_hangul) || !first.starts_with(is_hangul) {
            // A bracket stands directly behind its word and before what it holds, a middle dot between words.
            return !first.starts_with(['(', ')', '[', ']', ',', '.', '·']) && !last.ends_with(['(', '[', '·']);
        }
        let ends_word = last.chars().count() > 1 && last.ends_with(PARTICLES);
        ends_word || self.vocabulary.contains(last) || self.vocabulary.contains(first)
    }

    /// How far to the right the text around a line reaches.
    fn margin(&self, row: &Row) -> f64 {
        let (left, right) = (row.left(), row.right());
        let beside =
            |extent: &&(f64, f64)| extent.0.max(left) < extent.1.min(right) && extent.0 < left + (right - left) / 2.0;
        self.extents.iter().filter(beside).map(|extent| extent.1).fold(right, f64::max)
    }
}

/// How a document's full lines are set.
struct Habits {
    /// The usual distance of lines, in sizes of the font.
    pitch: f64,
    /// The free space that nearly all of them leave at their end; `None` where there are too few of them.
    slack: Option<f64>,
    writes_final_spaces: bool,
}

impl Habits {
    fn of(pages: &[Vec<Row>]) -> Self {
        let mut pitches = Vec::new();
        let mut slacks = Vec::new();
        let mut final_spaces = 0;
        for rows in pages {
            let margin = rows.iter().map(Row::right).fold(0.0, f64::max);
            for pair in rows.windows(2) {
                let [above, below] = pair else { continue };
                let pitch = (below.y - above.y) / above.size.max(0.1);
                let slack = (margin - above.right()) / above.size.max(0.1);
                if above.pieces.len() == 1 && (0.9..3.0).contains(&pitch) && (above.size - below.size).abs() < 0.5 {
                    // A line that nearly fills the page is one that goes on; its distance is that within paragraphs.
                    if slack < 6.0 {
                        pitches.push(pitch);
                        slacks.push(slack);
                        final_spaces += usize::from(above.ends_with_space());
                    }
                }
            }
        }
        let at = |numbers: &mut Vec<f64>, share: f64| {
            numbers.sort_by(f64::total_cmp);
            numbers.get((numbers.len() as f64 * share) as usize).copied()
        };
        // A text broken within words has a space at every third line; there the words themselves tell more.
        let writes_final_spaces = final_spaces >= FINAL_SPACES_MIN && final_spaces * 2 >= slacks.len();
        let slack = if slacks.len() < SLACKS_MIN { None } else { at(&mut slacks, 0.8) };
        Self { pitch: at(&mut pitches, 0.5).unwrap_or(PITCH_USUAL), slack, writes_final_spaces }
    }
}
