//! The grammar, over tokens from either lexer. It expects matching brackets of bounded depth.
//!
//! ```text
//! file   = { layer | net } ;
//! layer  = "layer" NAME "{" fields "}" ;
//! net    = "net" NAME "{" { stmt ";" } "}" ;
//! stmt   = "input" NAME ":" list | NAME "=" NAME "(" NAME { "," NAME } ")" [ "{" fields "}" ] | "output" NAME { "," NAME } ;
//! fields = [ field { "," field } [ "," ] ] ;
//! field  = NAME [ ":" value | "(" value { "," value } ")" ] ;
//! value  = number | NAME | list ;
//! list   = "[" [ value { "," value } [ "," ] ] "]" ;
//! ```
//!
//! An element that does not parse is reported and skipped, so that one run finds all errors.

use super::cursor::{Fault, Parsed, Tokens, name, skip_to, token, word};
use super::token::{Bracket, Token, TokenKind};
use crate::ast::{Field, File, Given, Item, LayerItem, Name, NetItem, Statement, Step, Value, ValueKind};
use crate::check::closest;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::reports::Reports;
use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, map, opt, success};
use nom::sequence::{preceded, terminated};
use std::cell::RefCell;

/// Reads a file; reports every error that it finds.
pub(super) fn file(tokens: &[Token], reports: Reports) -> (File, Reports) {
    let reports = RefCell::new(reports);
    let mut input = Tokens { tokens, reports: &reports };
    let mut items = Vec::new();
    while *input.kind() != TokenKind::End {
        match item(input) {
            Ok((rest, item)) => {
                items.push(item);
                input = rest;
            }
            Err(error) => {
                report(input, error);
                let starts_item =
                    |kind: &TokenKind| matches!(kind, TokenKind::Name(name) if name == "layer" || name == "net");
                let is_body = |kind: &TokenKind| *kind == TokenKind::Open(Bracket::Curly);
                input = skip_to(input.rest(), |kind| starts_item(kind) || is_body(kind));
                if is_body(input.kind()) {
                    input = skip_to(input.rest(), |_| false).rest();
                }
                // Brackets match, so a closing one at this depth belongs to the item that did not parse.
                while matches!(input.kind(), TokenKind::Close(_)) {
                    input = skip_to(input.rest(), starts_item);
                }
            }
        }
    }
    let mut reports = reports.into_inner();
    if items.is_empty() && reports.error_count() == 0 {
        let span = tokens.last().map_or(crate::Span { start: 0, end: 0 }, |end| end.span);
        let error = Diagnostic::error(codes::EMPTY_FILE, span, "there is neither a layer nor a net");
        reports.add(error.help("write `layer name { input: [1, 3, 32, 32], channels: 8, kernel: 3 }`"));
    }
    (File { items }, reports)
}

fn report(input: Tokens, error: nom::Err<Fault>) {
    if let nom::Err::Error(fault) | nom::Err::Failure(fault) = error {
        input.report(fault);
    }
}

fn item(input: Tokens) -> Parsed<Item> {
    alt((map(layer, Item::Layer), map(net, Item::Net), not_an_item)).parse(input)
}

fn not_an_item(input: Tokens) -> Parsed<Item> {
    const HELP: &str = "a source is made of `layer name { … }` and `net name { … }`";
    let fault = Fault::expected(input, "`layer` or `net`");
    Err(nom::Err::Error(match input.kind() {
        TokenKind::Name(name) => match closest(name, ["layer", "net"]) {
            Some(near) => fault.help(format!("write `{near}`")),
            None => fault.help(HELP),
        },
        TokenKind::Semicolon | TokenKind::Comma => fault.help("remove it: layers and nets are not separated"),
        _ => fault.help(HELP),
    }))
}

fn layer(input: Tokens) -> Parsed<LayerItem> {
    let (rest, name) = named("layer", "the name of the layer", "write `layer name { … }`").parse(input)?;
    let (rest, fields) = cut(fields).parse(rest)?;
    Ok((rest, LayerItem { name, fields }))
}

fn net(input: Tokens) -> Parsed<NetItem> {
    let (rest, name) = named("net", "the name of the net", "write `net name { … }`").parse(input)?;
    let (rest, statements) = cut(|input| list_of(input, &STATEMENTS, statement)).parse(rest)?;
    Ok((rest, NetItem { name, statements }))
}

/// A word of the language and the name that stands behind it.
fn named<'a>(
    keyword: &'static str,
    what: &'static str,
    help: &'static str,
) -> impl Parser<Tokens<'a>, Output = Name, Error = Fault> {
    move |input: Tokens<'a>| {
        let (rest, _) = word(keyword).parse(input)?;
        match name(what).parse(rest) {
            Err(nom::Err::Error(fault)) => Err(nom::Err::Failure(fault.help(help))),
            parsed => parsed,
        }
    }
}

fn fields(input: Tokens) -> Parsed<Vec<Field>> {
    list_of(input, &FIELDS, field)
}

