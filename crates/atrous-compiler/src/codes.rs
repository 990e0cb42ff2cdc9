//! The codes of all diagnostics: one line each here, and the long story in a file of its own in `codes/`.
//!
//! A story has an example that is wrong and one that is right. Each is a fenced block whose first line is `conv wrong` or
//! `conv right`, a spec; or `console wrong` or `console right`, a command, for codes that need other bytes, more text or
//! sizes from outside. Behind the wrong spec stands in a block of `text` what the command says of it.

macro_rules! codes {
    ($($name:ident = $code:literal: $title:literal;)*) => {
        $(#[doc = $title] pub const $name: &str = $code;)*

        /// Every code with its one-line title, in order.
        pub const ALL: &[(&str, &str)] = &[$(($code, $title)),*];

        const STORIES: &[(&str, &str)] = &[$(($code, include_str!(concat!("codes/", $code, ".md")))),*];
    };
}

codes! {
    NOT_UTF8 = "A0101": "The file is not UTF-8.";
    TOO_LONG = "A0102": "The source is too long.";
    STRAY_CHARACTER = "A0103": "A character has no meaning in the language.";
    QUOTED_TEXT = "A0104": "Quoted text has no meaning in the language.";
    OPEN_COMMENT = "A0105": "A block comment or quoted text does not end.";
    OPEN_BRACKET = "A0106": "A bracket is never closed.";
    STRAY_BRACKET = "A0107": "A closing bracket closes nothing.";
    NESTED_TOO_DEEPLY = "A0108": "Brackets are nested too deeply.";
    NUMBER_SUFFIX = "A0109": "A number is followed by letters.";
    NUMBER_RADIX = "A0110": "A number is hexadecimal, octal or binary.";
    BAD_NAME = "A0111": "A word cannot be a name.";
    UNEXPECTED_TOKEN = "A0112": "Something else is expected here.";
    MISSING_SEPARATOR = "A0113": "Two neighbours are not separated as they should be.";
    EMPTY_FILE = "A0114": "The source has neither a layer nor a net.";
    MORE_ERRORS = "A0199": "There are more errors than are shown.";

    UNKNOWN_FIELD = "A0201": "A field or flag is unknown.";
    REPEATED_FIELD = "A0202": "A field or flag is given twice.";
    MISSING_FIELD = "A0203": "A required field is missing.";
    OUTPUT_PADDING = "A0204": "The output padding is not smaller than the stride or the dilation.";
    FIELD_FORM = "A0205": "A field is written as a flag, or a flag as a field.";
    WRONG_TYPE = "A0206": "A value is of the wrong type.";
    WRONG_COUNT = "A0207": "A list has the wrong number of entries.";
    OUT_OF_RANGE = "A0208": "A number is out of range.";
    UNKNOWN_VALUE = "A0209": "A named value is unknown.";
    NO_OUTPUT = "A0210": "The kernel does not fit into the padded input.";
    GROUPS = "A0211": "The groups do not divide the channels.";
    DEPTHWISE = "A0212": "The output channels of a depthwise layer are not a multiple of its input channels.";
    ONLY_TRANSPOSED = "A0213": "A field has a meaning for transposed layers only.";
    NOT_TRANSPOSED = "A0214": "A value has no meaning for transposed layers.";
    EXCLUSIVE = "A0215": "Two fields or flags exclude each other.";
    OUTPUT_SIZE = "A0216": "No output padding gives the output size.";
    TWO_ACTIVATIONS = "A0217": "A layer has two activations.";
    ACTIVATION = "A0218": "The numbers of an activation are wrong.";
    AMBIGUOUS_SAME = "A0219": "The padding of a transposed layer is ambiguous.";
    CAUSAL_RANK = "A0220": "Causal padding has a meaning for one spatial axis only.";
    PADDING_MODE = "A0221": "The padding needs more input than there is.";
    NOTHING_LEFT = "A0222": "Negative padding crops the whole input.";
    TOO_LARGE = "A0223": "A tensor or size is too large.";
    RANK = "A0224": "A shape has too few or too many dimensions.";
    MISPLACED_FIELD = "A0225": "A field has no meaning in this place.";

    ITEM_TWICE = "A0301": "Two layers or nets have one name.";
    VALUE_TWICE = "A0302": "Two values have one name.";
    UNDEFINED = "A0303": "A name is not defined.";
    USED_BEFORE = "A0304": "A value is used before it is defined.";
    NO_INPUT = "A0305": "A net has no input.";
    NO_OUTPUT_STATEMENT = "A0306": "A net has no output.";
    OUTPUT_TWICE = "A0307": "A value is an output twice.";
    OUTPUT_IS_INPUT = "A0308": "An output is an input itself.";
    UNKNOWN_OP = "A0309": "An operation is unknown.";
    OPERAND_COUNT = "A0310": "An operation has the wrong number of operands.";
    SHAPE_MISMATCH = "A0311": "The operands have different shapes.";
    LAYOUT_MISMATCH = "A0312": "The layers of a net have different layouts.";

    UNKNOWN_SIZE = "A0401": "A size is given for a name that is not free.";
    SIZE_RANGE = "A0402": "A given size is out of range.";
    UNBOUND_SIZE = "A0403": "A size is free where all must be known.";

    UNUSED = "A0901": "A value is never used.";
    POINTLESS_DILATION = "A0902": "A dilation has no effect.";
    ONLY_PADDING = "A0903": "Outputs at an end see no input.";
    POINTLESS_MODE = "A0904": "A padding mode has no effect.";
    NO_TAPS = "A0905": "Outputs of a transposed layer see no tap of the kernel.";
}

/// The long story of a code, in Markdown: what the rule is and why, what breaks it, and what does not.
///
/// `None` when there is no such code.
pub fn story(code: &str) -> Option<&'static str> {
    STORIES.iter().find(|story| story.0 == code).map(|story| story.1)
}

#[cfg(test)]
mod tests;
