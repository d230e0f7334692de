//! How a classifier's weights are found.

use crate::nlu::features::Vector;
use crate::nlu::weights::Weights;
use crate::nlu::weights::scores;

/// Passes over the examples. In cross-validation on the demo pack, 5 to 40 passes and rates of 0.3 to 3 made no
/// difference beyond chance.
const EPOCHS: usize = 10;
const LEARNING_RATE: f32 = 1.0;
/// Every fifth example is set aside to find out how sure the classifier may be of itself.
const HELD_OUT_EVERY: usize = 5;
/// With fewer examples set aside than this, certainty is not measured but assumed.
const HELD_OUT_MIN: usize = 20;
const SHARPNESS_ASSUMED: f32 = 1.2;

/// An example as the trainer sees it.
pub(super) struct Sample {
    pub(super) vector: Vector,
    pub(super) label: usize,
}

/// The size of the weights.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) features: usize,
    pub(super) categories: usize,
}

/// The logistic regression's weights and the centroids.
pub(super) fn fit(samples: &[Sample], shape: Shape) -> (Weights, Weights) {
    let samples: Vec<&Sample> = samples.iter().collect();
    fit_some(&samples, shape)
}

/// How steeply scores should become probabilities: measured on examples the weights have not seen.
pub(super) fn sharpness(samples: &[Sample], shape: Shape) -> f32 {
    let order = shuffled(samples.len(), SEED);
    let pick = |is_held_out: bool| -> Vec<&Sample> {
        let places = order.iter().enumerate().filter(|(place, _)| (place % HELD_OUT_EVERY == 0) == is_held_out);
        places.filter_map(|(_, index)| samples.get(*index)).collect()
    };
    let (held_out, rest) = (pick(true), pick(false));
    if held_out.len() < HELD_OUT_MIN {
        return SHARPNESS_ASSUMED;
    }
    let (logistic, centroids) = fit_some(&rest, shape);
    let judged: Vec<(Vec<f32>, usize)> =
        held_out.iter().map(|sample| (scores(&sample.vector, &logistic, &centroids), sample.label)).collect();
    let surprise = |sharpness: f32| -> f32 {
        let surprises = judged.iter().filter_map(|(scores, label)| softmax(scores, sharpness).get(*label).copied());
        surprises.map(|probability| -probability.max(f32::MIN_POSITIVE).ln()).sum()
    };
    let candidates = (1..=60).map(|step| step as f32 * 0.1);
    candidates.min_by(|a, b| surprise(*a).total_cmp(&surprise(*b))).unwrap_or(SHARPNESS_ASSUMED)
}

/// Probabilities that sum to one.
pub(super) fn softmax(scores: &[f32], sharpness: f32) -> Vec<f32> {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut probabilities: Vec<f32> = scores.iter().map(|score| ((score - largest) * sharpness).exp()).collect();
    let sum: f32 = probabilities.iter().sum();
    probabilities.iter_mut().for_each(|probability| *probability /= sum);
    probabilities
}

fn fit_some(samples: &[&Sample], shape: Shape) -> (Weights, Weights) {
    let mut counts = vec![0_usize; shape.categories];
    for sample in samples {
        counts[sample.label] += 1;
    }
    (logistic(samples, shape, &counts), centroids(samples, shape, &counts))
}

/// Mean of each category's vectors, brought to length one, so that the product with a text is a cosine.
fn centroids(samples: &[&Sample], shape: Shape, counts: &[usize]) -> Weights {
    let mut cells = vec![0.0_f32; shape.features * shape.categories];
    for sample in samples {
        for (feature, weight) in &sample.vector {
            cells[*feature as usize * shape.categories + sample.label] += weight / counts[sample.label] as f32;
        }
    }
    let mut lengths = vec![0.0_f32; shape.categories];
    for row in cells.chunks_exact(shape.categories) {
        lengths.iter_mut().zip(row).for_each(|(length, cell)| *length += cell * cell);
    }
    for row in cells.chunks_exact_mut(shape.categories) {
        row.iter_mut().zip(&lengths).for_each(|(cell, length)| *cell /= length.sqrt().max(f32::MIN_POSITIVE));
    }
    Weights::new(vec![0.0; shape.categories], &cells)
}

/// Softmax regression by stochastic gradient descent, averaged over all steps (Polyak and Juditsky, 1992),
/// every category weighing the same whatever its number of examples.
fn logistic(samples: &[&Sample], shape: Shape, counts: &[usize]) -> Weights {
    let k = shape.categories;
    let mut weights = vec![0.0_f32; shape.features * k];
    // The average is weights - drift / steps: only what an example touches needs work.
    let mut drift = vec![0.0_f32; shape.features * k];
    let (mut bias, mut bias_drift) = (vec![0.0_f32; k], vec![0.0_f32; k]);
    let mut steps = 0.0_f32;
    for epoch in 0..EPOCHS {
        let rate = LEARNING_RATE / (1.0 + epoch as f32).sqrt();
        for index in shuffled(samples.len(), SEED + epoch as u64) {
            let Some(sample) = samples.get(index) else { continue };
            let mut margins = bias.clone();
            for (feature, weight) in &sample.vector {
                let start = *feature as usize * k;
                margins.iter_mut().zip(&weights[start..start + k]).for_each(|(margin, cell)| *margin += weight * cell);
            }
            let balance = samples.len() as f32 / (k as f32 * counts[sample.label] as f32);
            let mut push = softmax(&margins, 1.0);
            push[sample.label] -= 1.0;
            push.iter_mut().for_each(|push| *push *= -rate * balance);
            for (feature, weight) in &sample.vector {
                let start = *feature as usize * k;
                let rows = weights[start..start + k].iter_mut().zip(&mut drift[start..start + k]);
                for ((cell, drift), push) in rows.zip(&push) {
                    let change = weight * push;
                    *cell += change;
                    *drift += steps * change;
                }
            }
            for ((bias, drift), push) in bias.iter_mut().zip(&mut bias_drift).zip(&push) {
                *bias += 0.1 * push;
                *drift += steps * 0.1 * push;
            }
            steps += 1.0;
        }
    }
    let average = |cells: &[f32], drift: &[f32]| -> Vec<f32> {
        cells.iter().zip(drift).map(|(cell, drift)| cell - drift / steps.max(1.0)).collect()
    };
    Weights::new(average(&bias, &bias_drift), &average(&weights, &drift))
}

const SEED: u64 = 20_261_123;

/// The numbers below `count` in an order that depends on `seed` alone (Fisher-Yates).
fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut state = seed;
    for last in (1..count).rev() {
        order.swap(last, (split_mix(&mut state) % (last as u64 + 1)) as usize);
    }
    order
}

/// SplitMix64 (Steele, Lea, Flood, 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