fn statement(input: Tokens) -> Parsed<Statement> {
    alt((map(step, Statement::Step), input_statement, output_statement, not_a_statement)).parse(input)
}

fn step(input: Tokens) -> Parsed<Step> {
    let (rest, name) = terminated(name("a name"), token(TokenKind::Equals, "`=`")).parse(input)?;
    let (rest, op) = cut(self::name("an operation: `conv`, `add` or `mul`")).parse(rest)?;
    let (rest, reads) = cut(|input| list_of(input, &READS, read)).parse(rest)?;
    let has_fields = *rest.kind() == TokenKind::Open(Bracket::Curly);
    let (rest, fields) = if has_fields { cut(fields).parse(rest)? } else { (rest, Vec::new()) };
    Ok((rest, Step { name, op, reads, fields }))
}

fn read(input: Tokens) -> Parsed<Name> {
    let (rest, name) = name("the name of a value").parse(input)?;
    let help = match rest.kind() {
        TokenKind::Colon => format!("fields stand behind the values: `(x) {{ {}: … }}`", name.text),
        TokenKind::Open(Bracket::Round) => "operations do not nest: give the inner one a name of its own".to_string(),
        _ => return Ok((rest, name)),
    };
    Err(nom::Err::Error(Fault::expected(rest, READS.after).help(help)))
}

fn input_statement(input: Tokens) -> Parsed<Statement> {
    const HELP: &str = "write for example `input image: [1, 3, 32, 32];`";
    let (rest, name) = named("input", "the name of the input", HELP).parse(input)?;
    let colon = token(TokenKind::Colon, "`:` and the shape of the input");
    let (rest, shape) = cut(preceded(colon, list)).parse(rest)?;
    Ok((rest, Statement::Input { name, shape }))
}

fn output_statement(input: Tokens) -> Parsed<Statement> {
    let (mut rest, first) = named("output", "the name of a value", "write `output name;`").parse(input)?;
    let mut names = vec![first];
    loop {
        let next = match (rest.kind(), rest.rest().kind()) {
            (TokenKind::Comma, next) if !matches!(next, TokenKind::Close(_)) => rest.rest(),
            // Two names in a row lack a comma, unless the second starts a statement of its own.
            (TokenKind::Name(_), TokenKind::Comma | TokenKind::Semicolon | TokenKind::Close(_)) => {
                report_missing(input, rest, "`,` or `;` after this name");
                rest
            }
            _ => return Ok((rest, Statement::Output { names })),
        };
        let (behind, name) = cut(name("the name of a value")).parse(next)?;
        names.push(name);
        rest = behind;
    }
}

fn not_a_statement(input: Tokens) -> Parsed<Statement> {
    let TokenKind::Name(name) = input.kind() else {
        let fault = Fault::expected(input, "a statement");
        return Err(nom::Err::Error(fault.help("statements are `input …;`, `name = op(…) …;` and `output …;`")));
    };
    let fault = Fault::expected(input.rest(), &format!("`=` after `{name}`"));
    let near = closest(name, ["input", "output"]);
    Err(nom::Err::Error(match (name.as_str(), input.rest().kind(), near) {
        ("let", TokenKind::Name(value), _) => fault.help(format!("write `{value} = …` without `let`")),
        (_, _, Some(near)) => fault.help(format!("or write `{near}` instead of `{name}`")),
        (_, TokenKind::Colon, None) => fault.help(format!("write `{name} = …`")),
        _ => fault,
    }))
}

fn field(input: Tokens) -> Parsed<Field> {
    if let TokenKind::Integer(_) | TokenKind::Float(_) = input.kind() {
        let fault = Fault::expected(input, "a field");
        return Err(nom::Err::Error(fault.help("several values of one field stand in a list: `[3, 3]`")));
    }
    let (rest, name) = name("a field").parse(input)?;
    let arguments = |input| list_of(input, &ARGUMENTS, value);
    let given = match rest.kind() {
        TokenKind::Colon => map(preceded(token(TokenKind::Colon, "`:`"), value), Given::Value).parse(rest),
        TokenKind::Open(Bracket::Round) => map(arguments, Given::Arguments).parse(rest),
        TokenKind::Equals | TokenKind::Minus | TokenKind::Integer(_) | TokenKind::Float(_) | TokenKind::Open(_) => {
            let fault = Fault::expected(rest, &format!("`:` after `{}`", name.text));
            Err(nom::Err::Failure(match rest.kind() {
                TokenKind::Equals => fault.help(format!("write `{}: …`", name.text)),
                _ => fault,
            }))
        }
        _ => success(Given::Flag).parse(rest),
    };
    let (rest, given) = given?;
    Ok((rest, Field { span: input.span_to(rest), name, given }))
}

