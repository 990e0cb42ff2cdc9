//! Paddings that are written as words, and numbers that no layer may have.

use super::definition::{Case, Kind};
use super::{DILATION, INPUT, STRIDE, TAPS, case};
use atrous_compiler::layer::PaddingMode;
use atrous_compiler::net::Net;
use atrous_tests::specs;

const KINDS: [Kind; 3] = [
    Kind::Ordinary(PaddingMode::Zeros),
    Kind::Transposed { output_padding: 0 },
    Kind::Transposed { output_padding: 1 },
];

const WORDS: [&str; 4] = ["valid", "causal", "same", "same_lower"];

/// The padding that a word means, if it means one.
fn meant(word: &str, case: &Case) -> Option<[i64; 2]> {
    match (word, case.kind) {
        ("valid", _) => Some([0, 0]),
        ("causal", Kind::Ordinary(_)) => Some([(case.dilation * (case.kernel - 1)) as i64, 0]),
        ("same", _) => same(case).map(|total| [total / 2, total - total / 2]),
        ("same_lower", _) => same(case).map(|total| [total - total / 2, total / 2]),
        _ => None,
    }
}

/// The least padding with which an ordinary layer has an output for each stride of inputs, and the one with which a
/// transposed layer has a stride of outputs for each input.
fn same(case: &Case) -> Option<i64> {
    let wanted = match case.kind {
        Kind::Ordinary(_) => case.input.div_ceil(case.stride),
        Kind::Transposed { .. } => case.input * case.stride,
    };
    let outputs = |total: &i64| Case { padding: [0, *total], ..*case }.table().map(|table| table.len());
    (0..100).find(|total| outputs(total) == Some(wanted))
}

fn parse(case: &Case, padding: &str) -> Result<Net, String> {
    let numbers = format!("[[{}, {}]]", case.padding[0], case.padding[1]);
    specs::parse(&case.to_string().replace(&numbers, padding), &Default::default())
}

#[test]
fn words_mean_the_paddings_of_their_definitions() {
    let mut legal = 0;
    for kind in KINDS {
        for number in 0..INPUT * TAPS * STRIDE * DILATION {
            let case = case(kind, number);
            for word in WORDS {
                let padding = meant(word, &case).map(|padding| Case { padding, ..case });
                let expected = padding.filter(|case| case.table().is_some()).map(|case| case.to_string());
                let expected = expected.map(|text| specs::parse(&text, &Default::default()).expect("a legal layer"));
                legal += usize::from(expected.is_some());
                assert_eq!(parse(&case, word).ok(), expected, "{word} of\n{case}");
            }
        }
    }
    assert_eq!(legal, 4404, "legal cases");
}

#[test]
fn nothing_is_zero() {
    let one = case(Kind::Transposed { output_padding: 0 }, 0);
    let one = Case { padding: [0, 0], ..one };
    assert!(parse(&one, "0").is_ok());
    let cases =
        [Case { input: 0, ..one }, Case { kernel: 0, ..one }, Case { stride: 0, ..one }, Case { dilation: 0, ..one }];
    for case in cases {
        let ordinary = Case { kind: Kind::Ordinary(PaddingMode::Zeros), ..case };
        assert!(parse(&case, "0").is_err(), "{case}");
        assert!(parse(&ordinary, "0").is_err(), "{ordinary}");
    }
}
