//! The rules of a page: straight lines along its edges, which tables are drawn with.

/// Rules of one page. Drawings have more.
const RULES_MAX: usize = 20_000;
/// Corners of one path.
const CORNERS_MAX: usize = 1_000;
/// A thicker stroke is an area.
const THICKNESS_MAX: f64 = 2.5;
/// A shorter one is a part of a drawing.
const LENGTH_MIN: f64 = 4.0;

/// A straight line along an edge of the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rule {
    /// It runs from top to bottom.
    pub is_vertical: bool,
    /// Where it stands: its distance from the left edge if it is vertical, else from the top.
    pub place: f64,
    /// Where it begins along its direction.
    pub start: f64,
    /// Where it ends.
    pub end: f64,
}

/// The path that is being drawn, in points of the page.
#[derive(Default)]
pub(super) struct Path {
    /// The corners of its parts.
    parts: Vec<Vec<[f64; 2]>>,
    is_curved: bool,
    corners: usize,
}

impl Path {
    /// Begins a part.
    pub fn move_to(&mut self, point: [f64; 2]) {
        self.corners += 1;
        if self.corners < CORNERS_MAX {
            self.parts.push(vec![point]);
        }
    }

    /// Draws to the point.
    pub fn line_to(&mut self, point: [f64; 2]) {
        self.corners += 1;
        if let Some(part) = self.parts.last_mut().filter(|_| self.corners < CORNERS_MAX) {
            part.push(point);
        }
    }

    /// Draws to where the part began.
    pub fn close(&mut self) {
        if let Some(first) = self.parts.last().and_then(|part| part.first().copied()) {
            self.line_to(first);
        }
    }

    /// Has curves, and so is no rule.
    pub fn curve(&mut self) {
        self.is_curved = true;
    }

    /// Ends the path: adds the rules it shows when it is stroked, and when it is filled.
    pub fn end(&mut self, is_stroked: bool, is_filled: bool, rules: &mut Vec<Rule>) {
        let path = std::mem::take(self);
        if path.is_curved || path.corners >= CORNERS_MAX {
            return;
        }
        for part in path.parts {
            if is_filled {
                rules.extend(filled(&part));
            }
            if is_stroked {
                rules.extend(part.windows(2).filter_map(filled));
            }
            rules.truncate(RULES_MAX);
        }
    }
}

/// The rule that an area is when it is thin and long.
fn filled(corners: &[[f64; 2]]) -> Option<Rule> {
    let [[left, top], [right, bottom]] = [f64::min, f64::max]
        .map(|choose| [0, 1].map(|axis| corners.iter().map(|corner| corner[axis]).reduce(choose).unwrap_or_default()));
    let (width, height) = (right - left, bottom - top);
    if width.min(height) > THICKNESS_MAX || width.max(height) < LENGTH_MIN || !(width + height).is_finite() {
        return None;
    }
    Some(if height > width {
        Rule { is_vertical: true, place: (left + right) / 2.0, start: top, end: bottom }
    } else {
        Rule { is_vertical: false, place: (top + bottom) / 2.0, start: left, end: right }
    })
}
