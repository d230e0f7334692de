//! Values as a table holds them, whichever database it is in: what a backup is made of.

use serde::Deserialize;
use serde::Serialize;

/// One value. Written as JSON it is `null`, a whole number, a text, `{"real": "0.25"}` or `{"blob": "<base64>"}`, and is
/// read back exactly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A whole number; a switch is 0 or 1.
    Integer(i64),
    /// Text. Of MariaDB also what is compared byte by byte, if it is text.
    Text(String),
    /// A fraction.
    Real {
        /// The shortest digits that mean this very number.
        #[serde(with = "digits")]
        real: f64,
    },
    /// Bytes.
    Blob {
        /// In base64.
        #[serde(with = "base64_text")]
        blob: Vec<u8>,
    },
}

impl Cell {
    /// About how many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Null | Self::Integer(_) | Self::Real { .. } => 8,
            Self::Text(text) => text.len(),
            Self::Blob { blob } => blob.len(),
        }
    }
}

/// Binds cells to a query of either database.
macro_rules! bound {
    ($query:expr, $cells:expr) => {{
        let mut query = $query;
        for cell in $cells {
            query = match cell {
                $crate::store::Cell::Null => query.bind(None::<i64>),
                $crate::store::Cell::Integer(number) => query.bind(number),
                $crate::store::Cell::Text(text) => query.bind(text),
                $crate::store::Cell::Real { real } => query.bind(real),
                $crate::store::Cell::Blob { blob } => query.bind(blob),
            };
        }
        query
    }};
}
pub(super) use bound;

/// Some rows of one table, in the order of [`Table::columns`](crate::store::Table::columns).
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// The table's name.
    pub table: String,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

mod digits {
    use serde::Deserialize as _;
    use serde::Deserializer;
    use serde::Serializer;
    use serde::de::Error as _;

    pub(super) fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{number:?}"))
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<f64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

mod base64_text {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::Deserialize as _;
    use serde::Deserializer;
    use serde::Serializer;
    use serde::de::Error as _;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_read_back_exactly() {
        let reals = [0.0, -0.0, 0.1, 1.0 / 3.0, f64::MIN_POSITIVE, f64::MAX, 0.926_423_817_239_471_8];
        let mut cells = vec![Cell::Null, Cell::Integer(i64::MIN), Cell::Integer(i64::MAX), Cell::Integer(0)];
        cells.extend(
            ["", "null", "상담 \u{0}\"\n\u{10ffff}", "{\"real\": \"1\"}"].map(|text| Cell::Text(text.to_owned())),
        );
        cells.extend(reals.map(|real| Cell::Real { real }));
        cells.extend([Vec::new(), (0..=255).collect()].map(|blob| Cell::Blob { blob }));
        let written = serde_json::to_string(&cells).unwrap();
        let read: Vec<Cell> = serde_json::from_str(&written).unwrap();
        assert_eq!(read, cells);
        let bits = |cells: &[Cell]| -> Vec<u64> {
            cells
                .iter()
                .filter_map(|cell| if let Cell::Real { real } = cell { Some(real.to_bits()) } else { None })
                .collect()
        };
        assert_eq!(bits(&read), bits(&cells));
    }
}
