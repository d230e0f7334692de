//! Tables that are drawn with rules: where their cells are, and which glyphs stand in each.

use crate::knowledge::import::pdf::content::Direction;
use crate::knowledge::import::pdf::content::Glyph;
use crate::knowledge::import::pdf::rules::Rule;

/// Rules closer than this are one, and meet where they end.
const NEAR: f64 = 3.0;
/// Rows and columns of one table on one page.
const LINES_MAX: usize = 200;
/// The least height of a row and width of a column.
const CELL_MIN: f64 = 5.0;

/// A table on one page.
#[derive(Debug)]
pub(super) struct RuledTable {
    /// The places of its columns' edges.
    pub columns: Vec<f64>,
    /// The places of its rows' edges.
    rows: Vec<f64>,
    /// Its cells, row by row.
    pub cells: Vec<RuledCell>,
    /// Where it stands in the order of what is drawn.
    pub order: usize,
}

/// A cell, and what stands in it.
#[derive(Debug)]
pub(super) struct RuledCell {
    /// Its row and column.
    pub place: [usize; 2],
    /// The rows and columns it takes.
    pub span: [usize; 2],
    /// What stands in it.
    pub glyphs: Vec<Glyph>,
}

impl RuledTable {
    /// How many rows it has.
    pub fn height(&self) -> usize {
        self.rows.len().saturating_sub(1)
    }

    fn contains(&self, glyph: &Glyph) -> bool {
        let [x, y] = middle(glyph);
        let within = |edges: &[f64], place: f64| matches!(edges, [first, .., last] if *first < place && place < *last);
        within(&self.columns, x) && within(&self.rows, y)
    }

    fn put(&mut self, glyph: Glyph, order: usize) {
        let [x, y] = middle(&glyph);
        let slot = |edges: &[f64], place: f64| edges.iter().rposition(|edge| *edge <= place).unwrap_or_default();
        let (row, column) = (slot(&self.rows, y), slot(&self.columns, x));
        let holds = |start: usize, length: usize, slot: usize| start <= slot && slot < start + length;
        let cells = &mut self.cells;
        let cell = cells
            .iter_mut()
            .find(|cell| holds(cell.place[0], cell.span[0], row) && holds(cell.place[1], cell.span[1], column));
        if let Some(cell) = cell {
            cell.glyphs.push(glyph);
            self.order = self.order.min(order);
        }
    }
}

/// The middle of a glyph.
fn middle(glyph: &Glyph) -> [f64; 2] {
    [glyph.x + glyph.width / 2.0, glyph.y - glyph.size * 0.3]
}

/// The page's tables with the glyphs in them, and the other glyphs.
pub(super) fn tables(glyphs: Vec<Glyph>, rules: &[Rule]) -> (Vec<RuledTable>, Vec<Glyph>) {
    // A page turned on its side has its rules turned with it, and is read by its text alone.
    let turned = glyphs.iter().filter(|glyph| matches!(glyph.direction, Direction::Up | Direction::Down)).count();
    if turned * 2 > glyphs.len() {
        return (Vec::new(), glyphs);
    }
    let mut tables: Vec<_> = groups(rules).iter().filter_map(|group| table(group)).collect();
    // A box around a table is no table: glyphs belong to the smallest.
    let area = |table: &RuledTable| match (table.columns.as_slice(), table.rows.as_slice()) {
        ([left, .., right], [top, .., bottom]) => (right - left) * (bottom - top),
        _ => 0.0,
    };
    tables.sort_by(|a, b| area(a).total_cmp(&area(b)));
    let inside = |tables: &[RuledTable], glyph: &Glyph| tables.iter().position(|table| table.contains(glyph));
    let mut rest = Vec::new();
    for glyph in glyphs {
        match inside(&tables, &glyph) {
            Some(index) if glyph.direction == Direction::Right => tables[index].put(glyph, glyph.order),
            Some(_) | None => rest.push(glyph),
        }
    }
    let mut kept = Vec::new();
    for table in tables {
        let filled = table.cells.iter().filter(|cell| !cell.glyphs.is_empty());
        let [mut rows, mut columns] =
            [0, 1].map(|axis| filled.clone().map(|cell| cell.place[axis]).collect::<Vec<_>>());
        rows.sort_unstable();
        rows.dedup();
        columns.sort_unstable();
        columns.dedup();
        if rows.len() > 1 && columns.len() > 1 {
            kept.push(table);
        } else {
            rest.extend(table.cells.into_iter().flat_map(|cell| cell.glyphs));
        }
    }
    rest.sort_by_key(|glyph| glyph.order);
    (kept, rest)
}

