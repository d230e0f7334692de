//! Figures in every spelling, and words that are none.

use super::*;

/// A value in short: `1000000 krw`, `3.5 %`, `2026-11-1`, `9:30`, `#15880000`, `?a4`.
fn short(value: &Value) -> String {
    let number = |micro: u128| {
        let (whole, fraction) = (micro / numeral::ONE, micro % numeral::ONE);
        let fraction = format!("{fraction:06}");
        let fraction = fraction.trim_end_matches('0');
        if fraction.is_empty() { whole.to_string() } else { format!("{whole}.{fraction}") }
    };
    match value {
        Value::Quantity(micro, unit) => {
            let unit = match unit {
                Unit::Bare => "",
                Unit::Money(currency) => currency,
                Unit::Percent => "%",
                Unit::PercentPoint => "%p",
                Unit::Share => "of",
                Unit::Multiple => "x",
                Unit::Months => "months",
                Unit::Days => "days",
                Unit::Day => "day",
                Unit::DayOfMonth => "monthly",
                Unit::BusinessDays => "business",
                Unit::Seconds => "s",
                Unit::Quarter => "quarter",
                Unit::Times => "times",
                Unit::Cases => "cases",
                Unit::Persons => "persons",
                Unit::Age => "age",
                Unit::Ordinal => "th",
                Unit::Things => "things",
            };
            format!("{} {unit}", number(*micro)).trim_end().to_owned()
        }
        Value::Date { year, month, day } => {
            let part = |part: Option<u16>| part.map_or_else(|| "_".to_owned(), |part| part.to_string());
            format!("{}-{}-{}", part(*year), part(month.map(u16::from)), part(day.map(u16::from)))
        }
        Value::Time { minutes, is_certain } => {
            format!("{}:{:02}{}", minutes / 60, minutes % 60, if *is_certain { "" } else { "~" })
        }
        Value::Number(digits) => format!("#{digits}"),
        Value::Unreadable(text) => format!("?{text}"),
    }
}

fn stated(text: &str) -> Vec<String> {
    read(text).stated().map(|figure| short(&figure.value)).collect()
}

