//! What was learned: a weight for every feature and category, and the scores that follow.

use serde::Deserialize;
use serde::Serialize;

use crate::nlu::features::Vector;

/// Both judgements, put on one scale and added.
pub(super) fn scores(vector: &Vector, logistic: &Weights, centroids: &Weights) -> Vec<f32> {
    let mut sum = logistic.apply(vector);
    standardize(&mut sum);
    let mut nearness = centroids.apply(vector);
    standardize(&mut nearness);
    sum.iter_mut().zip(nearness).for_each(|(sum, nearness)| *sum += nearness);
    sum
}

fn standardize(scores: &mut [f32]) {
    let count = scores.len() as f32;
    let mean = scores.iter().sum::<f32>() / count;
    let deviation = (scores.iter().map(|score| (score - mean) * (score - mean)).sum::<f32>() / count).sqrt();
    if deviation > 0.0 {
        scores.iter_mut().for_each(|score| *score = (*score - mean) / deviation);
    }
}

/// A weight for every feature and category, in steps of `step`: two bytes each, half of what `f32` takes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Weights {
    bias: Vec<f32>,
    step: f32,
    /// Row by row, one row per feature.
    cells: Vec<i16>,
}

impl Weights {
    /// From exact weights, row by row.
    pub(super) fn new(bias: Vec<f32>, cells: &[f32]) -> Self {
        let largest = cells.iter().fold(0.0_f32, |largest, cell| largest.max(cell.abs()));
        let step = if largest > 0.0 { largest / f32::from(i16::MAX) } else { 1.0 };
        // Rounded to at most ±i16::MAX, so the cast loses nothing.
        Self { bias, step, cells: cells.iter().map(|cell| (cell / step).round() as i16).collect() }
    }

    /// The weighted sum for every category.
    fn apply(&self, vector: &Vector) -> Vec<f32> {
        let categories = self.bias.len();
        let mut sums = self.bias.clone();
        for (feature, weight) in vector {
            let start = *feature as usize * categories;
            let Some(row) = self.cells.get(start..start + categories) else { continue };
            let weight = weight * self.step;
            sums.iter_mut().zip(row).for_each(|(sum, cell)| *sum += weight * f32::from(*cell));
        }
        sums
    }
}