/// Rules that meet.
fn groups(rules: &[Rule]) -> Vec<Vec<Rule>> {
    let rules = merged(rules);
    let mut groups: Vec<Vec<Rule>> = Vec::new();
    for rule in rules {
        let (touching, mut apart): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|group| group.iter().any(|other| meet(&rule, other)));
        let mut group: Vec<Rule> = touching.into_iter().flatten().collect();
        group.push(rule);
        apart.push(group);
        groups = apart;
    }
    groups
}

/// Rules along one line as one, where they touch.
fn merged(rules: &[Rule]) -> Vec<Rule> {
    /// More are a drawing, and comparing each with each would take too long.
    const MERGED_MAX: usize = 2_000;
    let mut sorted = rules.to_vec();
    sorted.sort_by(|a, b| {
        let places = (a.place / NEAR).round().total_cmp(&(b.place / NEAR).round());
        a.is_vertical.cmp(&b.is_vertical).then(places).then(a.start.total_cmp(&b.start))
    });
    let mut merged: Vec<Rule> = Vec::new();
    for rule in sorted {
        let is_same = |last: &&mut Rule| {
            last.is_vertical == rule.is_vertical
                && (last.place - rule.place).abs() <= NEAR
                && rule.start <= last.end + NEAR
                && rule.end >= last.start - NEAR
        };
        // The last few may lie in turns on two places that round apart.
        match merged.iter_mut().rev().take(4).find(is_same) {
            Some(last) => {
                last.start = last.start.min(rule.start);
                last.end = last.end.max(rule.end);
            }
            None => merged.push(rule),
        }
    }
    if merged.len() > MERGED_MAX { Vec::new() } else { merged }
}

fn meet(a: &Rule, b: &Rule) -> bool {
    let within = |place: f64, rule: &Rule| place >= rule.start - NEAR && place <= rule.end + NEAR;
    a.is_vertical != b.is_vertical && within(a.place, b) && within(b.place, a)
}

/// The table that a group of rules draws; `None` for frames, underlines and drawings.
fn table(rules: &[Rule]) -> Option<RuledTable> {
    let of = |is_vertical: bool| rules.iter().filter(move |rule| rule.is_vertical == is_vertical);
    // Many tables have no rules at their sides: there the other rules end.
    let edges = |is_vertical: bool| {
        let ends = of(!is_vertical).flat_map(|rule| [rule.start, rule.end]);
        let first = ends.clone().reduce(f64::min);
        let last = ends.reduce(f64::max);
        let mut edges: Vec<_> = of(is_vertical).map(|rule| rule.place).chain(first).chain(last).collect();
        edges.sort_by(f64::total_cmp);
        edges.dedup_by(|later, earlier| *later - *earlier < CELL_MIN);
        edges
    };
    let (columns, rows) = (edges(true), edges(false));
    if columns.len().max(rows.len()) > LINES_MAX || columns.len() < 3 || rows.len() < 3 {
        return None;
    }
    let is_parted = |is_vertical: bool, place: f64, along: f64| {
        let stands = |rule: &Rule| (rule.place - place).abs() < CELL_MIN && rule.start <= along && along <= rule.end;
        of(is_vertical).any(stands)
    };
    let center = |edges: &[f64], slot: usize| (edges[slot] + edges[slot + 1]) / 2.0;
    let mut taken = vec![vec![false; columns.len() - 1]; rows.len() - 1];
    let mut cells = Vec::new();
    for row in 0..rows.len() - 1 {
        for column in 0..columns.len() - 1 {
            if taken[row][column] {
                continue;
            }
            let mut width = 1;
            while column + width + 1 < columns.len()
                && !taken[row][column + width]
                && !is_parted(true, columns[column + width], center(&rows, row))
            {
                width += 1;
            }
            let mut height = 1;
            while row + height + 1 < rows.len()
                && (column..column + width).all(|slot| {
                    !taken[row + height][slot] && !is_parted(false, rows[row + height], center(&columns, slot))
                })
            {
                height += 1;
            }
            for line in &mut taken[row..row + height] {
                line[column..column + width].fill(true);
            }
            cells.push(RuledCell { place: [row, column], span: [height, width], glyphs: Vec::new() });
        }
    }
    Some(RuledTable { columns, rows, cells, order: usize::MAX })
}
