//! What stands between users and stages: checked lengths, and memory.

use super::affine::length;
use super::api::{Argument, Interface, sizes};
use super::names::identifier;
use super::versions::{self, Choice};
use crate::net::Parameter;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// The functions that pack, and `new` and `from_tensors`, which call them.
pub fn constructors(interface: &Interface<'_>) -> (TokenStream, TokenStream) {
    let from_tensors = from_tensors(interface);
    let (functions, new) = new(interface);
    (functions, quote!(#new #from_tensors))
}

/// The functions that compute, and `forward` and `infer`, which call them.
pub fn runners(interface: &Interface<'_>) -> (TokenStream, TokenStream) {
    let infer = infer(interface);
    let (functions, forward) = forward(interface);
    (functions, quote!(#forward #infer))
}

fn new(interface: &Interface<'_>) -> (TokenStream, TokenStream) {
    let facade = interface.facade;
    let variables: Vec<Ident> = interface.parameters.iter().map(|parameter| variable(interface, parameter)).collect();
    let Choice { functions, body, used, .. } = versions::pack(interface, &variables);
    let checks = interface.parameters.iter().zip(&variables).map(|(parameter, variable)| {
        let Parameter { name, shape, .. } = parameter;
        let variable = used.contains(variable).then_some(variable);
        check(interface, false, variable, name, shape, &parameter_slice(interface, parameter))
    });
    let arguments = new_arguments(interface);
    let several = interface.versions.len() > 1;
    let wrong_target = several.then(|| {
        quote! {
            ///
            /// The environment variable `ATROUS_TARGET` asks for an instruction set that is not there.
        }
    });
    let fields = if several { quote!(instruction_set, packed) } else { quote!(packed) };
    let new = quote! {
        /// Packs the parameters for fast access.
        ///
        /// # Errors
        ///
        /// A parameter has the wrong number of elements.
        #wrong_target
        pub fn new(#arguments) -> ::core::result::Result<Self, #facade::Error> {
            use #facade::rt;
            #(#checks)*
            #body
            ::core::result::Result::Ok(Self { #fields })
        }
    };
    (functions, new)
}

fn new_arguments(interface: &Interface<'_>) -> TokenStream {
    if interface.net.standalone {
        let kinds = interface.parameters.iter().map(|parameter| identifier(parameter_kind(parameter)));
        quote!(#(#kinds: &[f32]),*)
    } else if interface.parameters.is_empty() {
        quote!()
    } else {
        let name = interface.parameters_name();
        quote!(parameters: #name<'_>)
    }
}

/// Where `new` finds a parameter.
fn parameter_slice(interface: &Interface<'_>, parameter: &Parameter) -> TokenStream {
    let kind = identifier(parameter_kind(parameter));
    if interface.net.standalone {
        return quote!(#kind);
    }
    let layer = identifier(&parameter.layer);
    quote!(parameters.#layer.#kind)
}

fn from_tensors(interface: &Interface<'_>) -> Option<TokenStream> {
    if interface.parameters.is_empty() {
        return None;
    }
    let (facade, model) = (interface.facade, &interface.net.name);
    let names: Vec<&str> = interface.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    let variables: Vec<Ident> = interface.parameters.iter().map(|parameter| variable(interface, parameter)).collect();
    let arguments = if interface.net.standalone {
        quote!(#(#variables),*)
    } else {
        let layers = interface.net.layers().map(|layer| {
            let fields =
                interface.parameters.iter().filter(|parameter| parameter.layer == layer.name).map(|parameter| {
                    let (field, variable) = (identifier(parameter_kind(parameter)), variable(interface, parameter));
                    quote!(#field: #variable)
                });
            let (name, kind) = (identifier(&layer.name), if layer.bias { quote!(WeightBias) } else { quote!(Weight) });
            quote!(#name: #facade::#kind { #(#fields),* })
        });
        let name = interface.parameters_name();
        quote!(#name { #(#layers),* })
    };
    Some(quote! {
        /// Finds the parameters by their names, `<layer>.weight` and `<layer>.bias`, and packs them.
        ///
        /// # Errors
        ///
        /// Parameters are missing, or one has the wrong number of elements.
        pub fn from_tensors<T: #facade::Tensors + ?::core::marker::Sized>(
            tensors: &T,
        ) -> ::core::result::Result<Self, #facade::Error> {
            let [#(#variables),*] = #facade::rt::find(#model, tensors, [#(#names),*])?;
            Self::new(#arguments)
        }
    })
}

fn forward(interface: &Interface<'_>) -> (TokenStream, TokenStream) {
    let facade = interface.facade;
    let arguments = || {
        let inputs = interface.inputs.iter().map(|argument| (argument, false));
        inputs.chain(interface.outputs.iter().map(|argument| (argument, true)))
    };
    let variables: Vec<Ident> = arguments().map(|(argument, _)| argument.variable.clone()).collect();
    let Choice { functions, body, used, is_parallel, scratch_len } = versions::run(interface, &variables);
    let checks = arguments().map(|(argument, is_output)| {
        let Argument { name, variable, shape } = argument;
        check(interface, is_output, used.contains(variable).then_some(variable), name, shape, &quote!(#variable))
    });
    let (model, len) = (&interface.net.name, length(scratch_len));
    let check_scratch = (scratch_len > 0).then(|| quote!(rt::check_scratch(#model, Self::SCRATCH_LEN, scratch)?;));
    let statements = quote! {
        use #facade::rt;
        #check_scratch
        #(#checks)*
        #body
        ::core::result::Result::Ok(())
    };
    let forward = forward_method(interface, &variables);
    let threads = |is_used| identifier(if is_used { "threads" } else { "_threads" });
    if scratch_len == 0 {
        let forward_on = forward_on_method(interface, &threads(is_parallel), &statements);
        return (functions, quote!(#forward #forward_on));
    }
    let own_scratch = quote!(&mut #facade::rt::arena(Self::SCRATCH_LEN));
    let forward_on = forward_on_method(
        interface,
        &threads(true),
        &quote!(self.forward_with(threads, #own_scratch, #(#variables),*)),
    );
    let forward_with = forward_with_method(interface, &threads(is_parallel), &statements);
    let methods = quote! {
        /// Elements of the scratch memory that a run writes and then reads. It holds nothing between runs.
        pub const SCRATCH_LEN: usize = #len;
        #forward
        #forward_on
        #forward_with
    };
    (functions, methods)
}

fn forward_method(interface: &Interface<'_>, variables: &[Ident]) -> TokenStream {
    let facade = interface.facade;
    let (allow, tensors) = tensor_parameters(interface, 1);
    quote! {
        /// Computes the output from the input, into memory of the caller's.
        ///
        /// # Errors
        ///
        /// A slice has not as many elements as its shape; nothing has been written then.
        #allow
        pub fn forward(&self, #tensors) -> ::core::result::Result<(), #facade::Error> {
            self.forward_on(&#facade::Serial, #(#variables),*)
        }
    }
}

fn forward_on_method(interface: &Interface<'_>, threads: &Ident, body: &TokenStream) -> TokenStream {
    let facade = interface.facade;
    let (allow, tensors) = tensor_parameters(interface, 2);
    quote! {
        /// Computes the output from the input with several threads, into memory of the caller's. The result is the same
        /// for any number of them.
        ///
        /// # Errors
        ///
        /// A slice has not as many elements as its shape; nothing has been written then.
        #allow
        pub fn forward_on(
            &self,
            #threads: &dyn #facade::Threads,
            #tensors
        ) -> ::core::result::Result<(), #facade::Error> {
            #body
        }
    }
}

fn forward_with_method(interface: &Interface<'_>, threads: &Ident, body: &TokenStream) -> TokenStream {
    let facade = interface.facade;
    let (allow, tensors) = tensor_parameters(interface, 3);
    quote! {
        /// The same in scratch memory of the caller's, who may use it for one run after the other.
        ///
        /// # Errors
        ///
        /// A slice has not as many elements as its shape, or `scratch` has less than `SCRATCH_LEN`; nothing has been
        /// written then.
        #allow
        pub fn forward_with(
            &self,
            #threads: &dyn #facade::Threads,
            scratch: &mut [f32],
            #tensors
        ) -> ::core::result::Result<(), #facade::Error> {
            #body
        }
    }
}

/// The parameters for inputs and outputs, and what a function needs that has them behind as many others.
fn tensor_parameters(interface: &Interface<'_>, others: usize) -> (Option<TokenStream>, TokenStream) {
    let inputs = interface.inputs.iter().map(|argument| &argument.variable);
    let outputs = interface.outputs.iter().map(|argument| &argument.variable);
    let many = interface.inputs.len() + interface.outputs.len() + others > 7;
    let allow = many.then(|| quote!(#[allow(clippy::too_many_arguments)]));
    (allow, quote!(#(#inputs: &[f32],)* #(#outputs: &mut [f32]),*))
}

/// The statement that makes a slice an array of the shape's length; it checks the length of one that is not used too.
fn check(
    interface: &Interface<'_>,
    is_output: bool,
    variable: Option<&Ident>,
    name: &str,
    shape: &[usize],
    slice: &TokenStream,
) -> TokenStream {
    let (model, len) = (&interface.net.name, length(shape.iter().product()));
    let shape = sizes(shape);
    let (function, reference) =
        if is_output { (quote!(tensor_mut), quote!(&mut)) } else { (quote!(tensor), quote!(&)) };
    match variable {
        Some(variable) => {
            quote!(let #variable: #reference [f32; #len] = rt::#function(#model, #name, &#shape, #slice)?;)
        }
        None => quote!(rt::#function::<#len>(#model, #name, &#shape, #slice)?;),
    }
}

fn infer(interface: &Interface<'_>) -> TokenStream {
    let facade = interface.facade;
    let inputs: Vec<&Ident> = interface.inputs.iter().map(|argument| &argument.variable).collect();
    let outputs: Vec<&Ident> = interface.outputs.iter().map(|argument| &argument.variable).collect();
    let lengths = interface.outputs.iter().map(|argument| length(argument.shape.iter().product()));
    let (kind, value) = match outputs[..] {
        [output] => (quote!(#facade::rt::Vec<f32>), quote!(#output)),
        _ => {
            let count = length(outputs.len());
            (quote!([#facade::rt::Vec<f32>; #count]), quote!([#(#outputs),*]))
        }
    };
    let allow = (inputs.len() > 6).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    quote! {
        /// Computes the output from the input, into new memory.
        ///
        /// # Errors
        ///
        /// A slice has not as many elements as its shape.
        #allow
        pub fn infer(&self, #(#inputs: &[f32]),*) -> ::core::result::Result<#kind, #facade::Error> {
            #(let mut #outputs = #facade::rt::zeros(#lengths);)*
            self.forward(#(#inputs,)* #(&mut #outputs),*)?;
            ::core::result::Result::Ok(#value)
        }
    }
}

/// The variable that holds a parameter: a layer has one weight and one bias.
fn variable(interface: &Interface<'_>, parameter: &Parameter) -> Ident {
    identifier(if interface.net.standalone { parameter_kind(parameter) } else { &parameter.name })
}

/// `weight` or `bias`.
fn parameter_kind(parameter: &Parameter) -> &str {
    parameter.name.rsplit('.').next().unwrap_or(&parameter.name)
}
