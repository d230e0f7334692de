//! Content streams: which glyphs a page shows, and where.
//!
//! Only what moves text is interpreted. Hidden layers are read as if shown; running headers and page numbers are left
//! out where the file marks them as such (artifacts of pagination). Artifacts it says nothing more of are told apart.

use std::rc::Rc;

use hayro_syntax::content::TypedIter;
use hayro_syntax::content::ops::TypedInstruction;
use hayro_syntax::object::Dict;
use hayro_syntax::object::Name;
use hayro_syntax::object::Number;
use hayro_syntax::object::Object;
use hayro_syntax::object::Stream;
use hayro_syntax::page::Page;
use hayro_syntax::page::Resources;

use crate::knowledge::import::extract::Refusal;
use crate::knowledge::import::pdf::font::Font;
use crate::knowledge::import::pdf::font::Fonts;
use crate::knowledge::import::pdf::rules::Path;
use crate::knowledge::import::pdf::rules::Rule;

/// Forms within forms.
const FORMS_MAX: usize = 12;
/// Operators of a document, those of a form counted each time it is drawn.
const OPERATORS_MAX: usize = 20_000_000;
/// Glyphs of a document. One takes forty bytes until its page is read.
const GLYPHS_MAX: usize = 10_000_000;
/// Saved graphics states.
const STATES_MAX: usize = 1_000;

/// One character at its place. Positions are points from the page's upper left corner, downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Glyph {
    /// What it means.
    pub character: char,
    /// Its left end on the base line.
    pub x: f64,
    /// The base line.
    pub y: f64,
    /// Its width.
    pub width: f64,
    /// The size of its font.
    pub size: f64,
    /// Its font is bold.
    pub is_bold: bool,
    /// It is marked as an artifact: not part of what the document says.
    pub is_artifact: bool,
    /// Where its line runs.
    pub direction: Direction,
    /// How many glyphs of the page are drawn before it.
    pub order: usize,
}

/// Where a line of text runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// To the right, as nearly all text does.
    Right,
    /// Upwards, as on a page turned to the left.
    Up,
    /// Downwards.
    Down,
    /// Anywhere else: watermarks.
    Oblique,
}

/// What a page shows.
#[derive(Default)]
pub(super) struct Painted {
    /// Its glyphs in the order they are drawn.
    pub glyphs: Vec<Glyph>,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// The area that pictures cover, in square points.
    pub pictures: f64,
}

/// Finds the glyphs of a document's pages.
pub(super) struct Painter<'a> {
    fonts: Fonts<'a>,
    operators: usize,
    glyphs: usize,
    painted: Painted,
    path: Path,
    /// Every open marked content.
    marks: Vec<Mark>,
}

/// What a marked content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// Part of what the document says.
    Contents,
    /// An artifact. LibreOffice marks headers and footers so, and the heads of tables repeated on the next page.
    Artifact,
    /// An artifact of pagination, which is left out.
    Pagination,
}

#[derive(Clone)]
struct State<'a> {
    matrix: Matrix,
    font: Option<Rc<Font<'a>>>,
    size: f64,
    character_spacing: f64,
    word_spacing: f64,
    scale: f64,
    leading: f64,
    rise: f64,
}

/// A text object's matrices.
struct Text {
    matrix: Matrix,
    line: Matrix,
}

#[derive(Clone, Copy)]
struct Matrix([f64; 6]);

impl Matrix {
    const IDENTITY: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// This matrix, then the other.
    fn then(self, Self(o): Self) -> Self {
        let Self([a, b, c, d, e, f]) = self;
        Self([
            a * o[0] + b * o[2],
            a * o[1] + b * o[3],
            c * o[0] + d * o[2],
            c * o[1] + d * o[3],
            e * o[0] + f * o[2] + o[4],
            e * o[1] + f * o[3] + o[5],
        ])
    }

    fn moved(x: f64, y: f64) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y])
    }

    fn point(self, x: Number, y: Number) -> [f64; 2] {
        let Self([a, b, c, d, e, f]) = self;
        let (x, y) = (x.as_f64(), y.as_f64());
        [a * x + c * y + e, b * x + d * y + f]
    }

    fn area(self) -> f64 {
        let Self([a, b, c, d, ..]) = self;
        (a * d - b * c).abs()
    }
}

impl<'a> Painter<'a> {
    /// Nothing painted yet.
    pub fn new() -> Self {
        Self {
            fonts: Fonts::new(),
            operators: 0,
            glyphs: 0,
            painted: Painted::default(),
            path: Path::default(),
            marks: Vec::new(),
        }
    }

