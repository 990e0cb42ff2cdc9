//! The procedural macro behind `atrous::conv!`: tokens or a path in, items out. The compiler does the work.

mod level;
mod messages;
mod spec_file;

use atrous_compiler::emit::{self, Options};
use atrous_compiler::front::{self, Front, Model, OpenNet, Sizes};
use atrous_compiler::{Target, compile};
use level::Level;
use messages::{Message, Place};
use proc_macro2::{Span, TokenStream, TokenTree};

/// `($facade) layer … net …`, or `($facade) "path", NAME = size, …`.
///
/// `$facade` is the path of the `atrous` crate as the caller knows it. `#![deny(slow)]` may stand in front of either, or the
/// same with `warn` or `allow`.
#[proc_macro]
pub fn conv(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let mut input = TokenStream::from(input).into_iter();
    let facade = match input.next() {
        Some(TokenTree::Group(group)) => group.stream(),
        other => other.into_iter().collect(),
    };
    let (slow, spec) = match level::take(input.collect()) {
        Ok(taken) => taken,
        Err(error) => return error.into_compile_error().into(),
    };
    let setting = Setting { facade, slow };
    match spec.clone().into_iter().next() {
        Some(TokenTree::Literal(_)) => spec_file::expand(spec, &setting),
        _ => inline(spec, &setting),
    }
    .into()
}

/// What is not in the spec.
struct Setting {
    /// The path of the `atrous` crate.
    facade: TokenStream,
    /// What is done about layers that take the slow path.
    slow: Level,
}

fn inline(spec: TokenStream, setting: &Setting) -> TokenStream {
    let (front, spans) = front::tokens(spec, &Sizes::new());
    let place = |span: atrous_compiler::Span| Place::of_tokens(&spans, span);
    let messages = front.diagnostics.iter().map(|diagnostic| Message::new(diagnostic, place(diagnostic.span)));
    let unbound = |open: &OpenNet| format!("write numbers for {} in its inputs", open.free.join(", "));
    expand(&front, messages.collect(), place, unbound, setting)
}

/// The items of all models that have no error, and all messages.
fn expand(
    front: &Front,
    mut messages: Vec<Message>,
    place: impl Fn(atrous_compiler::Span) -> Place,
    unbound: impl Fn(&OpenNet) -> String,
    setting: &Setting,
) -> TokenStream {
    let items = front.file.iter().flat_map(|file| &file.items);
    let place_of = |name: &str| items.clone().find(|item| item.name().text == name).map(|item| place(item.name().span));
    let mut output = TokenStream::new();
    for model in &front.models {
        match model {
            Model::Net(net) => {
                let name = place_of(&net.name).map_or_else(Span::call_site, |place| place.start);
                let options = Options { facade: setting.facade.clone(), name };
                match Target::all().iter().map(|target| compile(net, target)).collect::<Result<Vec<_>, _>>() {
                    Ok(plans) => {
                        output.extend(emit::rust(net, &plans, &options));
                        messages.extend(Message::slow(&plans, setting.slow, Place::all(name)));
                    }
                    Err(error) => messages.push(Message::error(error.to_string(), Place::all(name))),
                }
            }
            // What is wrong may be the sizes themselves.
            Model::Open(_) if front.has_errors() => {}
            Model::Open(open) => {
                let place = place_of(&open.name).unwrap_or(Place::all(Span::call_site()));
                messages.push(Message::unbound(open, &unbound(open), place));
            }
        }
    }
    output.extend(messages.iter().map(Message::tokens));
    output
}
