//! How a classifier's weights are found.
//!
//! Two judges learn side by side: averaged, class-balanced logistic regression, which looks for what tells categories
//! apart, and complement naive Bayes (Rennie and others, 2003), which asks how unlike all *other* categories a text is
//! and holds up best when the typing is bad. Both are linear, so brought to one scale they are added into one table of
//! weights.

use std::ops::Range;
use std::thread;

use crate::nlu::features::Vector;
use crate::nlu::weights::Exact;

const EPOCHS: usize = 8;
const LEARNING_RATE: f32 = 1.0;
/// What every term is given in every category before counting.
const SMOOTHING: f32 = 0.3;
/// Naive Bayes in relation to the regression, once their scores spread alike over the categories.
const BAYES_SHARE: f32 = 1.5;
/// Every fifth example is set aside to find out how sure the classifier may be of itself.
const HELD_OUT_EVERY: usize = 5;
/// With fewer examples set aside than this, certainty is not measured but assumed.
const HELD_OUT_MIN: usize = 20;
const SHARPNESS_ASSUMED: f32 = 1.2;
/// Customers put things less like the examples than the examples put them like each other.
const SHARPNESS_OUTSIDE: f32 = 0.8;

/// An example as the trainer sees it.
pub(super) struct Sample {
    pub(super) vector: Vector,
    pub(super) label: usize,
}

/// The size of the weights.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// Terms that stand in several examples.
    pub(super) shared: usize,
    /// Terms that stand in one.
    pub(super) single: usize,
    pub(super) categories: usize,
}