    /// What one page shows.
    ///
    /// # Errors
    /// When the document draws more than any document does.
    pub fn paint(&mut self, page: &Page<'a>) -> Result<Painted, Refusal> {
        self.painted = Painted::default();
        self.path = Path::default();
        self.marks.clear();
        let matrix = Matrix(page.initial_transform(true).as_coeffs());
        let state = State {
            matrix,
            font: None,
            size: 0.0,
            character_spacing: 0.0,
            word_spacing: 0.0,
            scale: 1.0,
            leading: 0.0,
            rise: 0.0,
        };
        if let Some(stream) = page.page_stream() {
            self.stream(stream, page.resources(), state, 0)?;
        }
        self.glyphs += self.painted.glyphs.len();
        Ok(std::mem::take(&mut self.painted))
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the parser's enum; every other operator only draws")]
    fn stream(
        &mut self,
        stream: &[u8],
        resources: &Resources<'a>,
        mut state: State<'a>,
        depth: usize,
    ) -> Result<(), Refusal> {
        let mut saved = Vec::new();
        let mut text = Text { matrix: Matrix::IDENTITY, line: Matrix::IDENTITY };
        let mut operators = TypedIter::new(stream);
        while let Some(operator) = operators.next() {
            self.operators += 1;
            if self.operators > OPERATORS_MAX || self.glyphs + self.painted.glyphs.len() > GLYPHS_MAX {
                return Err(Refusal::new("it draws more than a document does", "export it again, or split it"));
            }
            match operator {
                TypedInstruction::SaveState(_) if saved.len() < STATES_MAX => saved.push(state.clone()),
                TypedInstruction::RestoreState(_) => state = saved.pop().unwrap_or(state),
                TypedInstruction::Transform(m) => {
                    state.matrix = matrix([m.0, m.1, m.2, m.3, m.4, m.5]).then(state.matrix);
                }
                TypedInstruction::MoveTo(to) => self.path.move_to(state.matrix.point(to.0, to.1)),
                TypedInstruction::LineTo(to) => self.path.line_to(state.matrix.point(to.0, to.1)),
                TypedInstruction::ClosePath(_) => self.path.close(),
                TypedInstruction::RectPath(rect) => self.rectangle(state.matrix, [rect.0, rect.1, rect.2, rect.3]),
                TypedInstruction::CubicTo(_) | TypedInstruction::CubicStartTo(_) | TypedInstruction::CubicEndTo(_) => {
                    self.path.curve();
                }
                TypedInstruction::StrokePath(_) | TypedInstruction::CloseAndStrokePath(_) => self.draw(true, false),
                TypedInstruction::FillPathNonZero(_)
                | TypedInstruction::FillPathNonZeroCompatibility(_)
                | TypedInstruction::FillPathEvenOdd(_) => self.draw(false, true),
                TypedInstruction::FillAndStrokeNonZero(_)
                | TypedInstruction::FillAndStrokeEvenOdd(_)
                | TypedInstruction::CloseFillAndStrokeNonZero(_)
                | TypedInstruction::CloseFillAndStrokeEvenOdd(_) => self.draw(true, true),
                TypedInstruction::EndPath(_) => self.draw(false, false),
                TypedInstruction::BeginText(_) => text = Text { matrix: Matrix::IDENTITY, line: Matrix::IDENTITY },
                TypedInstruction::TextFont(font) => {
                    state.font = resources.get_font(font.0).and_then(|dict| self.fonts.font(&dict));
                    state.size = font.1.as_f64();
                }
                TypedInstruction::CharacterSpacing(spacing) => state.character_spacing = spacing.0.as_f64(),
                TypedInstruction::WordSpacing(spacing) => state.word_spacing = spacing.0.as_f64(),
                TypedInstruction::HorizontalScaling(scale) => state.scale = scale.0.as_f64() / 100.0,
                TypedInstruction::TextLeading(leading) => state.leading = leading.0.as_f64(),
                TypedInstruction::TextRise(rise) => state.rise = rise.0.as_f64(),
                TypedInstruction::NextLine(n) => text.next_line(n.0.as_f64(), n.1.as_f64()),
                TypedInstruction::NextLineAndSetLeading(n) => {
                    state.leading = -n.1.as_f64();
                    text.next_line(n.0.as_f64(), n.1.as_f64());
                }
                TypedInstruction::NextLineUsingLeading(_) => text.next_line(0.0, -state.leading),
                TypedInstruction::SetTextMatrix(m) => {
                    text.line = matrix([m.0, m.1, m.2, m.3, m.4, m.5]);
                    text.matrix = text.line;
                }
                TypedInstruction::ShowText(shown) => self.show(shown.0.as_bytes(), &state, &mut text),
                TypedInstruction::NextLineAndShowText(shown) => {
                    text.next_line(0.0, -state.leading);
                    self.show(shown.0.as_bytes(), &state, &mut text);
                }
                TypedInstruction::ShowTextWithParameters(shown) => {
                    state.word_spacing = shown.0.as_f64();
                    state.character_spacing = shown.1.as_f64();
                    text.next_line(0.0, -state.leading);
                    self.show(shown.2.as_bytes(), &state, &mut text);
                }
                TypedInstruction::ShowTexts(shown) => {
                    for part in shown.0.iter::<Object<'_>>() {
                        match part {
                            Object::Number(moved) => text.advance(-moved.as_f64() / 1000.0 * state.size * state.scale),
                            Object::String(shown) => self.show(shown.as_bytes(), &state, &mut text),
                            _ => {}
                        }
                    }
                }
                TypedInstruction::BeginMarkedContent(mark) => {
                    let is_artifact = mark.0.as_str() == "Artifact";
                    self.marks.push(if is_artifact { Mark::Artifact } else { Mark::Contents });
                }
                TypedInstruction::BeginMarkedContentWithProperties(mark) => {
                    let named = mark.1.clone().into_name().and_then(|name| resources.properties.get::<Dict<'_>>(name));
                    let properties = named.or_else(|| mark.1.clone().into_dict());
                    let kind = properties.and_then(|properties| properties.get::<Name<'_>>("Type"));
                    let is_pagination = kind.is_some_and(|kind| kind.as_str() == "Pagination");
                    let is_left_out = mark.0.as_str() == "Artifact" && is_pagination;
                    self.marks.push(if is_left_out { Mark::Pagination } else { Mark::Contents });
                }
                TypedInstruction::EndMarkedContent(_) => {
                    self.marks.pop();
                }
                TypedInstruction::InlineImage(_) => self.painted.pictures += state.matrix.area(),
                TypedInstruction::XObject(object) => {
                    if let Some(object) = resources.get_x_object(object.0) {
                        self.object(&object, resources, &state, depth)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn rectangle(&mut self, matrix: Matrix, [x, y, width, height]: [Number; 4]) {
        let Matrix([a, b, c, d, ..]) = matrix;
        let [left, top] = matrix.point(x, y);
        let (right, down) = (width.as_f64(), height.as_f64());
        self.path.move_to([left, top]);
        self.path.line_to([left + a * right, top + b * right]);
        self.path.line_to([left + a * right + c * down, top + b * right + d * down]);
        self.path.line_to([left + c * down, top + d * down]);
        self.path.close();
    }

    fn draw(&mut self, is_stroked: bool, is_filled: bool) {
        self.path.end(is_stroked, is_filled, &mut self.painted.rules);
    }

    /// A picture, or a stream of its own.
    fn object(
        &mut self,
        object: &Stream<'a>,
        resources: &Resources<'a>,
        state: &State<'a>,
        depth: usize,
    ) -> Result<(), Refusal> {
        let dict = object.dict();
        let kind = dict.get::<Name<'_>>("Subtype");
        match kind.as_ref().map(|kind| kind.as_str()) {
            Some("Image") => self.painted.pictures += state.matrix.area(),
            Some("Form") if depth < FORMS_MAX => {
                let Ok(stream) = object.decoded_data() else {
                    return Ok(());
                };
                let own = dict.get::<Dict<'a>>("Resources").map(Resources::new);
                let matrix = dict.get::<[f64; 6]>("Matrix").map_or(Matrix::IDENTITY, Matrix);
                let state = State { matrix: matrix.then(state.matrix), ..state.clone() };
                self.stream(&stream, own.as_ref().unwrap_or(resources), state, depth + 1)?;
            }
            Some(_) | None => {}
        }
        Ok(())
    }

    fn show(&mut self, bytes: &[u8], state: &State<'a>, text: &mut Text) {
        let Some(font) = &state.font else {
            return;
        };
        let is_shown = !self.marks.contains(&Mark::Pagination);
        let is_artifact = self.marks.contains(&Mark::Artifact);
        for code in font.codes(bytes) {
            let Matrix([a, b, c, d, x, y]) = Matrix::moved(0.0, state.rise).then(text.matrix).then(state.matrix);
            let spacing = state.character_spacing + if code.is_space { state.word_spacing } else { 0.0 };
            let width = code.advance / 1000.0 * state.size * state.scale;
            let size = state.size.abs() * c.hypot(d);
            if is_shown && size.is_finite() && x.is_finite() && y.is_finite() {
                let mut left = width.abs() * a.hypot(b);
                let direction = if font.is_horizontal() { direction(a, b) } else { Direction::Oblique };
                // The characters of a ligature share its place.
                for character in code.meaning.chars() {
                    let (order, is_bold) = (self.painted.glyphs.len(), font.is_bold);
                    let width = left;
                    let glyph = Glyph { character, x, y, width, size, is_bold, is_artifact, direction, order };
                    self.painted.glyphs.push(glyph);
                    left = 0.0;
                }
            }
            text.advance(width + spacing * state.scale);
        }
    }
}

impl Text {
    fn next_line(&mut self, x: f64, y: f64) {
        self.line = Matrix::moved(x, y).then(self.line);
        self.matrix = self.line;
    }

    fn advance(&mut self, x: f64) {
        self.matrix = Matrix::moved(x, 0.0).then(self.matrix);
    }
}

fn matrix(numbers: [Number; 6]) -> Matrix {
    Matrix(numbers.map(|number| number.as_f64()))
}

fn direction(a: f64, b: f64) -> Direction {
    // The tangent of about six degrees: scans are that crooked at most.
    const SLOPE_MAX: f64 = 0.1;
    if a > 0.0 && b.abs() <= a * SLOPE_MAX {
        Direction::Right
    } else if a.abs() <= b.abs() * SLOPE_MAX {
        if b < 0.0 { Direction::Up } else { Direction::Down }
    } else {
        Direction::Oblique
    }
}
