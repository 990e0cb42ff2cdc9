//! Numbers for people.

/// A whole number: exact below 100 000, else four digits and a prefix of the SI.
pub fn count(number: u64) -> String {
    match number {
        0..100_000 => number.to_string(),
        _ => scaled(number as f64, 1000.0, &["", " k", " M", " G", " T", " P", " E"]),
    }
}

/// A number of bytes: exact below 10 000, else in powers of 1024.
pub fn bytes(number: u64) -> String {
    match number {
        0..10_000 => format!("{number} B"),
        _ => scaled(number as f64, 1024.0, &[" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"]),
    }
}

/// A number of cycles, which is an estimate.
pub fn cycles(number: f64) -> String {
    if number < 1000.0 {
        format!("{number:.0}")
    } else {
        scaled(number, 1000.0, &["", " k", " M", " G", " T", " P", " E"])
    }
}

/// A part of something in per cent.
pub fn percent(part: f64) -> String {
    match 100.0 * part {
        percent if percent >= 9.95 || percent == 0.0 => format!("{percent:.0} %"),
        percent if percent >= 0.1 => format!("{percent:.1} %"),
        _ => "< 0.1 %".to_string(),
    }
}

/// A factor: `1.25×`.
pub fn times(factor: f64) -> String {
    if factor >= 99.5 { format!("{factor:.0}×") } else { format!("{factor:.2}×") }
}

fn scaled(number: f64, step: f64, units: &[&str]) -> String {
    let (mut value, mut unit) = (number, 0);
    while value >= 0.9995 * step && unit + 1 < units.len() {
        value /= step;
        unit += 1;
    }
    let decimals = match value {
        value if value >= 99.95 => 1,
        value if value >= 9.995 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}{}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::{bytes, count, cycles, percent, times};

    #[test]
    fn numbers_have_four_digits() {
        let counts = [0, 99_999, 100_000, 231_211_008, 999_960, u64::MAX].map(count);
        assert_eq!(counts, ["0", "99999", "100.0 k", "231.2 M", "1.000 M", "18.45 E"]);
        assert_eq!([9_999, 10_000, 36_928, 9 << 20].map(bytes), ["9999 B", "9.766 KiB", "36.06 KiB", "9.000 MiB"]);
        assert_eq!([12.4, 999.6, 1234.0].map(cycles), ["12", "1000", "1.234 k"]);
        assert_eq!([1.0, 0.096, 0.0, 0.0001].map(percent), ["100 %", "9.6 %", "0 %", "< 0.1 %"]);
        assert_eq!([1.0, 2.25, 441.0].map(times), ["1.00×", "2.25×", "441×"]);
    }
}
