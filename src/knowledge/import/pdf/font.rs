//! Fonts: what a character code means and how wide it is.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use hayro_cmap::BfString;
use hayro_cmap::CMap;
use hayro_cmap::CMapName;
use hayro_cmap::CidFamily;
use hayro_font::CMapResolverFn;
use hayro_font::FontCache;
use hayro_font::FontGlyph;
use hayro_font::FontQuery;
use hayro_font::FontResolverFn;
use hayro_syntax::object::Array;
use hayro_syntax::object::Dict;
use hayro_syntax::object::Name;
use hayro_syntax::object::ObjectIdentifier;
use hayro_syntax::object::Stream;
use hayro_syntax::object::String as PdfString;

/// The weight from which a font is bold, of 100 to 900.
const BOLD_WEIGHT_MIN: f32 = 600.0;

/// The fonts of a document, each loaded once.
pub(super) struct Fonts<'a> {
    cache: FontCache<'a>,
    fonts: HashMap<ObjectIdentifier, Option<Rc<Font<'a>>>>,
    font_resolver: FontResolverFn,
    cmap_resolver: CMapResolverFn,
}

/// One font.
pub(super) struct Font<'a> {
    font: hayro_font::Font<'a>,
    /// Whether it is bold.
    pub is_bold: bool,
    /// Its glyphs are part of the file.
    is_embedded: bool,
    /// For a font that says which characters of a known collection its codes are, but not what they mean.
    collection: Option<Collection>,
    /// What its codes mean, as far as they were met.
    meanings: RefCell<HashMap<u32, Rc<str>>>,
}

/// One character code of a string.
pub(super) struct Code {
    /// What it means; the replacement character where nothing says so.
    pub meaning: Rc<str>,
    /// Its width in thousandths of the font's size.
    pub advance: f64,
    /// It is the single byte 32, to which word spacing applies.
    pub is_space: bool,
}

struct Collection {
    encoding: CMap,
    unicode: CMap,
}

impl<'a> Fonts<'a> {
    /// No font loaded yet.
    pub fn new() -> Self {
        Self {
            cache: FontCache::new(),
            fonts: HashMap::new(),
            // A font that is not part of the file is only asked for its codes, so any other will do.
            font_resolver: Arc::new(|query| match query {
                FontQuery::Standard(standard) => Some(standard.get_font_data()),
                FontQuery::Fallback(fallback) => Some(fallback.pick_standard_font().get_font_data()),
            }),
            cmap_resolver: Arc::new(hayro_cmap::load_embedded),
        }
    }

    /// The font a dictionary describes; `None` where it cannot be read.
    pub fn font(&mut self, dict: &Dict<'a>) -> Option<Rc<Font<'a>>> {
        let id = dict.obj_id();
        if let Some(known) = id.and_then(|id| self.fonts.get(&id)) {
            return known.clone();
        }
        let font = self.cache.font(dict, &self.font_resolver, &self.cmap_resolver).map(|font| {
            let meanings = RefCell::default();
            let is_embedded = descriptor(dict).is_some_and(|descriptor| {
                ["FontFile", "FontFile2", "FontFile3"].iter().any(|key| descriptor.contains_key(key))
            });
            Rc::new(Font { font, is_bold: is_bold(dict), is_embedded, collection: collection(dict), meanings })
        });
        if let Some(id) = id {
            self.fonts.insert(id, font.clone());
        }
        font
    }
}

impl Font<'_> {
    /// The codes of a string.
    pub fn codes(&self, bytes: &[u8]) -> Vec<Code> {
        let mut codes = Vec::with_capacity(bytes.len() / 2 + 1);
        let mut position = 0;
        while position < bytes.len() {
            let (code, length) = self.font.read_code(bytes, position);
            let length = length.max(1);
            codes.push(Code {
                meaning: self.meaning(code, length),
                advance: self.font.code_advance(code).x,
                is_space: length == 1 && code == u32::from(b' '),
            });
            position += length;
        }
        codes
    }

