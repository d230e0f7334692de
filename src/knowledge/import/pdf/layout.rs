//! What the lines of a document form: headings, paragraphs, lists and tables.
//!
//! Headings are larger or bolder than the body; where there are none, the marks their authors typed are followed
//! (`marks`). A table without rules is told by at least three lines whose pieces stand in the same columns.

use std::collections::HashMap;

use crate::knowledge::import::grid::Grid;
use crate::knowledge::import::marks;
use crate::knowledge::import::marks::Line;
use crate::knowledge::import::outline::Outline;
use crate::knowledge::import::pdf::content::Glyph;
use crate::knowledge::import::pdf::lines;
use crate::knowledge::import::pdf::lines::Row;
use crate::knowledge::import::pdf::lines::Spaces;
use crate::knowledge::import::pdf::paragraphs::Paragraphs;
use crate::knowledge::import::pdf::ruled::RuledTable;

/// Lines of a table.
const TABLE_ROWS_MIN: usize = 3;
/// Base lines closer than this, in sizes of the font, are not those of two lines of one table.
const TABLE_ROW_GAP_MIN: f64 = 0.85;
/// Base lines closer than this may continue a cell.
const TABLE_LINE_GAP_MAX: f64 = 1.9;
/// How much larger than the body a heading is.
const HEADING_GROWTH_MIN: f64 = 1.12;
const HEADING_CHARACTERS_MAX: usize = 80;

/// What is typical of a document's text.
pub(super) struct Typical {
    /// The size of most of its text.
    body_size: f64,
    is_body_bold: bool,
    /// The styles of headings, the most prominent first.
    headings: Vec<Style>,
}

/// A size in half points, and whether it is bold. Ordered by prominence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Style {
    half_points: u32,
    is_bold: bool,
}

impl Style {
    fn of(row: &Row) -> Self {
        Self { half_points: (row.size * 2.0).round() as u32, is_bold: row.is_bold }
    }
}

/// What stands on one page.
pub(super) struct Page {
    /// Its tables that are drawn with rules.
    pub tables: Vec<RuledTable>,
    /// The lines of its other text.
    pub rows: Vec<Row>,
    /// How it sets words apart.
    pub spaces: Spaces,
}

/// The outline of a document's pages.
pub(super) fn outline(pages: Vec<Page>) -> Outline {
    let (mut texts, ruled): (Vec<_>, Vec<_>) =
        pages.into_iter().map(|page| (page.rows, (page.tables, page.spaces))).unzip();
    leave_out_running_lines(&mut texts);
    let typical = Typical::of(&texts);
    let mut paragraphs = Paragraphs::new(&texts, Outline::new(typical.is_styled(&texts)));
    let mut open: Option<OpenTable> = None;
    for (number, (rows, (mut tables, spaces))) in (1..).zip(texts.iter().zip(ruled)) {
        paragraphs.turn_to(number, rows);
        tables.sort_by_key(|table| table.order);
        let mut tables = tables.into_iter().peekable();
        let mut index = 0;
        loop {
            let next = rows.get(index);
            if let Some(table) = tables.next_if(|table| next.is_none_or(|row| table.order < row.order)) {
                // A table goes on at the top of the next page.
                let table = OpenTable::of(table, number, |glyphs| paragraphs.joined(&lines::rows(glyphs, spaces)));
                let table = OpenTable::continued(&mut open, table);
                close(open.replace(table), &mut paragraphs);
                continue;
            }
            let Some(row) = next else { break };
            close(open.take(), &mut paragraphs);
            if let Some((grid, length)) = table(&rows[index..]) {
                paragraphs.table(grid, number);
                index += length;
            } else {
                paragraphs.line(row, typical.level(row));
                index += 1;
            }
        }
    }
    close(open, &mut paragraphs);
    paragraphs.finish()
}

/// A table drawn with rules that may go on on the next page.
struct OpenTable {
    page: u32,
    columns: Vec<f64>,
    height: usize,
    cells: Vec<([usize; 2], [usize; 2], String)>,
}

impl OpenTable {
    /// A page's table, each cell's glyphs as text.
    fn of(table: RuledTable, page: u32, text: impl Fn(Vec<Glyph>) -> String) -> Self {
        let height = table.height();
        let cells = table.cells.into_iter().map(|cell| (cell.place, cell.span, text(cell.glyphs))).collect();
        Self { page, columns: table.columns, height, cells }
    }

