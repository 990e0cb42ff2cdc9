//! Colours that people with any kind of colour vision tell apart, for light and dark backgrounds.
//!
//! All but greys are Paul Tol's: the schemes *light* (phases: made for cells with black text in them), *pale* and *dark*
//! (other cells, under black and white text), and *bright* (lines). Paul Tol, "Colour Schemes", SRON/EPS/TN/09-002,
//! issue 3.2 (2021), <https://personal.sron.nl/~pault/>.

/// A colour as CSS writes it: `#rrggbb`.
pub type Color = &'static str;

/// The colours of phases, the same on light and dark backgrounds; [`INK`] is legible on each. Phase `n` has the colour
/// `n` modulo their number: pictures write the number of a phase as well, and never rely on its colour alone.
pub const PHASES: [Color; 8] = ["#ee8866", "#77aadd", "#44bb99", "#eedd88", "#ffaabb", "#99ddff", "#bbcc33", "#aaaa00"];

/// Text on cells in the colour of a phase.
pub const INK: Color = "#111111";

/// The colours of one background.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Behind everything.
    pub background: Color,
    /// Titles and labels.
    pub text: Color,
    /// Indices, notes and other text that is read second.
    pub muted: Color,
    /// Borders of cells.
    pub line: Color,
    /// An input.
    pub input: Color,
    /// An output, where there is one phase only.
    pub output: Color,
    /// A position of the padding that repeats an input.
    pub copy: Color,
    /// A zero between inputs.
    pub zero: Color,
    /// Borders of what the chosen output reads, and lines to it.
    pub mark: Color,
}

/// On white.
pub const LIGHT: Theme = Theme {
    background: "#ffffff",
    text: "#1a1a1a",
    muted: "#5f6368",
    line: "#8a8f94",
    input: "#cceeff",
    output: "#ccddaa",
    copy: "#eeeebb",
    zero: "#f1f1f1",
    mark: "#aa3377",
};

/// On nearly black.
pub const DARK: Theme = Theme {
    background: "#15181c",
    text: "#f0f0f0",
    muted: "#a4abb3",
    line: "#7d858d",
    input: "#225555",
    output: "#225522",
    copy: "#666633",
    zero: "#24282d",
    mark: "#ee6677",
};

/// The colour of a phase.
pub fn phase(number: usize) -> Color {
    PHASES[number % PHASES.len()]
}