    /// Whether lines run from left to right.
    pub fn is_horizontal(&self) -> bool {
        self.font.is_horizontal()
    }

    fn meaning(&self, code: u32, length: usize) -> Rc<str> {
        if let Some(known) = self.meanings.borrow().get(&code) {
            return known.clone();
        }
        let glyph = self.font.glyph(self.font.map_code(code), code);
        let own = match &glyph {
            FontGlyph::Outline(glyph) => glyph.as_unicode(),
            FontGlyph::Type3(glyph) => glyph.as_unicode(),
        };
        let collected = || {
            let collection = self.collection.as_ref()?;
            let cid = collection.encoding.lookup_cid_code(code, u8::try_from(length).ok()?)?;
            collection.unicode.lookup_bf_string(cid)
        };
        let shown = own.or_else(collected).map(|meaning| match meaning {
            BfString::Char(character) => character.to_string(),
            BfString::String(text) => text,
        });
        let is_text = |text: &String| !text.is_empty() && !text.chars().all(|c| c.is_control() && !c.is_whitespace());
        // Chromium says of the blank glyphs of some fonts that they mean a control character.
        let is_empty = || matches!(&glyph, FontGlyph::Outline(glyph) if glyph.outline().elements().is_empty());
        let meaning: Rc<str> = match shown.filter(is_text) {
            Some(text) => text.into(),
            None if self.is_embedded && is_empty() => " ".into(),
            None => "\u{FFFD}".into(),
        };
        self.meanings.borrow_mut().insert(code, meaning.clone());
        meaning
    }
}

/// The collection of a composite font without a map to Unicode (ISO 32000-1, 9.10.2).
fn collection(dict: &Dict<'_>) -> Option<Collection> {
    if dict.contains_key("ToUnicode") {
        return None;
    }
    let descendant = descendant(dict)?;
    let system = descendant.get::<Dict<'_>>("CIDSystemInfo")?;
    let part = |key: &str| system.get::<PdfString<'_>>(key).map(|text| text.as_bytes().to_vec()).unwrap_or_default();
    let family = CidFamily::from_registry_ordering(&part("Registry"), &part("Ordering"));
    let parse = |data: &[u8]| CMap::parse(data, hayro_cmap::load_embedded);
    let encoding = match dict.get::<Name<'_>>("Encoding") {
        Some(name) if matches!(CMapName::from_bytes(&name), CMapName::IdentityH | CMapName::IdentityV) => {
            CMap::identity_h()
        }
        Some(name) => parse(hayro_cmap::load_embedded(CMapName::from_bytes(&name))?)?,
        None => parse(&dict.get::<Stream<'_>>("Encoding")?.decoded_data().ok()?)?,
    };
    let unicode = parse(hayro_cmap::load_embedded(family.ucs2_cmap()?)?)?;
    Some(Collection { encoding, unicode })
}

fn descendant<'a>(dict: &Dict<'a>) -> Option<Dict<'a>> {
    dict.get::<Array<'a>>("DescendantFonts")?.iter::<Dict<'a>>().next()
}

fn descriptor<'a>(dict: &Dict<'a>) -> Option<Dict<'a>> {
    descendant(dict).as_ref().unwrap_or(dict).get("FontDescriptor")
}

fn is_bold(dict: &Dict<'_>) -> bool {
    const FORCE_BOLD: i32 = 1 << 18;
    let descriptor = descriptor(dict);
    let name = dict.get::<Name<'_>>("BaseFont").map(|name| name.as_str().to_lowercase()).unwrap_or_default();
    let weight = descriptor.as_ref().and_then(|descriptor| descriptor.get::<f32>("FontWeight"));
    let flags = descriptor.as_ref().and_then(|descriptor| descriptor.get::<i32>("Flags")).unwrap_or_default();
    ["bold", "black", "heavy"].iter().any(|word| name.contains(word))
        || weight.is_some_and(|weight| weight >= BOLD_WEIGHT_MIN)
        || flags & FORCE_BOLD != 0
}
