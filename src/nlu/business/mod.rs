//! Whether a message is a bank's business at all.
//!
//! A classifier of categories always finds one, and a search finds words that any two texts share. So a second, small
//! classifier knows two kinds of messages: what people ask their bank, and what they write about everything else. The
//! first kind is learned from the pack and from general examples, those of the demo's pack; the second from the lists
//! beside this file: everyday talk, and money matters that are no bank's to answer in a chat.

use serde::Deserialize;
use serde::Serialize;

use crate::nlu::Classifier;
use crate::nlu::Example;
use crate::nlu::TrainError;
use crate::text::reading::Reading;

const EVERYDAY: &str = include_str!("everyday.txt");
const MONEY: &str = include_str!("money.txt");
/// `category,utterance` rows, of which the utterance counts.
const BANKING: &str = include_str!("../../../packaging/demo-pack/utterances.csv");

const YES: &str = "bank";
const NO: &str = "else";

/// Knows a bank's business from everything else.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Business {
    classifier: Classifier,
}

impl Business {
    /// Learns what the bank's business is from `examples`: utterances, titles, headings and questions of its pack.
    ///
    /// # Errors
    /// As [`Classifier::train`], which the built-in examples give no reason for.
    pub fn learn<'a>(examples: impl Iterator<Item = &'a str>) -> Result<Self, TrainError> {
        let banking = csv::Reader::from_reader(BANKING.as_bytes());
        let banking: Vec<String> =
            banking.into_records().filter_map(|row| row.ok()?.get(1).map(str::to_owned)).collect();
        let no = Self::examples().map(|text| Example { category: NO, text });
        let mut all: Vec<Example<'_>> = no.collect();
        all.extend(banking.iter().map(|text| Example { category: YES, text }));
        all.extend(examples.map(|text| Example { category: YES, text }));
        Ok(Self { classifier: Classifier::train(&all)? })
    }

    /// The messages it knows that are no bank's business.
    pub fn examples<'a>() -> impl Iterator<Item = &'a str> {
        EVERYDAY.lines().chain(MONEY.lines())
    }

    /// How much speaks for the bank's business: the logarithm of the odds, 0 when both are as likely.
    pub fn evidence(&self, message: &Reading) -> f32 {
        let guesses = self.classifier.classify(message);
        let yes = guesses.iter().find(|guess| &*guess.category == YES).map_or(0.5, |guess| guess.confidence);
        let yes = yes.clamp(CONFIDENCE_MIN, 1.0 - CONFIDENCE_MIN);
        (yes / (1.0 - yes)).ln()
    }
}

/// No single judge is surer than this.
const CONFIDENCE_MIN: f32 = 0.001;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bank_is_asked_about_money_kept_there_and_nothing_else() {
        let business = Business::learn(["주택청약 가입 조건"].into_iter()).unwrap();
        for (text, expected) in [
            ("카드를 잃어버린 것 같아요", true),
            ("적금 만기가 언제인지 궁금합니다", true),
            ("보내는 데 수수료 드나요", true),
            ("오늘 저녁에 비 오나요", false),
            ("강아지 사료 추천해 주세요", false),
            ("짝사랑하는 사람에게 고백할까요", false),
        ] {
            assert_eq!(business.evidence(&Reading::of(text)) > 0.0, expected, "{text}");
        }
    }
}
