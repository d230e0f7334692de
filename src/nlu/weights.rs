//! What was learned: a weight for every term and category, and the scores that follow.

use serde::Deserialize;
use serde::Serialize;

use crate::nlu::features::Vector;

/// Weights while they are computed: exact, row by row for the terms of several examples, one number for each of the
/// others, which speak for the category of their only example and against none.
#[derive(Debug, Clone)]
pub(super) struct Exact {
    pub(super) bias: Vec<f32>,
    /// One row of categories for each shared term.
    pub(super) shared: Vec<f32>,
    /// The category and the weight of each single term.
    pub(super) single: Vec<(u16, f32)>,
}

impl Exact {
    /// The weighted sum for every category.
    pub(super) fn apply(&self, vector: &Vector) -> Vec<f32> {
        let categories = self.bias.len();
        let shared = self.shared.len() / categories.max(1);
        let mut sums = self.bias.clone();
        for (term, weight) in vector {
            let term = *term as usize;
            if term < shared {
                let row = &self.shared[term * categories..(term + 1) * categories];
                sums.iter_mut().zip(row).for_each(|(sum, cell)| *sum += weight * cell);
            } else if let Some((category, cell)) = self.single.get(term - shared) {
                sums[usize::from(*category)] += weight * cell;
            }
        }
        sums
    }

    /// `self` and `share` times `other`.
    pub(super) fn plus(mut self, share: f32, other: &Self) -> Self {
        let add = |cells: &mut [f32], others: &[f32]| {
            cells.iter_mut().zip(others).for_each(|(cell, other)| *cell += share * other);
        };
        add(&mut self.bias, &other.bias);
        add(&mut self.shared, &other.shared);
        self.single.iter_mut().zip(&other.single).for_each(|((_, cell), (_, other))| *cell += share * other);
        self
    }

    /// Every weight times `factor`.
    pub(super) fn times(mut self, factor: f32) -> Self {
        let cells = self.bias.iter_mut().chain(&mut self.shared);
        cells.chain(self.single.iter_mut().map(|(_, cell)| cell)).for_each(|cell| *cell *= factor);
        self
    }
}

/// Weights as they are kept: those of a shared term in steps of their own, a byte each.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Weights {
    bias: Vec<f32>,
    steps: Vec<f32>,
    /// Row by row, one row for each shared term.
    cells: Vec<i8>,
    single: Vec<(u16, f32)>,
}

impl From<Exact> for Weights {
    fn from(exact: Exact) -> Self {
        let Exact { bias, shared, single } = exact;
        let mut steps = Vec::with_capacity(shared.len() / bias.len().max(1));
        let mut cells = Vec::with_capacity(shared.len());
        for row in shared.chunks_exact(bias.len().max(1)) {
            // What a row gives to every category alike decides nothing.
            let mean = row.iter().sum::<f32>() / row.len() as f32;
            let largest = row.iter().fold(0.0_f32, |largest, cell| largest.max((cell - mean).abs()));
            let step = if largest > 0.0 { largest / f32::from(i8::MAX) } else { 1.0 };
            steps.push(step);
            // Rounded to at most ±i8::MAX, so the cast loses nothing.
            cells.extend(row.iter().map(|cell| ((cell - mean) / step).round() as i8));
        }
        Self { bias, steps, cells, single }
    }
}

impl Weights {
    /// The weighted sum for every category.
    pub(super) fn apply(&self, vector: &Vector) -> Vec<f32> {
        let categories = self.bias.len();
        let mut sums = self.bias.clone();
        for (term, weight) in vector {
            let term = *term as usize;
            if let Some(step) = self.steps.get(term) {
                let row = &self.cells[term * categories..(term + 1) * categories];
                let weight = weight * step;
                sums.iter_mut().zip(row).for_each(|(sum, cell)| *sum += weight * f32::from(*cell));
            } else if let Some((category, cell)) = self.single.get(term - self.steps.len()) {
                sums[usize::from(*category)] += weight * cell;
            }
        }
        sums
    }
}
