//! The cells of a table on their way from a word processor's merged cells to rows of equal width.

use crate::knowledge::import::extract::Refusal;

/// Columns of a table. More are a mistake or an attack.
const COLUMNS_MAX: usize = 256;
/// Places of one table, with those that merged cells take.
const PLACES_MAX: usize = 500_000;
/// Bytes of one table once the text of merged cells is repeated.
const BYTES_MAX: usize = 32 << 20;

/// A table by places. A merged cell takes several.
#[derive(Debug, Default)]
pub(super) struct Grid {
    texts: Vec<String>,
    /// For every place, which text it shows.
    rows: Vec<Vec<Option<usize>>>,
    places: usize,
    is_too_large: bool,
}

/// A table as it is shown: full-width lines above it, then rows of equal width.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flat {
    /// Rows of one cell above the table, which are captions.
    pub captions: Vec<String>,
    /// The rows, the first of which is the header.
    pub rows: Vec<Vec<String>>,
}

impl Grid {
    /// A table without cells.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a cell at the place, and at those it is merged with to the right and below.
    pub fn put(&mut self, [row, column]: [usize; 2], [rows, columns]: [usize; 2], text: String) {
        if row >= PLACES_MAX {
            self.is_too_large = true;
            return;
        }
        self.texts.push(text);
        let cell = self.texts.len() - 1;
        let end_column = column.saturating_add(columns.max(1)).min(COLUMNS_MAX);
        let end_row = row.saturating_add(rows.max(1));
        for row in row..end_row {
            self.fill(row, column, end_column, cell);
            if self.is_too_large {
                return;
            }
        }
    }

    /// Continues the cell above the place downwards.
    pub fn extend_down(&mut self, [row, column]: [usize; 2], columns: usize) {
        let above = row.checked_sub(1).and_then(|above| self.rows.get(above)?.get(column).copied().flatten());
        match above {
            Some(cell) => self.fill(row, column, column.saturating_add(columns.max(1)).min(COLUMNS_MAX), cell),
            None => self.put([row, column], [1, columns], String::new()),
        }
    }

    fn fill(&mut self, row: usize, start: usize, end: usize, cell: usize) {
        self.places += end.saturating_sub(start) + 1;
        if start >= COLUMNS_MAX || self.places > PLACES_MAX {
            self.is_too_large = true;
            return;
        }
        if self.rows.len() <= row {
            self.rows.resize_with(row + 1, Vec::new);
        }
        let places = &mut self.rows[row];
        if places.len() < end {
            places.resize(end, None);
        }
        places[start..end].fill(Some(cell));
    }

    /// The rows as they are shown: a merged cell's text stands in each of its places, but a cell over the whole width
    /// says its text once; a header of two or more rows becomes one; empty rows and columns are left out.
    pub fn flat(mut self) -> Result<Flat, Refusal> {
        let too_large = || Refusal::new("a table is too large", "split the table, or leave out its empty cells");
        let width = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        if self.is_too_large || width.saturating_mul(self.rows.len()) > PLACES_MAX {
            return Err(too_large());
        }
        for row in &mut self.rows {
            row.resize(width, None);
        }
        let texts = &self.texts;
        let shows = |place: &Option<usize>| place.is_some_and(|cell| !texts[cell].is_empty());
        self.rows.retain(|row| row.iter().any(shows));
        let used: Vec<_> = (0..width).filter(|&column| self.rows.iter().any(|row| shows(&row[column]))).collect();
        let shown = self.rows.iter().flatten().flatten().map(|&cell| texts[cell].len()).sum::<usize>();
        if shown > BYTES_MAX {
            return Err(too_large());
        }
        let rows: Vec<Vec<Option<usize>>> =
            self.rows.iter().map(|row| used.iter().map(|&column| row[column]).collect()).collect();
        let is_whole = |row: &[Option<usize>]| row.len() > 1 && row.iter().all(|place| *place == row[0]);
        let text = |place: Option<usize>| place.map_or("", |cell| texts[cell].as_str());
        let first = if used.len() > 1 { rows.iter().take_while(|row| is_whole(row)).count() } else { 0 };
        let captions = rows[..first].iter().map(|row| text(row[0]).to_owned()).collect();
        let rows = &rows[first..];
        let header_rows = header_rows(rows);
        let mut flat = Vec::new();
        if header_rows > 0 {
            flat.push((0..used.len()).map(|column| stacked(&rows[..header_rows], column, texts)).collect());
        }
        for row in &rows[header_rows..] {
            let once = is_whole(row);
            let cells = row.iter().enumerate();
            let shown = cells.map(|(column, place)| if once && column > 0 { "" } else { text(*place) }.to_owned());
            flat.push(shown.collect());
        }
        Ok(Flat { captions, rows: flat })
    }
}

