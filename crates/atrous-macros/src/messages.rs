//! Errors and warnings as tokens that make rustc print them.

use crate::level::Level;
use atrous_compiler::front::OpenNet;
use atrous_compiler::plan::Stage;
use atrous_compiler::plan::schedule::Slow;
use atrous_compiler::{Checked, Diagnostic, Plan, Severity};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

/// The first and the last token to mark: stable Rust cannot join their spans.
#[derive(Clone, Copy)]
pub struct Place {
    pub start: Span,
    pub end: Span,
}

impl Place {
    /// One token.
    pub fn all(span: Span) -> Place {
        Place { start: span, end: span }
    }

    /// A range of the tokens that the macro lexer has kept.
    pub fn of_tokens(tokens: &[Span], span: atrous_compiler::Span) -> Place {
        let token = |index: usize| tokens.get(index).or(tokens.last()).copied().unwrap_or_else(Span::call_site);
        Place { start: token(span.start), end: token(span.end.saturating_sub(1).max(span.start)) }
    }
}

/// What rustc should print, and where.
pub struct Message {
    pub severity: Severity,
    pub text: String,
    pub place: Place,
}

impl Message {
    /// A diagnostic of tokens.
    pub fn new(diagnostic: &Diagnostic, place: Place) -> Message {
        let Diagnostic { code, severity, message, help, .. } = diagnostic;
        let help = help.as_ref().map(|help| format!("\n  help: {help}")).unwrap_or_default();
        Message { severity: *severity, text: format!("{code}: {message}{help}"), place }
    }

    /// An error without a code.
    pub fn error(text: String, place: Place) -> Message {
        Message { severity: Severity::Error, text, place }
    }

    /// The error that a net has free sizes; `help` says what to do.
    pub fn unbound(open: &OpenNet, help: &str, place: Place) -> Message {
        let nowhere = atrous_compiler::Span { start: 0, end: 0 };
        Message::new(&open.unbound(nowhere, help), place)
    }

    /// What is said of the stages that are slow in all plans of a net, one for each target.
    pub fn slow(plans: &[Checked<Plan>], level: Level, place: Place) -> Vec<Message> {
        let severity = match level {
            Level::Allow => return Vec::new(),
            Level::Warn => Severity::Warning,
            Level::Deny => Severity::Error,
        };
        let message = |(stage, slow): (&Stage, Slow)| {
            let (name, help) = (&stage.name, slow.help());
            let text = format!("`{name}` takes the slow path on every target: {slow}\n  help: {help}");
            Message { severity, text, place }
        };
        Plan::slow_on_all(plans).into_iter().map(message).collect()
    }

    /// `compile_error!`, or for a warning the use of something deprecated.
    pub fn tokens(&self) -> TokenStream {
        let text = &self.text;
        match self.severity {
            Severity::Error => {
                let marks = [self.place.start, self.place.end].map(|span| Ident::new("mark", span));
                syn::Error::new_spanned(quote!(#(#marks)*), text).into_compile_error()
            }
            Severity::Warning => quote_spanned! {self.place.start=>
                const _: () = {
                    #[deprecated(note = #text)]
                    const SPEC_WARNING: () = ();
                    SPEC_WARNING
                };
            },
        }
    }
}