fn value(input: Tokens) -> Parsed<Value> {
    match input.kind() {
        TokenKind::Open(Bracket::Square) => list(input),
        TokenKind::Minus | TokenKind::Integer(_) | TokenKind::Float(_) => number(input),
        TokenKind::Open(_) => Err(nom::Err::Error(Fault::expected(input, "a value").help("lists stand in `[ ]`"))),
        _ => map(name("a value"), |name| Value { kind: ValueKind::Name(name.text), span: name.span }).parse(input),
    }
}

fn number(input: Tokens) -> Parsed<Value> {
    let (rest, minus) = opt(token(TokenKind::Minus, "`-`")).parse(input)?;
    let sign = if minus.is_some() { "-" } else { "" };
    let kind = match rest.kind() {
        TokenKind::Integer(text) => ValueKind::Integer(format!("{sign}{text}")),
        TokenKind::Float(text) => ValueKind::Float(format!("{sign}{text}")),
        _ => return Err(nom::Err::Error(Fault::expected(rest, "a number"))),
    };
    Ok((rest.rest(), Value { kind, span: input.span_to(rest.rest()) }))
}

fn list(input: Tokens) -> Parsed<Value> {
    let (rest, values) = list_of(input, &VALUES, value)?;
    Ok((rest, Value { kind: ValueKind::List(values), span: input.span_to(rest) }))
}

/// How a bracketed list is written, and how messages call its parts.
struct ListStyle {
    bracket: Bracket,
    open: &'static str,
    separator: TokenKind,
    /// Written by mistake instead of the separator.
    wrong_separator: TokenKind,
    /// Whether the separator stands behind the last element too.
    terminated: bool,
    after: &'static str,
}

#[rustfmt::skip]
mod styles {
    use super::{Bracket, ListStyle, TokenKind};

    const COMMAS: ListStyle = ListStyle { bracket: Bracket::Curly, open: "`{` after the name", separator: TokenKind::Comma, wrong_separator: TokenKind::Semicolon, terminated: false, after: "`,` or `}` after this field" };

    pub const FIELDS: ListStyle = COMMAS;
    pub const STATEMENTS: ListStyle = ListStyle { separator: TokenKind::Semicolon, wrong_separator: TokenKind::Comma, terminated: true, after: "`;` after this statement", ..COMMAS };
    pub const READS: ListStyle = ListStyle { bracket: Bracket::Round, open: "`(` and the values to read", after: "`,` or `)` after this name", ..COMMAS };
    pub const ARGUMENTS: ListStyle = ListStyle { bracket: Bracket::Round, open: "`(`", after: "`,` or `)` after this value", ..COMMAS };
    pub const VALUES: ListStyle = ListStyle { bracket: Bracket::Square, open: "a list in `[ ]`", after: "`,` or `]` after this value", ..COMMAS };
}
use styles::{ARGUMENTS, FIELDS, READS, STATEMENTS, VALUES};

/// Elements in brackets. One that does not parse is reported and skipped, up to the next separator.
fn list_of<'a, T>(
    input: Tokens<'a>,
    style: &ListStyle,
    mut element: impl Parser<Tokens<'a>, Output = T, Error = Fault>,
) -> Parsed<'a, Vec<T>> {
    let (mut input, _) = token(TokenKind::Open(style.bracket), style.open).parse(input)?;
    let mut elements = Vec::new();
    loop {
        if let TokenKind::Close(_) | TokenKind::End = input.kind() {
            return Ok((input.rest(), elements));
        }
        input = match element.parse(input) {
            Ok((rest, element)) => {
                elements.push(element);
                separate(input, rest, style)
            }
            Err(error) => {
                report(input, error);
                skip_separator(skip_to(input, |kind| *kind == style.separator), style)
            }
        };
    }
}

/// The input behind the separator that stands between an element and what follows.
fn separate<'a>(element: Tokens<'a>, input: Tokens<'a>, style: &ListStyle) -> Tokens<'a> {
    let is_end = matches!(input.kind(), TokenKind::Close(_)) && !style.terminated;
    if *input.kind() == style.separator || is_end {
        return skip_separator(input, style);
    }
    report_missing(element, input, style.after);
    match input.kind() {
        TokenKind::Name(_) | TokenKind::Close(_) => input,
        kind if *kind == style.wrong_separator => input.rest(),
        _ => skip_separator(skip_to(input, |kind| *kind == style.separator), style),
    }
}

/// Reports a missing separator at the last token before it, which shows where it belongs.
fn report_missing(element: Tokens, input: Tokens, what: &str) {
    let consumed = &element.tokens[..element.tokens.len() - input.tokens.len()];
    let Fault(error) = Fault::expected(input, what);
    let at_last = error.zip(consumed.last()).map(|(error, last)| {
        let error = Diagnostic { code: codes::MISSING_SEPARATOR, span: last.span, ..*error };
        Box::new(error.label("after this"))
    });
    input.report(Fault(at_last));
}

fn skip_separator<'a>(input: Tokens<'a>, style: &ListStyle) -> Tokens<'a> {
    if *input.kind() == style.separator { input.rest() } else { input }
}
