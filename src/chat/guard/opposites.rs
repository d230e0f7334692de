//! Words of opposite meaning: a sentence without any negation turns a passage round, too, when it says 이전 for 다음 or names
//! another place than the only one.

use crate::chat::guard::grounds::Prepared;
use crate::chat::guard::statements::words_in;
use crate::chat::guard::support;
use crate::chat::guard::support::telling_words;
use crate::text::normalize::normalize;

/// A sentence or row of a passage, to be compared with.
#[derive(Debug)]
pub(super) struct Said {
    /// Its letters.
    tight: String,
    words: Vec<String>,
    is_negative: bool,
}

impl Said {
    pub fn of(sentence: &str) -> Self {
        let normal = normalize(sentence);
        let words: Vec<String> =
            normal.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let is_negative = NEGATIONS.iter().any(|negation| words.iter().any(|word| word.contains(negation)));
        Self { tight: words.concat(), words, is_negative }
    }

    fn has(&self, side: &[&str]) -> bool {
        side.iter().any(|begin| self.words.iter().any(|word| is_begun(word, begin)))
    }

    /// What is said to be the only one: 영업점 of 영업점에서만.
    fn only(&self) -> impl Iterator<Item = &str> {
        const ENDINGS: [&str; 6] = ["에서만", "으로만", "에게만", "로만", "에만", "만"];
        const OTHERS: [&str; 5] = ["하지만", "지만", "다만", "까지만", "가만"];
        self.words.iter().filter_map(|word| {
            let stem = ENDINGS.iter().find_map(|ending| word.strip_suffix(ending))?;
            let is_other =
                OTHERS.iter().any(|other| word.ends_with(other)) || word.starts_with(|c: char| c.is_ascii_digit());
            (!is_other && stem.chars().count() > 1).then_some(stem)
        })
    }

    /// What is named as a place or a means: 앱 of 앱에서도.
    fn places(&self) -> impl Iterator<Item = &str> {
        const ENDINGS: [&str; 7] = ["에서도", "에서는", "에서", "으로도", "으로는", "으로", "로도"];
        self.words.iter().filter_map(|word| ENDINGS.iter().find_map(|ending| word.strip_suffix(ending)))
    }
}

const NEGATIONS: [&str; 7] = ["없", "않", "못", "불가", "아니", "아닙", "아닌"];

/// Words that exclude each other where the same is spoken of. A mark ends a word that stands for nothing longer.
#[rustfmt::skip]
const PAIRS: [[&[&str]; 2]; 22] = [
    [&["다음", "익영업일"], &["전.", "직전", "전날", "이전", "앞선", "전영업일"]],
    [&["포함"], &["별도", "따로", "제외"]],
    [&["합산", "합하", "합쳐", "합친", "합해", "통합"], &["따로", "별도"]],
    [&["같습", "같은", "같고", "같으", "같아", "동일"], &["다르", "달라", "다릅", "다른", "달리"]],
    [&["그대로", "유지"], &["바뀌", "바뀝", "변경됩", "달라", "사라", "없어", "소멸", "끊"]],
    [&["이어", "유지"], &["끊", "중단", "멈추", "멈춥"]],
    [&["오르", "오릅", "올라", "높아", "인상"], &["내리", "내립", "내려", "낮아", "인하"]],
    [&["늘어", "늘리", "늘릴", "늘립", "증가"], &["줄어", "줄이", "줄일", "줄입", "감소"]],
    [&["높은", "높습", "높을", "높으"], &["낮은", "낮습", "낮을", "낮으"]],
    [&["많은", "많습", "많을", "많으"], &["적은", "적습", "적을", "적으"]],
    [&["평일"], &["휴일", "주말", "공휴일", "토요일", "일요일"]],
    [&["세전"], &["세후"]],
    [&["먼저"], &["나중"]],
    [&["고정금리"], &["변동금리"]],
    [&["의무", "필수"], &["선택", "임의"]],
    [&["입금"], &["출금"]],
    [&["전액", "전부"], &["일부"]],
    [&["단리"], &["복리"]],
    [&["국내"], &["해외", "국외"]],
    [&["개인"], &["법인"]],
    [&["신규"], &["기존"]],
    [&["유료"], &["무료", "면제"]],
];

fn is_begun(word: &str, begin: &str) -> bool {
    begin.strip_suffix('.').map_or_else(|| word.starts_with(begin), |whole| word == whole)
}

/// Whether a sentence says the opposite of what the passages say of the same.
pub(super) fn are_said(sentence: &str, cited: &[&Prepared]) -> bool {
    /// The share of our words that a sentence has at least to speak of the same.
    const SAME_MIN: f32 = 0.5;
    /// How much less of them another one may have that bears us out.
    const MARGIN: f32 = 0.15;
    let ours = Said::of(sentence);
    let words = telling_words(&words_in(sentence));
    let near = |said: &Said| {
        let (mut held, mut all) = (0.0, 0.0);
        for word in &words {
            let weight = support::weight(&word.text) * if word.is_verb { support::VERB_WEIGHT } else { 1.0 };
            all += weight;
            held +=
                weight * if said.tight.contains(&word.text) { 1.0 } else { support::parts(&word.text, &said.tight) };
        }
        if all > 0.0 { held / all } else { 0.0 }
    };
    let theirs: Vec<(f32, &Said)> =
        cited.iter().flat_map(|ground| &ground.said).map(|said| (near(said), said)).collect();
    let best = theirs.iter().map(|(near, _)| *near).fold(0.0, f32::max);
    if best < SAME_MIN {
        return false;
    }
    let close: Vec<&Said> = theirs.iter().filter(|(near, _)| *near + MARGIN >= best).map(|(_, said)| *said).collect();
    let is_turned = |our: &[&str], their: &[&str]| {
        ours.has(our)
            && !ours.has(their)
            && !close.iter().any(|said| said.has(our))
            && close.iter().any(|said| said.has(their))
    };
    PAIRS.iter().any(|[one, other]| {
        !ours.is_negative
            && close.iter().all(|said| !said.is_negative)
            && (is_turned(one, other) || is_turned(other, one))
    }) || names_another(&ours, &close)
}

/// Whether a sentence names another place or means than what the passages say is the only one.
fn names_another(ours: &Said, close: &[&Said]) -> bool {
    if ours.is_negative {
        return false;
    }
    let is_excluded = |said: &Said| {
        !said.is_negative
            && said.only().any(|only| !ours.tight.contains(only))
            && ours.places().any(|place| !said.tight.contains(place))
    };
    !close.is_empty() && close.iter().all(|said| is_excluded(said))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::guard::fence::Grounds;

    #[test]
    fn an_opposite_is_known() {
        let text = "이체일이 휴일이면 다음 영업일에 이체합니다. 외국인 고객님은 창구에서만 가입하실 수 있습니다. 평가 금액이 오르면 담보 비율이 내립니다.";
        let ground = Prepared::of(&Grounds { title: "", heading: "", text, is_in_force: true });
        for (sentence, expected) in [
            ("휴일이면 그 전 영업일에 이체합니다.", true),
            ("이체일이 휴일이면 이체는 다음 영업일입니다.", false),
            ("외국인 고객님은 앱에서도 가입하실 수 있습니다.", true),
            ("외국인 고객님은 창구에서 가입하실 수 있습니다.", false),
            ("외국인 고객님은 앱에서는 가입하실 수 없습니다.", false),
            ("평가 금액이 오르면 담보 비율이 내립니다.", false),
        ] {
            assert_eq!(are_said(sentence, &[&ground]), expected, "{sentence}");
        }
    }
}