/// How many rows the header has: one, or as many as its tallest cell when another cell of it spans columns.
fn header_rows(rows: &[Vec<Option<usize>>]) -> usize {
    const HEADER_ROWS_MAX: usize = 3;
    let Some(first) = rows.first() else {
        return 0;
    };
    let is_wide = first.windows(2).any(|pair| pair[0].is_some() && pair[0] == pair[1]);
    if !is_wide {
        return 1;
    }
    let tall =
        |column: usize| rows.iter().take_while(|row| row[column].is_some() && row[column] == first[column]).count();
    let height = (0..first.len()).map(tall).max().unwrap_or(1).max(1);
    if height <= HEADER_ROWS_MAX && height < rows.len() { height } else { 1 }
}

/// The different texts of a column, from the top down.
fn stacked(rows: &[Vec<Option<usize>>], column: usize, texts: &[String]) -> String {
    let mut cells: Vec<_> = rows.iter().filter_map(|row| row[column]).collect();
    cells.dedup();
    let shown = cells.into_iter().map(|cell| texts[cell].as_str()).filter(|text| !text.is_empty());
    shown.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(cells: &[([usize; 2], [usize; 2], &str)]) -> Flat {
        let mut grid = Grid::new();
        for (place, span, text) in cells {
            grid.put(*place, *span, (*text).to_owned());
        }
        grid.flat().unwrap()
    }

    #[test]
    fn merged_cells_repeat_their_text() {
        let table = flat(&[
            ([0, 0], [1, 1], "구분"),
            ([0, 1], [1, 1], "금리"),
            ([1, 0], [2, 1], "신용대출"),
            ([1, 1], [1, 1], "4%"),
            ([2, 1], [1, 1], "5%"),
            ([3, 0], [1, 2], "세전 기준"),
        ]);
        assert_eq!(table.rows, [["구분", "금리"], ["신용대출", "4%"], ["신용대출", "5%"], ["세전 기준", ""]]);
    }

    #[test]
    fn a_header_of_two_rows_becomes_one_and_a_full_row_above_it_a_caption() {
        let table = flat(&[
            ([0, 0], [1, 3], "금리표"),
            ([1, 0], [2, 1], "구분"),
            ([1, 1], [1, 2], "금리"),
            ([2, 1], [1, 1], "고정"),
            ([2, 2], [1, 1], "변동"),
            ([3, 0], [1, 1], "신용대출"),
            ([3, 1], [1, 1], "4%"),
            ([3, 2], [1, 1], "5%"),
        ]);
        assert_eq!(table.captions, ["금리표"]);
        assert_eq!(table.rows, [["구분", "금리 고정", "금리 변동"], ["신용대출", "4%", "5%"]]);
    }

    #[test]
    fn ragged_rows_are_filled_and_empty_ones_left_out() {
        let table = flat(&[
            ([0, 0], [1, 1], "가"),
            ([0, 1], [1, 1], "나"),
            ([1, 0], [1, 1], ""),
            ([2, 0], [1, 1], "1"),
            ([2, 3], [1, 1], ""),
        ]);
        assert_eq!(table.rows, [["가", "나"], ["1", ""]]);
    }

    #[test]
    fn a_table_that_claims_to_be_huge_is_refused() {
        for (place, span) in
            [([0, 0], [usize::MAX, 1]), ([0, 0], [1_000_000, 256]), ([0, 300], [1, 1]), ([usize::MAX, 0], [1, 1])]
        {
            let mut grid = Grid::new();
            grid.put(place, span, "가".into());
            assert_eq!(grid.flat().unwrap_err().found, "a table is too large");
        }
        let mut grid = Grid::new();
        grid.put([0, 0], [2_000, 200], "가".repeat(1_000));
        assert_eq!(grid.flat().unwrap_err().found, "a table is too large");
    }
}
