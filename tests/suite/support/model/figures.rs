//! Figures that nobody gave the model: percentages, amounts, dates, periods and phone numbers, in digits and in Hangul.

use std::sync::LazyLock;

use rand::RngExt as _;
use rand::rngs::StdRng;
use regex::Regex;

/// Where a sentence has a figure of which kind.
static FIGURES: LazyLock<Regex> = LazyLock::new(|| {
    let kinds = [
        r"(?<phone>\d{2,4}-\d{3,4}(?:-\d{4})?)",
        r"(?<date>\d{4}\s?[년.\-]\s?\d{1,2}\s?[월.\-]\s?\d{1,2}일?)",
        r"(?<percent>\d+(?:\.\d+)?\s?(?:%|퍼센트))",
        r"(?<amount>(?:\d[\d,.]*\s?[십백천만억]*\s?)+원)",
        r"(?<period>\d+\s?(?:영업일|일|주|개월|년|시간|분))",
    ];
    Regex::new(&kinds.join("|")).unwrap()
});

#[derive(Clone, Copy)]
enum Kind {
    Phone,
    Date,
    Percent,
    Amount,
    Period,
}

const KINDS: [(Kind, &str); 5] = [
    (Kind::Phone, "phone"),
    (Kind::Date, "date"),
    (Kind::Percent, "percent"),
    (Kind::Amount, "amount"),
    (Kind::Period, "period"),
];

/// The sentence with a figure that stands nowhere in `known`, in place of one of its own or added to it; and that figure.
pub fn invent(sentence: &str, known: &str, rng: &mut StdRng) -> (String, String) {
    let known = compact(known);
    let found = FIGURES.captures(sentence).filter(|_| rng.random_bool(0.5));
    if let Some(found) = found {
        let (kind, _) = KINDS.into_iter().find(|(_, name)| found.name(name).is_some()).expect("one of the kinds");
        let figure = unknown(kind, &known, rng);
        let place = found.get(0).expect("the whole match").range();
        return ([&sentence[..place.start], &figure, &sentence[place.end..]].concat(), figure);
    }
    let (kind, _) = KINDS[rng.random_range(0..KINDS.len())];
    let figure = unknown(kind, &known, rng);
    let added = match kind {
        Kind::Phone => format!("(문의 {figure})"),
        Kind::Date => format!("({figure}부터)"),
        Kind::Percent => format!("(우대 포함 연 {figure})"),
        Kind::Amount => format!("(최대 {figure})"),
        Kind::Period => format!("(가입 후 {figure})"),
    };
    let (said, stop) = sentence.split_at(sentence.trim_end_matches(['.', '?', '!']).len());
    (format!("{said}{added}{stop}"), figure)
}

/// A number from 1 to 9,999 as it is read.
fn hangul(number: u32) -> String {
    const DIGITS: [&str; 10] = ["", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"];
    let mut read = String::new();
    for (unit, name) in [(1000, "천"), (100, "백"), (10, "십"), (1, "")] {
        match (number / unit % 10, name) {
            (0, _) => {}
            (1, name) if !name.is_empty() => read.push_str(name),
            (digit, name) => {
                read.push_str(DIGITS[digit as usize]);
                read.push_str(name);
            }
        }
    }
    read
}

/// A figure of this kind of which no spelling is known.
fn unknown(kind: Kind, known: &str, rng: &mut StdRng) -> String {
    loop {
        let spellings = match kind {
            Kind::Phone => phone(rng),
            Kind::Date => date(rng),
            Kind::Percent => percent(rng),
            Kind::Amount => amount(rng),
            Kind::Period => period(rng),
        };
        if !spellings.iter().any(|spelling| known.contains(&compact(spelling))) {
            return spellings[rng.random_range(0..spellings.len())].clone();
        }
    }
}

fn phone(rng: &mut StdRng) -> Vec<String> {
    let (first, last) = (rng.random_range(3001..4999), rng.random_range(1001..9999));
    match rng.random_bool(0.5) {
        true => vec![format!("15{:02}-{last}", first % 100)],
        false => vec![format!("02-{first}-{last}")],
    }
}

fn date(rng: &mut StdRng) -> Vec<String> {
    let (year, month, day) = (rng.random_range(2027..2040), rng.random_range(1..13), rng.random_range(1..29));
    vec![
        format!("{year}년 {month}월 {day}일"),
        format!("{year}.{month}.{day}"),
        format!("{year}-{month:02}-{day:02}"),
        format!("{year}년 {month:02}월 {day:02}일"),
    ]
}

fn percent(rng: &mut StdRng) -> Vec<String> {
    let (whole, tenth, hundredth) = (rng.random_range(1..99), rng.random_range(1..10), rng.random_range(1..10));
    let read = format!("{} 점 {}{}", hangul(whole), hangul(tenth), hangul(hundredth));
    vec![format!("{whole}.{tenth}{hundredth}%"), format!("{whole}.{tenth}{hundredth} 퍼센트"), format!("{read} 퍼센트")]
}

fn amount(rng: &mut StdRng) -> Vec<String> {
    // No round number: such are in too many documents.
    let ten_thousands = rng.random_range(11..1000) * 10 + rng.random_range(1..10);
    let (thousands, rest) = (ten_thousands / 1000, ten_thousands % 1000);
    let mut spellings = vec![
        format!("{},{:03},000원", ten_thousands / 100, ten_thousands % 100 * 10),
        format!("{ten_thousands}만 원"),
        format!("{ten_thousands}만원"),
        format!("{}만 원", hangul(ten_thousands)),
        format!("{}만원", hangul(ten_thousands)),
    ];
    if thousands > 0 && rest >= 100 {
        spellings.push(format!("{thousands}천{rest}만 원"));
    }
    spellings
}

fn period(rng: &mut StdRng) -> Vec<String> {
    let count = rng.random_range(11..99) * 10 + rng.random_range(1..10);
    vec![format!("{count}일"), format!("{count}개월"), format!("{} 개월", hangul(count)), format!("{count}영업일")]
}

/// What is left of it when spelling does not matter.
fn compact(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace() && *character != ',').collect()
}

/// Numbers are read as Koreans read them.
#[test]
fn numbers_are_read() {
    let cases = [
        (1, "일"),
        (10, "십"),
        (21, "이십일"),
        (110, "백십"),
        (370, "삼백칠십"),
        (5001, "오천일"),
        (9999, "구천구백구십구"),
    ];
    for (number, read) in cases {
        assert_eq!(hangul(number), read);
    }
}

/// An invented figure is in the sentence and in no spelling among what is known.
#[test]
fn invented_figures_are_not_known() {
    use rand::SeedableRng as _;

    let mut rng = StdRng::seed_from_u64(7);
    let known = "가입 한도는 1인당 5천만 원이며, 금리는 연 3.5%입니다. 2026년 3월 2일부터 12개월입니다. 문의는 1588-0000입니다.";
    for sentence in known.split_inclusive(". ").cycle().take(500) {
        let (said, figure) = invent(sentence.trim(), known, &mut rng);
        assert!(said.contains(&figure) && said.ends_with('.'), "{said}: {figure}");
        assert!(!compact(known).contains(&compact(&figure)), "{figure}");
        assert!(figure.chars().count() >= 4, "{figure}");
    }
}
