//! Lines of a page, from its glyphs.

use std::collections::HashSet;

use crate::knowledge::import::marks;
use crate::knowledge::import::pdf::content::Direction;
use crate::knowledge::import::pdf::content::Glyph;

/// How far the base lines of one line lie apart, in sizes of its font.
const BASELINE_DRIFT_MAX: f64 = 0.4;
/// A wider gap, in sizes of the font, divides a line into pieces: cells, columns.
const PIECE_GAP_MIN: f64 = 1.2;
/// A wider gap is a space.
const WORD_GAP_MIN: f64 = 0.18;
/// As [`WORD_GAP_MIN`], between Hangul and other letters, which word processors set apart without a space.
const SCRIPT_GAP_MIN: f64 = 0.45;
/// A page writes its spaces when at least one of so many characters is one. In Korean every fourth is.
const CHARACTERS_PER_SPACE_MAX: usize = 20;
/// How many lines lie between the first and the last line of a cell at most. Columns of text are longer.
const ROWS_BACK_MAX: usize = 14;

/// How a page sets words apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spaces {
    /// By characters, so that a small gap between two scripts is no space.
    Written,
    /// By gaps alone.
    LeftOut,
}

impl Spaces {
    /// What these glyphs of a page do. Those of one cell may be too few to tell: `400원` has no space to write.
    pub fn of(glyphs: &[Glyph]) -> Self {
        let written = glyphs.iter().filter(|glyph| glyph.character.is_whitespace()).count();
        if written > 0 && written * CHARACTERS_PER_SPACE_MAX >= glyphs.len() { Self::Written } else { Self::LeftOut }
    }
}

/// A stretch of text on one base line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    /// Its text.
    pub text: String,
    /// Its left end.
    pub left: f64,
    /// Its right end.
    pub right: f64,
    /// It ends with a space, so that a line that continues it begins with a new word.
    pub ends_with_space: bool,
}

/// A line of a page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Its pieces from left to right; one for a line of plain text.
    pub pieces: Vec<Piece>,
    /// The base line, from the top of the page.
    pub y: f64,
    /// The size of most of its text.
    pub size: f64,
    /// All of it is bold.
    pub is_bold: bool,
    /// Where it stands in the order of what is drawn.
    pub order: usize,
}

impl Row {
    /// The left end.
    pub fn left(&self) -> f64 {
        self.pieces.first().map_or(0.0, |piece| piece.left)
    }

    /// The right end.
    pub fn right(&self) -> f64 {
        self.pieces.last().map_or(0.0, |piece| piece.right)
    }