    /// The open table with another one below it, when they have the same columns; else that other one.
    fn continued(open: &mut Option<Self>, table: Self) -> Self {
        const NEAR: f64 = 4.0;
        let has_same_columns = |open: &mut Self| {
            open.columns.len() == table.columns.len()
                && open.columns.iter().zip(&table.columns).all(|(a, b)| (a - b).abs() < NEAR)
        };
        let Some(mut open) = open.take_if(has_same_columns) else {
            return table;
        };
        // The header stands again at the top of each page.
        let header = |cells: &[([usize; 2], [usize; 2], String)]| {
            cells.iter().filter(|(place, ..)| place[0] == 0).map(|(.., text)| text.clone()).collect::<Vec<_>>()
        };
        let skipped = usize::from(header(&open.cells) == header(&table.cells));
        let below = table.cells.into_iter().filter(|(place, ..)| place[0] >= skipped);
        let moved = below.map(|([row, column], span, text)| ([open.height + row - skipped, column], span, text));
        let moved: Vec<_> = moved.collect();
        open.cells.extend(moved);
        open.height += table.height - skipped.min(table.height);
        open
    }
}

/// Writes a table that does not go on.
fn close(open: Option<OpenTable>, paragraphs: &mut Paragraphs) {
    let Some(table) = open else { return };
    let mut grid = Grid::new();
    for (place, span, text) in table.cells {
        grid.put(place, span, text);
    }
    paragraphs.table(grid, table.page);
}

impl Typical {
    fn of(pages: &[Vec<Row>]) -> Self {
        let mut characters: HashMap<Style, usize> = HashMap::new();
        for row in pages.iter().flatten() {
            *characters.entry(Style::of(row)).or_default() += row.text().chars().count();
        }
        let body = characters.iter().max_by_key(|(style, count)| (**count, **style)).map(|(style, _)| *style);
        let body = body.unwrap_or(Style { half_points: 20, is_bold: false });
        let body_size = f64::from(body.half_points) / 2.0;
        let mut typical = Self { body_size, is_body_bold: body.is_bold, headings: Vec::new() };
        let rows = pages.iter().flatten().filter(|row| typical.is_heading(row));
        let mut headings: Vec<_> = rows.map(Style::of).collect();
        headings.sort_unstable_by(|a, b| b.cmp(a));
        headings.dedup();
        typical.headings = headings;
        typical
    }

    /// Whether headings are told by their looks. A title alone does not make an outline.
    fn is_styled(&self, pages: &[Vec<Row>]) -> bool {
        pages.iter().flatten().filter(|row| self.is_heading(row)).count() >= 3
    }

    /// The level of a heading; `None` for other lines.
    fn level(&self, row: &Row) -> Option<u8> {
        let style = Style::of(row);
        let position = self.headings.iter().position(|known| *known == style).filter(|_| self.is_heading(row))?;
        Some(u8::try_from(position + 1).unwrap_or(u8::MAX).min(9))
    }

    fn is_heading(&self, row: &Row) -> bool {
        let [piece] = row.pieces.as_slice() else {
            return false;
        };
        let is_prominent = row.size >= self.body_size * HEADING_GROWTH_MIN
            || (row.is_bold && !self.is_body_bold && row.size >= self.body_size * 0.95);
        is_prominent
            && piece.text.chars().count() <= HEADING_CHARACTERS_MAX
            && piece.text.chars().any(char::is_alphabetic)
            && !marks::is_sentence(&piece.text)
            && !matches!(marks::line(&piece.text), Line::Bullet(_) | Line::Numbered)
    }
}

/// Leaves out headers, footers and page numbers: lines at the edge of a page that stand there on half of the pages.
fn leave_out_running_lines(pages: &mut [Vec<Row>]) {
    const EDGE_ROWS: usize = 2;
    const LINE_PITCH: f64 = 8.0;
    let key = |row: &Row| {
        let text = row.text();
        let signs = text.chars().map(|c| if c.is_ascii_digit() { '#' } else { c });
        let mut shown: String = signs.filter(|c| !c.is_whitespace()).collect();
        while shown.contains("##") {
            shown = shown.replace("##", "#");
        }
        (shown, (row.y / LINE_PITCH).round() as i64)
    };
    let edges = |rows: &[Row]| {
        let mut order: Vec<_> = (0..rows.len()).collect();
        order.sort_by(|&a, &b| rows[a].y.total_cmp(&rows[b].y));
        let last = order.len().saturating_sub(EDGE_ROWS).max(EDGE_ROWS.min(order.len()));
        [&order[..EDGE_ROWS.min(order.len())], &order[last..]].concat()
    };
    let mut counts: HashMap<(String, i64), usize> = HashMap::new();
    for rows in pages.iter() {
        for index in edges(rows) {
            *counts.entry(key(&rows[index])).or_default() += 1;
        }
    }
    let least = (pages.len() / 2).max(2);
    for rows in pages.iter_mut() {
        let mut dropped = edges(rows);
        dropped.retain(|&index| counts.get(&key(&rows[index])).is_some_and(|count| *count >= least));
        dropped.sort_unstable();
        for index in dropped.into_iter().rev() {
            rows.remove(index);
        }
    }
}