/// Each line: the value, and ways to write it, between bars.
#[track_caller]
fn assert_spellings(table: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (expected, spellings) in table {
        for spelling in spellings.split(" | ") {
            // Alone, and in a sentence.
            for text in
                [spelling.to_owned(), format!("가온은행은 {spelling}입니다."), format!("약 {spelling}까지 됩니다.")]
            {
                let found = stated(&text);
                if found != [*expected] {
                    wrong.push(format!("{text}: {found:?}, not {expected}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn amounts_of_money() {
    assert_spellings(&[
        (
            "1000000 krw",
            "1,000,000원 | 1000000원 | 100만원 | 100만 원 | 백만원 | 백만 원 | 일백만원 | 一百萬元 | 1백만원 | １００만원 | 1 0 0 만 원 | \
             1 000 000원 | KRW 1,000,000 | ₩1,000,000 | ￦1,000,000 | one million won | 1 million won | KRW 1 million | 100\u{200B}만\u{200B}원 | 1,000,000 원",
        ),
        (
            "3000000 krw",
            "3백만원 | 삼백만원 | 삼백만 원 | 300만원 | 300만 원 | 三百萬원 | 3,000,000원 | 3백만 원 | 삼 백 만 원 | three million won",
        ),
        (
            "120000000 krw",
            "1억 2천만원 | 1억2천만원 | 1억 2,000만원 | 일억 이천만원 | 일억이천만 원 | 1억 2000만 원 | 1.2억원 | 120,000,000원",
        ),
        ("35000000 krw", "3천5백만원 | 삼천오백만원 | 3,500만원 | 3500만 원 | 3천 5백만 원"),
        ("33000 krw", "3만 3,000원 | 3만3천원 | 삼만 삼천원 | 33,000원 | 3만 3천 원 | 삼만삼천 원"),
        ("10000 krw", "만원 | 만 원 | 1만원 | 일만 원 | 10,000원"),
        ("5000 krw", "5,000원 | 5천원 | 오천원 | 오천 원 | 5천 원"),
        ("1000 krw", "천원 | 천 원 | 1천원 | 1,000원"),
        ("100000000 krw", "1억원 | 1억 원 | 일억원 | 일억 원 | 100,000,000원 | 10,000만원"),
        ("150000000 krw", "1억 5,000만원 | 1억5천만원 | 1.5억원 | 일억오천만원"),
        ("1500000000000 krw", "1조 5,000억원 | 1.5조원 | 일조 오천억 원"),
        ("0 krw", "0원 | KRW 0"),
        (
            "5000 usd",
            "5,000달러 | 5천 달러 | 오천 달러 | USD 5,000 | US$5,000 | $5,000 | 5000불 | five thousand dollars",
        ),
        ("10000 usd", "1만 달러 | 만 달러 | 일만 달러 | 10,000달러 | USD 10,000"),
        ("100000 usd", "10만 달러 | 십만 달러 | 10만달러"),
        ("300 jpy", "300엔 | 삼백 엔 | JPY 300 | ¥300"),
        ("20 eur", "20유로 | 이십 유로 | EUR 20 | €20 | 20 euros"),
    ]);
}

#[test]
fn rates_and_shares() {
    assert_spellings(&[
        (
            "3.5 %",
            "3.5% | 3.5 % | 3.50% | 연3.5% | 3.5퍼센트 | 3.5 퍼센트 | 3.5프로 | 3.5 프로 | 삼점오 퍼센트 | 삼점오퍼센트 | 삼 점 오 퍼센트 | 3 . 5 % | ３．５％ | 3.\u{200B}5% | \
             3.5 percent | three point five percent | 三점五퍼센트 | 3 .5%",
        ),
        ("3 %", "3% | 3퍼센트 | 3프로 | 삼 퍼센트 | 삼퍼센트 | 삼프로 | three percent | 3 per cent"),
        ("15.4 %", "15.4% | 십오점사 퍼센트 | 15.4퍼센트 | 십오 점 사 퍼센트"),
        ("70.59 %", "70.59% | 칠십점오구 퍼센트 | 칠십 점 오구 퍼센트 | 칠십 점 오 구 퍼센트"),
        ("10.33 %", "10.33% | 십점삼삼 퍼센트 | 십 점 삼삼 퍼센트"),
        ("0.25 %", "0.25% | 영점이오 퍼센트 | 0.25퍼센트"),
        (
            "0.3 %p",
            "0.3%p | 0.30%p | 0.3 %p | 0.3%P | 0.3%포인트 | 0.3%포인트 | 0.3퍼센트포인트 | 0.3 퍼센트 포인트 | 0.3프로포인트 | 영점삼 퍼센트포인트 | 30bp | 30 bps | 30 basis points",
        ),
        ("0.5 of", "절반 | 2분의 1 | 이분의 일 | ½ | half"),
        ("0.333333 of", "3분의 1 | 삼분의 일 | ⅓ | 3분의1"),
        ("2 x", "두 배 | 2배 | 두배"),
        ("30 %", "30% | 삼십 퍼센트 | 3할 | 삼십퍼센트 | thirty percent"),
    ]);
}

#[test]
fn dates_and_times() {
    assert_spellings(&[
        (
            "2026-11-1",
            "2026년 11월 1일 | 2026. 11. 1. | 2026.11.1 | 2026-11-01 | 2026/11/01 | 2026년11월1일 | 이천이십육년 십일월 일일 | November 1, 2026 | 1 November 2026 | 2026. 11. 1 | ２０２６년 11월 1일",
        ),
        ("_-11-1", "11월 1일 | 11/1 | 십일월 일일 | Nov 1 | November 1st"),
        ("2026-11-_", "2026년 11월 | 2026. 11. | 2026-11"),
        ("2026-_-_", "2026년 | 이천이십육년"),
        ("9:00", "09:00 | 오전 9시 | 오전 09:00 | 오전 아홉 시 | 9 a.m. | 9am | 오전 9:00"),
        ("16:00", "16:00 | 오후 4시 | 16시 | 오후 네 시 | 4pm | 오후 4:00 | 4 p.m."),
        ("16:30", "16:30 | 오후 4시 30분 | 16시 30분 | 오후 4시 반 | 오후 네 시 삼십 분"),
        ("9:30~", "9시 30분 | 아홉 시 삼십분 | 9시30분"),
        ("23:30", "23:30 | 23시 30분 | 오후 11시 30분"),
        ("0:30", "0시 30분 | 00:30 | 오전 12시 30분"),
        ("12:00", "정오 | 오후 12시 | noon"),
    ]);
}

#[test]
fn periods() {
    assert_spellings(&[
        ("3 months", "3개월 | 3 개월 | 석 달 | 세 달 | 삼 개월 | 삼개월 | 3달 | three months | 세달 | ３개월"),
        ("12 months", "12개월 | 1년 | 일 년 | 일년 | 십이 개월 | 열두 달 | 한 해 | 1 year | 12 months | 1년간"),
        ("6 months", "6개월 | 반년 | 여섯 달 | 육 개월 | 육개월"),
        ("18 months", "18개월 | 1년 6개월 | 1.5년 | 십팔 개월 | 일년 육개월"),
        ("15 days", "15일간 | 보름 | 십오일간 | 15 days"),
        ("2 days", "이틀 | 2일간 | 이일간 | two days"),
        ("7 days", "7일간 | 일주일 | 1주일 | 1주 | 한 주 | one week"),
        ("1 days", "하루 | 1일간"),
        ("3 business", "3영업일 | 3 영업일 | 삼 영업일 | 3 business days | 삼영업일"),
        ("86400 s", "24시간 | 스물네 시간 | 이십사 시간 | 24 hours"),
        ("5400 s", "1시간 30분 | 한 시간 삼십 분 | 90분"),
        ("600 s", "10분 | 십 분 | 십분 | 10 minutes"),
    ]);
    assert_eq!(stated("매월 25일에 출금됩니다"), ["25 monthly"]);
    assert_eq!(stated("1일 5억원"), ["1 day", "500000000 krw"]);
    assert_eq!(stated("10일 이내"), ["10 days"]);
}

#[test]
fn numbers_of_telephones_and_counts() {
    assert_spellings(&[
        (
            "#15880000",
            "1588-0000 | 15880000 | 1588 0000 | 1588.0000 | １５８８－００００ | 1588‑0000 | 일오팔팔 공공공공 | 일오팔팔-공공공공",
        ),
        ("#021234567", "02-123-4567 | 021234567 | 02 123 4567 | 02)123-4567 | 02) 123-4567"),
        ("#82215880099", "+82-2-1588-0099 | +82 2 1588 0099"),
        ("#01012345678", "010-1234-5678 | 01012345678 | 공일공 일이삼사 오육칠팔 | 010 1234 5678"),
        ("3 times", "3회 | 세 번 | 세번 | 삼 회 | 삼회 | 3번 | three times | 3차례 | 세 차례"),
        ("2 times", "2회 | 두 번 | 두번 | 이회 | twice"),
        ("2 things", "2장 | 두 장 | 2개 | 두 개 | 두 가지 | 2가지 | 두 종류 | 두 계좌"),
        ("1 persons", "1인 | 한 사람 | 한 명 | 1명 | 일인"),
        ("19 age", "19세 | 만 19세 | 열아홉 살 | 만 십구세 | 19살"),
        ("2 cases", "2건 | 두 건"),
        ("1 th", "1순위 | 1등급 | 1번째 | 1단계"),
        ("?a4", "A4"),
        ("?3o0", "3O0만원"),
    ]);
    assert_eq!(stated("1인당 최고 1억원"), ["1 persons", "100000000 krw"]);
    assert_eq!(stated("만 19세 이상 34세 이하"), ["19 age", "34 age"]);
    assert_eq!(stated("112번으로 신고"), ["112"]);
    assert_eq!(stated("제2조 제3항"), ["2 th", "3 th"]);
    assert_eq!(stated("①신분증 ②통장"), ["1", "2"]);
    assert_eq!(stated("1.2.3 버전"), ["?1.2.3"]);
    assert_eq!(stated("10² 원"), ["?10\u{FFFD}"]);
    assert_eq!(stated("수백만 원, 몇천만원"), ["?수백만원", "?몇천만원"]);
    assert_eq!(stated("٣ 개월"), ["?\u{FFFD}"]);
    assert_eq!(stated("3.1234567%"), ["?3.1234567"]);
}

#[test]
fn the_last_of_a_range_or_list_names_the_unit() {
    for (text, expected) in [
        ("3~5년", vec!["36 months", "60 months"]),
        ("3년~5년", vec!["36 months", "60 months"]),
        ("3%에서 5%", vec!["3 %", "5 %"]),
        ("3에서 5%", vec!["3 %", "5 %"]),
        ("3∼8%", vec!["3 %", "8 %"]),
        ("3-8%", vec!["3 %", "8 %"]),
        ("3~5만원", vec!["30000 krw", "50000 krw"]),
        ("3만~5만원", vec!["30000 krw", "50000 krw"]),
        ("5,000~1만원", vec!["5000 krw", "10000 krw"]),
        ("100만에서 300만원", vec!["1000000 krw", "3000000 krw"]),
        ("3, 6, 12개월", vec!["3 months", "6 months", "12 months"]),
        ("3·6·12개월", vec!["3 months", "6 months", "12 months"]),
        ("3/6/12개월", vec!["3 months", "6 months", "12 months"]),
        ("3 또는 5회", vec!["3 times", "5 times"]),
        ("9~16시", vec!["9:00~", "16:00"]),
        ("2025~2026년", vec!["2025-_-_", "2026-_-_"]),
        ("3~5월", vec!["_-3-_", "_-5-_"]),
        ("$5~10", vec!["5 usd", "10 usd"]),
        ("연 4.62%~7.85%", vec!["4.62 %", "7.85 %"]),
        ("삼에서 오 퍼센트", vec!["5 %"]),
        ("10,000원~25,000원", vec!["10000 krw", "25000 krw"]),
    ] {
        assert_eq!(stated(text), expected, "{text}");
    }
}

#[test]
fn words_are_no_figures() {
    for text in [
        "이자 일반 만기 사용 이상 구매 오전 천천히 일부 한도 두고 세금 네 이것만 조건 억울합니다",
        "네, 가능합니다. 가능한 한 빨리 신청하시는 경우",
        "이 계좌, 이 통화, 이 상품, 이 단계, 이 사람, 이 영업일, 이 건은",
        "일시불과 일시상환, 일정과 일반, 사회 구성원, 사원과 사장, 구분, 이분, 이번, 이달, 이월약정",
        "조회와 조건과 만회와 천명과 사건과 이건과 사인과 만일과 만세와 백화점",
        "오시면 이용하실 수 있습니다. 주십시오. 하십시오. 오십시오.",
        "필요한 시간, 가입한 달, 등록한 번호, 하려는 사람이 아닌 한 번호판",
        "이것만 원하시면, 지정한 계좌만 원화로 받습니다",
        "세대주와 한부모와 한시적으로, 두루, 한눈에, 한편, 네이버",
        "구구절절 이사 삼성 오이 육아 칠판 팔찌 구매",
        "하나은행과 하루통장, 다시 한번, 다시 한 번 확인, 한 번 더",
        "프로그램, 프로모션, 퍼즐, 영원히",
        "수수료가 면제됩니다. 만기일에 이자를 드립니다. 원금과 원리금",
        "one of the accounts, may I, a second account, the first, pro, someone",
        "대출 심사 일정, 이체 수수료, 오류, 육성, 천재지변, 백업, 십자가, 억제",
        "만 나이, 만점, 조치, 조사, 공휴일, 공과금, 영업점, 영문, 영상통화",
        "",
    ] {
        assert_eq!(stated(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_differs_differs() {
    for (one, other) in [
        ("3.5%", "3.5%p"),
        ("3일간", "3영업일"),
        ("3회", "3개월"),
        ("100만원", "100만 달러"),
        ("12개월", "12일"),
        ("오전 9시", "오후 9시"),
        ("2026년 11월 1일", "2026년 1월 11일"),
        ("1588-0000", "1588-0099"),
        ("3시간", "3시"),
        ("24시간", "24개월"),
        ("3건", "3회"),
        ("만 19세", "19명"),
        ("3배", "3%"),
        ("10달러", "10유로"),
        ("3.5%", "3.05%"),
        ("1억원", "1억 1원"),
        ("1,000원", "1,0000원"),
    ] {
        let (ours, theirs) = (read(one), read(other));
        let stands = |a: &Figures, b: &Figures| a.stated().all(|a| b.all.iter().any(|b| a.value.stands_as(&b.value)));
        assert!(!stands(&ours, &theirs) && !stands(&theirs, &ours), "{one} {other}");
    }
}

#[test]
fn a_part_of_a_date_and_a_time_without_half_of_the_day_stand() {
    for (said, held, expected) in [
        ("11월 1일", "2026년 11월 1일", true),
        ("2026년 11월", "2026. 11. 1.", true),
        ("2026년 11월 1일", "11월 1일", false),
        ("4시", "오후 4시", true),
        ("오후 4시", "16:00", true),
        ("오전 4시", "16:00", false),
        ("50%", "절반", true),
        ("하루 5억원", "1일 5억원", true),
        ("25일", "매월 25일", true),
        ("한 달에 50만원", "월 50만원", true),
        ("한 건에 3달러", "건당 3달러", true),
        ("3개의 통화", "3 종류의 통화", true),
    ] {
        let (said_figures, held_figures) = (read(said), read(held));
        let stands = said_figures.stated().all(|a| held_figures.all.iter().any(|b| a.value.stands_as(&b.value)));
        assert_eq!(stands, expected, "{said} in {held}");
    }
}

/// Every amount in every spelling is the same, and the next amount is another.
#[test]
fn every_amount_is_the_same_in_all_spellings() {
    const DIGITS: [&str; 10] = ["", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"];
    for thousands in (1..10_000_u32).step_by(37) {
        let spoken: String = [(1_000, "천"), (100, "백"), (10, "십"), (1, "")]
            .iter()
            .filter(|(scale, _)| thousands / scale % 10 > 0)
            .map(|(scale, word)| format!("{}{word}", DIGITS[(thousands / scale % 10) as usize]))
            .collect();
        let expected = [format!("{thousands}0000 krw")];
        let mixed: String = [(1_000, "천"), (100, "백"), (10, "십"), (1, "")]
            .iter()
            .filter(|(scale, _)| thousands / scale % 10 > 0)
            .map(|(scale, word)| format!("{}{word}", thousands / scale % 10))
            .collect();
        for text in [
            format!("{thousands}만원"),
            format!("{thousands}만 원"),
            format!("{thousands}0000원"),
            format!("{spoken}만원"),
            format!("{spoken}만 원"),
            format!("{mixed}만원"),
            format!("KRW {thousands}0000"),
        ] {
            assert_eq!(stated(&text), expected, "{text}");
        }
    }
}

#[test]
fn any_text_is_read() {
    let pieces = [
        "3", ".", ",", " ", "만", "원", "일", "%", "-", ":", "/", "분의", "\n", "a", "①", "²", "점", "시", "+", "천",
        "제", "한", "번", "억",
    ];
    let mut state = 7_u32;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..8 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push_str(pieces[(state >> 16) as usize % pieces.len()]);
        }
        let figures = read(&text);
        let has_digit = figures.form.iter().any(char::is_ascii_digit);
        assert!(!has_digit || figures.stated().count() > 0, "{text:?}");
        assert!(figures.all.iter().all(|figure| figure.span.end <= figures.form.len()), "{text:?}");
        for (place, c) in figures.form.iter().enumerate() {
            let is_covered = figures.all.iter().any(|figure| figure.span.contains(&place));
            assert!(!c.is_ascii_digit() || is_covered, "{text:?}: the digit at {place} is in no figure");
        }
    }
}