    /// The whole line.
    pub fn text(&self) -> String {
        self.pieces.iter().map(|piece| piece.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Whether the line that continues it begins with a new word.
    pub fn ends_with_space(&self) -> bool {
        self.pieces.last().is_some_and(|piece| piece.ends_with_space)
    }

    fn characters(&self) -> usize {
        self.pieces.iter().map(|piece| piece.text.chars().count()).sum()
    }
}

/// The lines of a page, or of a cell on it, in reading order.
pub(super) fn rows(glyphs: Vec<Glyph>, spaces: Spaces) -> Vec<Row> {
    let glyphs = without_shadows(upright(glyphs));
    let mut rows: Vec<Row> = Vec::new();
    for row in pieces(&glyphs, spaces) {
        let shares = |open: &&mut Row| {
            let size = open.size.max(row.size);
            (open.y - row.y).abs() <= BASELINE_DRIFT_MAX * size
                && open.pieces.iter().all(|piece| row.left() > piece.right - size || row.right() < piece.left + size)
        };
        match rows.iter_mut().rev().take(ROWS_BACK_MAX).find(shares) {
            Some(open) => join(open, row),
            None => rows.push(row),
        }
    }
    for row in &mut rows {
        row.pieces.sort_by(|a, b| a.left.total_cmp(&b.left));
        join_marks(&mut row.pieces);
    }
    // Most programs draw text in the order it is read; where one does not, the page is read downwards.
    let upwards = rows.windows(2).filter(|pair| pair[1].y < pair[0].y - pair[0].size).count();
    if upwards * 4 > rows.len() {
        rows.sort_by(|a, b| a.y.total_cmp(&b.y));
    }
    rows
}

/// The glyphs of the direction that most of them have, turned so that they run to the right.
fn upright(mut glyphs: Vec<Glyph>) -> Vec<Glyph> {
    let count = |direction| glyphs.iter().filter(|glyph| glyph.direction == direction).count();
    let main = [Direction::Up, Direction::Down, Direction::Right].into_iter().max_by_key(|direction| count(*direction));
    let main = main.unwrap_or(Direction::Right);
    glyphs.retain(|glyph| glyph.direction == main);
    for glyph in &mut glyphs {
        (glyph.x, glyph.y) = match main {
            Direction::Right | Direction::Oblique => (glyph.x, glyph.y),
            Direction::Up => (-glyph.y, glyph.x),
            Direction::Down => (glyph.y, -glyph.x),
        };
    }
    glyphs
}

/// Leaves out glyphs drawn again at nearly the same place, which is how some programs make text bold.
fn without_shadows(glyphs: Vec<Glyph>) -> Vec<Glyph> {
    // Points, so that at most one lies between the two. The narrowest letters of small print are further apart.
    const FINENESS: f64 = 2.0;
    let mut seen = HashSet::new();
    let is_new = |glyph: &Glyph| {
        if glyph.character.is_whitespace() || glyph.width == 0.0 {
            return true;
        }
        let place = |position: f64| (position * FINENESS).round() as i64;
        let (x, y) = (place(glyph.x), place(glyph.y));
        let is_near = (-1..=1).any(|dx| (-1..=1).any(|dy| seen.contains(&(glyph.character, x + dx, y + dy))));
        seen.insert((glyph.character, x, y));
        !is_near
    };
    glyphs.into_iter().filter(is_new).collect()
}

/// Stretches of text as they were drawn, each as a line of its own.
fn pieces(glyphs: &[Glyph], spaces: Spaces) -> Vec<Row> {
    let mut found = Vec::new();
    let mut start = 0;
    for index in 1..=glyphs.len() {
        let goes_on = glyphs.get(index).is_some_and(|next| follows(&glyphs[index - 1], next));
        if !goes_on {
            found.extend(piece(&glyphs[start..index], spaces));
            start = index;
        }
    }
    found
}

fn follows(last: &Glyph, next: &Glyph) -> bool {
    let size = last.size.max(next.size);
    let gap = next.x - (last.x + last.width);
    (next.y - last.y).abs() <= BASELINE_DRIFT_MAX * size && gap > -size / 2.0 && gap < PIECE_GAP_MIN * size
}

fn piece(glyphs: &[Glyph], spaces: Spaces) -> Option<Row> {
    let gap = |pair: &[Glyph]| (pair[1].x - pair[0].x - pair[0].width) / pair[1].size.max(0.1);
    let mut gaps: Vec<_> = glyphs.windows(2).map(gap).collect();
    gaps.sort_by(f64::total_cmp);
    // Text may be spaced out or narrowed as a whole.
    let usual = gaps.get(gaps.len() / 2).copied().unwrap_or_default();
    let has_spaces = spaces == Spaces::Written || glyphs.iter().any(|glyph| glyph.character.is_whitespace());
    let mut text = String::new();
    for (index, glyph) in glyphs.iter().enumerate() {
        let character = if glyph.character.is_whitespace() { ' ' } else { marks::plain(glyph.character) };
        if let Some(pair) = index.checked_sub(1).and_then(|last| glyphs.get(last..=index)) {
            let is_numbered =
                text.len() <= 4 && text.ends_with(['.', ')']) && text.starts_with(|c: char| c.is_ascii_digit());
            let is_mixed = has_spaces && !is_numbered && is_hangul(pair[0].character) != is_hangul(character);
            let least = if is_mixed { SCRIPT_GAP_MIN } else { WORD_GAP_MIN };
            if gap(pair) > usual + least && !text.ends_with(' ') {
                text.push(' ');
            }
        }
        text.push(character);
    }
    let shown = |glyph: &&Glyph| !glyph.character.is_whitespace();
    let first = glyphs.iter().find(shown)?;
    let end = glyphs.iter().rfind(shown)?;
    let all = glyphs.iter().filter(shown);
    let size = all.clone().map(|glyph| glyph.size).fold(0.0, f64::max);
    let is_bold = all.clone().all(|glyph| glyph.is_bold);
    let ends_with_space = text.ends_with(' ');
    let piece = Piece { text: text.trim().to_owned(), left: first.x, right: end.x + end.width, ends_with_space };
    Some(Row { pieces: vec![piece], y: first.y, size, is_bold, order: first.order })
}

fn is_hangul(character: char) -> bool {
    ('가'..='힣').contains(&character)
}

/// Adds a piece to the line it stands on; touching pieces are one.
fn join(open: &mut Row, row: Row) {
    let is_longer = row.characters() > open.characters();
    if is_longer {
        (open.size, open.y) = (row.size, row.y);
    }
    open.is_bold &= row.is_bold;
    for piece in row.pieces {
        let gap = |other: &Piece| piece.left - other.right;
        let touches = |other: &&mut Piece| gap(other) > -open.size && gap(other) < PIECE_GAP_MIN * open.size;
        match open.pieces.iter_mut().find(touches) {
            Some(before) => {
                if before.ends_with_space || gap(before) > SCRIPT_GAP_MIN * open.size {
                    before.text.push(' ');
                }
                before.text.push_str(&piece.text);
                before.right = before.right.max(piece.right);
                before.ends_with_space = piece.ends_with_space;
            }
            None => open.pieces.push(piece),
        }
    }
}

/// A mark or number that stands before its text at some distance belongs to it.
fn join_marks(pieces: &mut Vec<Piece>) {
    let is_mark = |text: &str| {
        let body = text.trim_end_matches(['.', ')']).trim_start_matches('(');
        let is_short = text.chars().count() <= 6;
        let is_symbol = text.chars().count() == 1 && !text.starts_with(char::is_alphanumeric);
        let is_number = body.len() < text.len() && body.chars().all(|c| c.is_ascii_digit() || c == '.');
        let is_letter = body.len() < text.len() && body.chars().count() == 1;
        is_short && (is_symbol || is_number || is_letter || ('①'..='⑳').any(|number| text == number.to_string()))
    };
    if let [first, second, ..] = pieces.as_mut_slice()
        && is_mark(&first.text)
    {
        second.text = format!("{} {}", first.text, second.text);
        second.left = first.left;
        pieces.remove(0);
    }
}