/// The table without rules that begins with the first line, and how many lines it takes; `None` where none does.
fn table(rows: &[Row]) -> Option<(Grid, usize)> {
    let length = table_length(rows);
    let rows = &rows[..length];
    let columns = columns(rows);
    let full = rows.iter().filter(|row| row.pieces.len() > 1).count();
    // Cells set in the middle of taller ones cannot be told from lines of their own.
    let is_crowded = rows.windows(2).any(|pair| pair[1].y - pair[0].y < TABLE_ROW_GAP_MIN * pair[1].size);
    if columns.len() < 2 || full < TABLE_ROWS_MIN || rows.first()?.pieces.len() < columns.len() || is_crowded {
        return None;
    }
    let column_of = |left: f64| columns.iter().position(|(_, right)| left < *right).unwrap_or(columns.len() - 1);
    let mut cells: Vec<Vec<String>> = Vec::new();
    let mut last_y = f64::NEG_INFINITY;
    for row in rows {
        let mut texts = vec![String::new(); columns.len()];
        for piece in &row.pieces {
            texts[column_of(piece.left)].push_str(&piece.text);
        }
        let continues = texts[0].is_empty() && row.y - last_y < TABLE_LINE_GAP_MAX * row.size;
        last_y = row.y;
        match cells.last_mut().filter(|_| continues) {
            Some(above) => {
                for (above, text) in above.iter_mut().zip(texts).filter(|(_, text)| !text.is_empty()) {
                    let space = if above.is_empty() { "" } else { " " };
                    *above = format!("{above}{space}{text}");
                }
            }
            None => cells.push(texts),
        }
    }
    let mut grid = Grid::new();
    for (row, texts) in cells.into_iter().enumerate() {
        for (column, text) in texts.into_iter().enumerate() {
            grid.put([row, column], [1, 1], text);
        }
    }
    Some((grid, length))
}

/// How many lines from the first on may form a table: lines of several pieces, and pieces that continue a cell.
fn table_length(rows: &[Row]) -> usize {
    let mut length = 0;
    let mut end = 0;
    let mut known: Vec<(f64, f64)> = Vec::new();
    while let Some(row) = rows.get(length) {
        let gap = length.checked_sub(1).map_or(0.0, |last| row.y - rows[last].y);
        if gap < 0.0 || gap > 4.0 * row.size {
            break;
        }
        let mut wider = known.clone();
        add_columns(&mut wider, row);
        // A line that bridges the gap between two columns is text below the table.
        if (length > 0 && wider.len() < known.len().max(2)) || (length == 0 && row.pieces.len() < 2) {
            break;
        }
        let [piece] = row.pieces.as_slice() else {
            known = wider;
            length += 1;
            end = length;
            continue;
        };
        let continues = gap < TABLE_LINE_GAP_MAX * row.size
            && known.iter().any(|(left, right)| piece.left >= left - row.size && piece.right <= right + row.size);
        if !continues {
            break;
        }
        known = wider;
        length += 1;
        // Lines below the last full one belong to its cells, unless they stand in the first column: text goes on there.
        if known.first().is_some_and(|first| piece.left > first.1) {
            end = length;
        }
    }
    end
}

fn columns(rows: &[Row]) -> Vec<(f64, f64)> {
    let mut columns = Vec::new();
    for row in rows {
        add_columns(&mut columns, row);
    }
    columns
}

/// Widens the columns by a line's pieces; those that touch become one.
fn add_columns(columns: &mut Vec<(f64, f64)>, row: &Row) {
    for piece in &row.pieces {
        let (mut left, mut right) = (piece.left, piece.right);
        columns.retain(|column| {
            let touches = column.0 < right && left < column.1;
            if touches {
                (left, right) = (left.min(column.0), right.max(column.1));
            }
            !touches
        });
        columns.push((left, right));
    }
    columns.sort_by(|a, b| a.0.total_cmp(&b.0));
}
