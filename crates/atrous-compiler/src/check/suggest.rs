//! What the user probably meant.

/// Words from other systems, and what stands for them here.
#[rustfmt::skip]
const SYNONYMS: &[(&str, &str)] = &[
    ("out_channels", "channels"), ("output_channels", "channels"), ("filters", "channels"), ("features", "channels"),
    ("kernel_size", "kernel"), ("kernel_shape", "kernel"), ("filter_size", "kernel"), ("size", "kernel"),
    ("strides", "stride"), ("subsample", "stride"),
    ("dilations", "dilation"), ("dilation_rate", "dilation"), ("rate", "dilation"), ("atrous", "dilation"),
    ("pad", "padding"), ("pads", "padding"), ("auto_pad", "padding"), ("pad_mode", "padding_mode"),
    ("deconv", "transposed"), ("transpose", "transposed"),
    ("output_shape", "output_size"), ("adj", "output_padding"), ("output_pad", "output_padding"),
    ("group", "groups"), ("feature_group_count", "groups"), ("depthwise_conv", "depthwise"),
    ("use_bias", "bias"), ("data_format", "layout"), ("format", "layout"), ("input_shape", "input"),
    ("swish", "silu"), ("hard_swish", "hardswish"), ("lrelu", "leaky_relu"), ("clip", "clamp"), ("hardtanh", "clamp"),
    ("constant", "zeros"), ("zero", "zeros"), ("mirror", "reflect"), ("edge", "replicate"), ("border", "replicate"),
    ("wrap", "circular"), ("periodic", "circular"),
    ("same_upper", "same"), ("full", "valid"),
    ("channels_first", "nchw"), ("channels_last", "nhwc"), ("ncl", "nchw"), ("ncdhw", "nchw"), ("nlc", "nhwc"), ("ndhwc", "nhwc"),
    ("conv2d", "conv"), ("conv1d", "conv"), ("conv3d", "conv"), ("convolution", "conv"), ("sum", "add"), ("plus", "add"), ("multiply", "mul"), ("times", "mul"),
    ("return", "output"),
];

/// The known word that a user probably meant: a synonym, or the nearest spelling if it is near enough.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let word = word.to_lowercase();
    let synonym = SYNONYMS.iter().find(|synonym| synonym.0 == word);
    if let Some(meant) = synonym.and_then(|synonym| known.clone().into_iter().find(|&known| known == synonym.1)) {
        return Some(meant);
    }
    // One letter of a short word is a different word, not a misspelling.
    let farthest = (word.len() / 3).max(1).min(word.len().saturating_sub(1));
    // The lengths alone are a lower bound of the distance.
    let near = known.into_iter().filter(|known| known.len().abs_diff(word.len()) <= farthest);
    let ranked = near.map(|known| (strsim::damerau_levenshtein(&word, &known.to_lowercase()), known));
    ranked.filter(|ranked| ranked.0 <= farthest).min_by_key(|ranked| ranked.0).map(|ranked| ranked.1)
}

/// `a`, `a or b`, `a, b or c`
pub(super) fn alternatives<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    match words.as_slice() {
        [] => String::new(),
        [only] => (*only).to_string(),
        [start @ .., last] => format!("{} or {last}", start.join(", ")),
    }
}

/// The integers of a range: `0`, `0 or 1`, `0 to 5`.
pub(super) fn range(from: impl Into<i128>, to: impl Into<i128>) -> String {
    let (from, to) = (from.into(), to.into());
    match to - from {
        0 => from.to_string(),
        1 => format!("{from} or {to}"),
        _ => format!("{from} to {to}"),
    }
}

/// A number of things: `1 entry`, `3 entries`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
