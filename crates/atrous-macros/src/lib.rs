//! The procedural macro behind `atrous::conv!`: tokens or a path in, items out. The compiler does the work.

mod messages;
mod spec_file;

use atrous_compiler::emit::{self, Options};
use atrous_compiler::front::{self, Front, Model, OpenNet, Sizes};
use atrous_compiler::{Target, compile};
use messages::{Message, Place};
use proc_macro2::{Span, TokenStream, TokenTree};

/// `($facade) layer … net …`, or `($facade) "path", NAME = size, …`.
///
/// `$facade` is the path of the `atrous` crate as the caller knows it.
#[proc_macro]
pub fn conv(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let mut input = TokenStream::from(input).into_iter();
    let facade = match input.next() {
        Some(TokenTree::Group(group)) => group.stream(),
        other => other.into_iter().collect(),
    };
    let spec: TokenStream = input.collect();
    match spec.clone().into_iter().next() {
        Some(TokenTree::Literal(_)) => spec_file::expand(spec, &facade),
        _ => inline(spec, &facade),
    }
    .into()
}

fn inline(spec: TokenStream, facade: &TokenStream) -> TokenStream {
    let (front, spans) = front::tokens(spec, &Sizes::new());
    let place = |span: atrous_compiler::Span| Place::of_tokens(&spans, span);
    let messages = front.diagnostics.iter().map(|diagnostic| Message::new(diagnostic, place(diagnostic.span)));
    let unbound = |open: &OpenNet| format!("write numbers for {} in its inputs", open.free.join(", "));
    expand(&front, messages.collect(), place, unbound, facade)
}

/// The items of all models that have no error, and all messages.
fn expand(
    front: &Front,
    mut messages: Vec<Message>,
    place: impl Fn(atrous_compiler::Span) -> Place,
    unbound: impl Fn(&OpenNet) -> String,
    facade: &TokenStream,
) -> TokenStream {
    let items = front.file.iter().flat_map(|file| &file.items);
    let place_of = |name: &str| items.clone().find(|item| item.name().text == name).map(|item| place(item.name().span));
    let mut output = TokenStream::new();
    for model in &front.models {
        match model {
            Model::Net(net) => {
                let name = place_of(&net.name).map_or_else(Span::call_site, |place| place.start);
                let options = Options { facade: facade.clone(), name };
                match Target::all().iter().map(|target| compile(net, target)).collect::<Result<Vec<_>, _>>() {
                    Ok(plans) => output.extend(emit::rust(net, &plans, &options)),
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