/// The weights, and how steeply scores become probabilities.
pub(super) fn fit(samples: &[Sample], shape: Shape) -> (Exact, f32) {
    let all: Vec<&Sample> = samples.iter().collect();
    // The one takes as long as the other.
    thread::scope(|scope| {
        let measured = scope.spawn(|| sharpness(samples, shape));
        let weights = fit_some(&all, shape);
        match measured.join() {
            Ok(sharpness) => (weights, sharpness),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Measured on examples the weights have not seen: where their surprise is least.
fn sharpness(samples: &[Sample], shape: Shape) -> f32 {
    let order = shuffled(samples.len(), SEED);
    let pick = |is_held_out: bool| -> Vec<&Sample> {
        let places = order.iter().enumerate().filter(|(place, _)| (place % HELD_OUT_EVERY == 0) == is_held_out);
        places.filter_map(|(_, index)| samples.get(*index)).collect()
    };
    let (held_out, rest) = (pick(true), pick(false));
    if held_out.len() < HELD_OUT_MIN {
        return SHARPNESS_ASSUMED;
    }
    let weights = fit_some(&rest, shape);
    let judged: Vec<(Vec<f32>, usize)> =
        held_out.iter().map(|sample| (weights.apply(&sample.vector), sample.label)).collect();
    let surprise = |sharpness: f32| -> f32 {
        let surprises = judged.iter().filter_map(|(scores, label)| softmax(scores, sharpness).get(*label).copied());
        surprises.map(|probability| -probability.max(f32::MIN_POSITIVE).ln()).sum()
    };
    let candidates = (1..=80).map(|step| step as f32 * 0.05);
    let best = candidates.min_by(|a, b| surprise(*a).total_cmp(&surprise(*b)));
    best.map_or(SHARPNESS_ASSUMED, |sharpness| sharpness * SHARPNESS_OUTSIDE)
}

/// Probabilities that sum to one.
pub(super) fn softmax(scores: &[f32], sharpness: f32) -> Vec<f32> {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut probabilities: Vec<f32> = scores.iter().map(|score| ((score - largest) * sharpness).exp()).collect();
    let sum: f32 = probabilities.iter().sum();
    probabilities.iter_mut().for_each(|probability| *probability /= sum);
    probabilities
}

fn fit_some(samples: &[&Sample], shape: Shape) -> Exact {
    let on_one_scale = |weights: Exact| {
        let spread = spread(samples, &weights);
        if spread > 0.0 { weights.times(1.0 / spread) } else { weights }
    };
    on_one_scale(logistic(samples, shape)).plus(BAYES_SHARE, &on_one_scale(bayes(samples, shape)))
}

/// How far the scores of a text lie apart, on average: their standard deviation over the categories.
fn spread(samples: &[&Sample], weights: &Exact) -> f32 {
    let deviation = |sample: &&Sample| {
        let scores = weights.apply(&sample.vector);
        let mean = scores.iter().sum::<f32>() / scores.len() as f32;
        (scores.iter().map(|score| (score - mean) * (score - mean)).sum::<f32>() / scores.len() as f32).sqrt()
    };
    samples.iter().map(deviation).sum::<f32>() / samples.len().max(1) as f32
}

/// Complement naive Bayes on TF-IDF weights, its weights normalised for each category (WCNB).
fn bayes(samples: &[&Sample], shape: Shape) -> Exact {
    let Shape { shared, single, categories } = shape;
    let mut within = vec![0.0_f32; shared * categories];
    let mut singles: Vec<(u16, f32)> = vec![(0, 0.0); single];
    let mut of_category = vec![0.0_f32; categories];
    for sample in samples {
        for (term, weight) in &sample.vector {
            of_category[sample.label] += weight;
            match (*term as usize).checked_sub(shared) {
                None => within[*term as usize * categories + sample.label] += weight,
                Some(term) => singles[term] = (label(sample), singles[term].1 + weight),
            }
        }
    }
    let all: f32 = of_category.iter().sum();
    let terms = (shared + single) as f32;
    // What a category's complement weighs as a whole, smoothed.
    let complements: Vec<f32> = of_category.iter().map(|weight| (all - weight + SMOOTHING * terms).ln()).collect();
    let mut cells = vec![0.0_f32; shared * categories];
    let mut sums = vec![0.0_f32; categories];
    for (row, out) in within.chunks_exact(categories).zip(cells.chunks_exact_mut(categories)) {
        let total: f32 = row.iter().sum();
        for (((cell, weight), complement), sum) in out.iter_mut().zip(row).zip(&complements).zip(&mut sums) {
            *cell = complement - (total - weight + SMOOTHING).ln();
            *sum += cell.abs();
        }
    }
    let elsewhere = |(_, weight): &(u16, f32), complement: f32| complement - (weight + SMOOTHING).ln();
    for (category, sum) in sums.iter_mut().enumerate() {
        let complement = complements[category];
        *sum += singles.iter().map(|term| elsewhere(term, complement).abs()).sum::<f32>();
    }
    let norms: Vec<f32> = sums.iter().map(|sum| terms / sum.max(f32::MIN_POSITIVE)).collect();
    for row in cells.chunks_exact_mut(categories) {
        row.iter_mut().zip(&norms).for_each(|(cell, norm)| *cell *= norm);
    }
    // A single term says the same of every category but its own.
    for term in &mut singles {
        let own = usize::from(term.0);
        let here = (complements[own] - SMOOTHING.ln()) * norms[own];
        term.1 = here - elsewhere(term, complements[own]) * norms[own];
    }
    Exact { bias: vec![0.0; categories], shared: cells, single: singles }
}

fn label(sample: &Sample) -> u16 {
    u16::try_from(sample.label).unwrap_or(u16::MAX)
}

/// Softmax regression by stochastic gradient descent, averaged over all steps (Polyak and Juditsky, 1992),
/// every category weighing the same whatever its number of examples.
fn logistic(samples: &[&Sample], shape: Shape) -> Exact {
    let k = shape.categories;
    let mut counts = vec![0_usize; k];
    for sample in samples {
        counts[sample.label] += 1;
    }
    let mut regression = Regression::new(shape);
    for epoch in 0..EPOCHS {
        let rate = LEARNING_RATE / (1.0 + epoch as f32).sqrt();
        for index in shuffled(samples.len(), SEED + epoch as u64) {
            let Some(sample) = samples.get(index) else { continue };
            let balance = samples.len() as f32 / (k as f32 * counts[sample.label] as f32);
            let mut push = softmax(&regression.scores(&sample.vector), 1.0);
            push[sample.label] -= 1.0;
            push.iter_mut().for_each(|push| *push *= -rate * balance);
            regression.step(sample, &push);
        }
    }
    regression.average()
}

/// A regression while it learns. The average of a weight over all steps is weight - drift / steps, so only what an example
/// touches needs work. A term's weights and their drift lie side by side: learning waits for memory, and that is half the way.
struct Regression {
    shape: Shape,
    steps: f32,
    bias: Vec<(f32, f32)>,
    /// For each shared term its weights, then their drift.
    shared: Vec<f32>,
    /// For each single term its category, its weight, and its drift.
    single: Vec<(u16, f32, f32)>,
}

impl Regression {
    fn new(shape: Shape) -> Self {
        let Shape { shared, single, categories } = shape;
        let (bias, shared) = (vec![(0.0, 0.0); categories], vec![0.0; shared * categories * 2]);
        Self { shape, steps: 0.0, bias, shared, single: vec![(0, 0.0, 0.0); single] }
    }

    /// The place of a shared term.
    fn row(&self, term: u32) -> Range<usize> {
        let length = 2 * self.shape.categories;
        term as usize * length..(term as usize + 1) * length
    }

    /// The weighted sum for every category.
    fn scores(&self, vector: &Vector) -> Vec<f32> {
        let mut sums: Vec<f32> = self.bias.iter().map(|(weight, _)| *weight).collect();
        for (term, weight) in vector {
            match (*term as usize).checked_sub(self.shape.shared) {
                None => {
                    let row = &self.shared[self.row(*term)];
                    sums.iter_mut().zip(row).for_each(|(sum, cell)| *sum += weight * cell);
                }
                Some(term) => {
                    let (category, cell, _) = self.single[term];
                    sums[usize::from(category)] += weight * cell;
                }
            }
        }
        sums
    }

    /// Moves the weights of a sample's terms by `push`, category by category.
    fn step(&mut self, sample: &Sample, push: &[f32]) {
        let steps = self.steps;
        for (term, weight) in &sample.vector {
            match (*term as usize).checked_sub(self.shape.shared) {
                None => {
                    let row = self.row(*term);
                    let (cells, drifts) = self.shared[row].split_at_mut(self.shape.categories);
                    for ((cell, drift), push) in cells.iter_mut().zip(drifts).zip(push) {
                        let change = weight * push;
                        *cell += change;
                        *drift += steps * change;
                    }
                }
                Some(term) => {
                    let change = weight * push[sample.label];
                    let (_, cell, drift) = self.single[term];
                    self.single[term] = (label(sample), cell + change, drift + steps * change);
                }
            }
        }
        for ((bias, drift), push) in self.bias.iter_mut().zip(push) {
            *bias += 0.1 * push;
            *drift += steps * 0.1 * push;
        }
        self.steps += 1.0;
    }

    fn average(self) -> Exact {
        let share = -1.0 / self.steps.max(1.0);
        let k = self.shape.categories;
        let mut shared = Vec::with_capacity(self.shared.len() / 2);
        for row in self.shared.chunks_exact(2 * k) {
            let (cells, drifts) = row.split_at(k);
            shared.extend(cells.iter().zip(drifts).map(|(cell, drift)| cell + share * drift));
        }
        Exact {
            bias: self.bias.into_iter().map(|(weight, drift)| weight + share * drift).collect(),
            shared,
            single: self.single.into_iter().map(|(category, cell, drift)| (category, cell + share * drift)).collect(),
        }
    }
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
