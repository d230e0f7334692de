//! What somebody does with a message: asks the bank, complains, reports that something happened or that somebody tries to
//! deceive him, wishes for a person, or speaks of what is no bank's business at all.
//!
//! A classifier of categories always finds one, a search finds words that any two texts share, and lexicons know only the
//! words they hold. So a second, small classifier is learned from general examples that lie beside this file, the
//! demonstration pack's, and the pack's own. It says how likely each act is; what follows is the workflow's to decide.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde::Serialize;

use crate::nlu::Classifier;
use crate::nlu::Example;
use crate::nlu::TrainError;
use crate::packed;
use crate::text::reading::Reading;

/// What somebody does with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// Asks for what a document or a form could give.
    Ask,
    /// Complains, or disputes something.
    Complain,
    /// Tells of a wrong that was done to him: fraud, theft, a threat.
    Report,
    /// Tells of somebody who tries to deceive him, mostly as a question.
    Swindle,
    /// Wishes for a person.
    WantPerson,
    /// Speaks of something that is no bank's business.
    Else,
}

impl Act {
    const ALL: [Self; 6] = [Self::Ask, Self::Complain, Self::Report, Self::Swindle, Self::WantPerson, Self::Else];

    const fn name(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Complain => "complain",
            Self::Report => "report",
            Self::Swindle => "swindle",
            Self::WantPerson => "want_person",
            Self::Else => "else",
        }
    }

    /// The files of examples beside this one.
    const fn files(self) -> &'static [&'static str] {
        match self {
            Self::Ask => &["ask.txt"],
            Self::Complain => &["complain.txt"],
            Self::Report => &["report.txt"],
            Self::Swindle => &["swindle.txt"],
            Self::WantPerson => &["wish.txt"],
            Self::Else => &["everyday.txt", "money.txt"],
        }
    }
}

/// How likely each act is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Acts {
    shares: [f32; Act::ALL.len()],
}

impl Default for Acts {
    /// All alike.
    fn default() -> Self {
        Self { shares: [1.0 / Act::ALL.len() as f32; Act::ALL.len()] }
    }
}

impl Acts {
    /// How likely an act is, 0 to 1.
    pub fn likelihood(&self, act: Act) -> f32 {
        self.shares[act as usize]
    }

    /// How much speaks for an act: the logarithm of the odds, 0 when it is as likely as not.
    pub fn odds(&self, act: Act) -> f32 {
        odds_of(self.likelihood(act))
    }

    /// How much speaks for a wrong, done or tried: the logarithm of the odds.
    pub fn wrong(&self) -> f32 {
        odds_of(self.likelihood(Act::Report) + self.likelihood(Act::Swindle))
    }

    /// How much speaks for the bank's business: the logarithm of the odds, 0 when both are as likely.
    pub fn business(&self) -> f32 {
        -self.odds(Act::Else)
    }
}

/// No single judge is surer than this.
const LIKELIHOOD_MIN: f32 = 0.001;

fn odds_of(likelihood: f32) -> f32 {
    let likelihood = likelihood.clamp(LIKELIHOOD_MIN, 1.0 - LIKELIHOOD_MIN);
    (likelihood / (1.0 - likelihood)).ln()
}

static EXAMPLES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| packed::ACTS.texts());
/// The demonstration pack's `category,utterance` rows, and the categories whose utterances ask for nothing.
const DEMO: &str = "utterances.csv";
const DEMO_ACTS: [(&str, Act); 4] = [
    ("불만/민원 접수", Act::Complain),
    ("거래 이의제기/분쟁", Act::Complain),
    ("보이스피싱/사고 신고", Act::Report),
    ("상담원 연결", Act::WantPerson),
];

/// Knows the acts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActClassifier {
    classifier: Classifier,
}

