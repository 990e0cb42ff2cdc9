//! Layers as one interactive page: HTML that needs no network, no other file and no server.
//!
//! What is read, with which weight and in which phase, goes into the page as data ([`data`]); the script only shows it.

pub mod data;

#[cfg(test)]
mod tests;

use std::fmt::Write;

use atrous_compiler::layer::Layer;

use crate::palette::{DARK, INK, LIGHT, PHASES, Theme};
use crate::scene::TooLarge;
use data::Data;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = concat!(include_str!("reads.js"), "\n", include_str!("grids.js"), "\n", include_str!("page.js"));

/// The text of a page that shows layers, of which the reader chooses one. Layers that are too large are named with the
/// reason.
///
/// # Errors
/// There is no layer that can be drawn: why the first one cannot.
pub fn write(title: &str, layers: &[Layer]) -> Result<String, TooLarge> {
    let data = Data::new(title, layers)?;
    let json = serde_json::to_string(&data).expect("words and numbers are JSON");
    let parts = [
        ("{title}", escaped(title)),
        ("{style}", colors() + STYLE),
        ("{data}", embeddable(&json)),
        ("{script}", SCRIPT.to_string()),
    ];
    Ok(filled(TEMPLATE, &parts))
}

/// A template with each place filled once, so that what is filled in may look like a place.
fn filled(template: &str, parts: &[(&str, String)]) -> String {
    let mut page = String::new();
    let mut rest = template;
    for (place, text) in parts {
        let (before, after) = rest.split_once(place).expect("the template has every place, in order");
        page += before;
        page += text;
        rest = after;
    }
    page + rest
}

/// A text between tags.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// JSON in which nothing looks like a tag, so that no name can end the element that it stands in.
fn embeddable(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// The palette as variables of the style: light, dark where that is preferred, and what the reader chooses.
fn colors() -> String {
    let mut style = format!(":root {{ --ink: {INK}; --phases: {};", PHASES.len());
    for (number, color) in PHASES.iter().enumerate() {
        let _ = write!(style, " --p{number}: {color};");
    }
    let (light, dark) = (variables(&LIGHT), variables(&DARK));
    let _ = write!(style, " }}\n:root {{ {light} }}\n:root[data-theme=\"dark\"] {{ {dark} }}\n");
    let _ = writeln!(style, "@media (prefers-color-scheme: dark) {{ :root:not([data-theme=\"light\"]) {{ {dark} }} }}");
    for number in 0..PHASES.len() {
        let _ = writeln!(style, ".p{number} {{ --phase: var(--p{number}); }}");
    }
    style
}

fn variables(theme: &Theme) -> String {
    let Theme { background, text, muted, line, input, output, copy, zero, mark } = theme;
    let scheme = if theme == &DARK { "dark" } else { "light" };
    format!(
        "color-scheme: {scheme}; --background: {background}; --text: {text}; --muted: {muted}; --line: {line}; \
         --input: {input}; --output: {output}; --copy: {copy}; --zero: {zero}; --mark: {mark};"
    )
}