impl ActClassifier {
    /// Learns from the built-in examples and from a pack's: titles, headings, questions, and utterances whose act is known.
    ///
    /// # Errors
    /// As [`Classifier::train`], which the built-in examples give no reason for.
    pub fn learn<'a>(examples: impl Iterator<Item = (Act, &'a str)>) -> Result<Self, TrainError> {
        let utterances = packed::DEMO_PACK.text(DEMO).unwrap_or_default();
        let demo: Vec<(Act, String)> = csv::Reader::from_reader(utterances.as_bytes())
            .into_records()
            .filter_map(|row| {
                let row = row.ok()?;
                let act = DEMO_ACTS.iter().find(|(category, _)| row.get(0) == Some(category));
                Some((act.map_or(Act::Ask, |(_, act)| *act), row.get(1)?.to_owned()))
            })
            .collect();
        let mut all: Vec<Example<'_>> = Vec::new();
        let mut add = |act: Act, text| all.push(Example { category: act.name(), text });
        Self::examples().for_each(|(act, text)| add(act, text));
        demo.iter().for_each(|(act, text)| add(*act, text));
        examples.for_each(|(act, text)| add(act, text));
        Ok(Self { classifier: Classifier::train(&all)? })
    }

    /// The built-in examples.
    pub fn examples<'a>() -> impl Iterator<Item = (Act, &'a str)> {
        let files = Act::ALL.into_iter().flat_map(|act| act.files().iter().map(move |file| (act, *file)));
        files
            .filter_map(|(act, file)| Some((act, EXAMPLES.get(file)?)))
            .flat_map(|(act, texts)| texts.lines().map(move |text| (act, text)))
    }

    /// What is done with a message.
    pub fn acts(&self, message: &Reading) -> Acts {
        let Some(probabilities) = self.classifier.probabilities(message) else { return Acts::default() };
        let place = |act: &Act| self.classifier.categories().iter().position(|category| &**category == act.name());
        let mut acts = Acts::default();
        for act in Act::ALL {
            acts.shares[act as usize] = place(&act).and_then(|place| probabilities.get(place).copied()).unwrap_or(0.0);
        }
        acts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bank_is_asked_about_money_kept_there_and_nothing_else() {
        let classifier = ActClassifier::learn([(Act::Ask, "주택청약 가입 조건")].into_iter()).unwrap();
        for (text, expected) in [
            ("카드를 잃어버린 것 같아요", true),
            ("적금 만기가 언제인지 궁금합니다", true),
            ("보내는 데 수수료 드나요", true),
            ("오늘 저녁에 비 오나요", false),
            ("강아지 사료 추천해 주세요", false),
            ("짝사랑하는 사람에게 고백할까요", false),
        ] {
            assert_eq!(classifier.acts(&Reading::of(text)).business() > 0.0, expected, "{text}");
        }
    }

    #[test]
    fn every_file_of_examples_is_in_the_program() {
        for file in Act::ALL.into_iter().flat_map(Act::files) {
            assert!(EXAMPLES.get(*file).is_some_and(|texts| texts.lines().count() > 10), "{file}");
        }
        assert!(packed::DEMO_PACK.text(DEMO).is_some_and(|rows| rows.lines().count() > 10));
    }

    #[test]
    fn acts_are_told_apart() {
        let classifier = ActClassifier::learn(std::iter::empty()).unwrap();
        for (text, expected) in [
            ("이체 한도를 올리려면 어떻게 하나요", Act::Ask),
            ("상담 가능한 시간이 궁금해요", Act::Ask),
            ("한 시간이나 기다리게 하고 사과도 없네요", Act::Complain),
            ("동의한 적 없는 수수료를 왜 떼갑니까 돌려주세요", Act::Complain),
            ("검사라는 사람한테 속아서 돈을 부쳤어요", Act::Report),
            ("제 이야기를 직접 들어주실 분 있나요", Act::WantPerson),
            ("로봇 말고 직원분 좀 불러주세요", Act::WantPerson),
        ] {
            let acts = classifier.acts(&Reading::of(text));
            let best = Act::ALL.into_iter().max_by(|a, b| acts.likelihood(*a).total_cmp(&acts.likelihood(*b)));
            assert_eq!(best, Some(expected), "{text}: {acts:?}");
        }
    }
}
