//! The types that users see, and what stands between them and the stages: checked lengths and memory.

use super::Options;
use super::affine::length;
use super::names::{Names, identifier, is_snake_case, type_name};
use super::program::{Program, Surroundings, program};
use crate::ir::macs;
use crate::layer::Layout;
use crate::lower::lower;
use crate::net::{Net, Parameter};
use crate::plan::{BufferId, Plan, Role};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};
use std::collections::BTreeMap;

/// A tensor of the caller's: what it is called, and the variable that holds it.
struct Argument {
    name: String,
    variable: Ident,
    shape: Vec<usize>,
}

/// What all parts of the interface are made of.
struct Interface<'a> {
    net: &'a Net,
    plan: &'a Plan,
    facade: &'a TokenStream,
    model: &'a str,
    name: Ident,
    parameters: Vec<Parameter>,
    inputs: Vec<Argument>,
    outputs: Vec<Argument>,
}

/// All items of a net.
pub fn items(net: &Net, plan: &Plan, options: &Options) -> TokenStream {
    let interface = interface(net, plan, options);
    let (name, facade) = (&interface.name, &options.facade);
    let doc = interface.doc();
    let constants = interface.constants();
    let (pack_functions, new) = interface.new();
    let (run_functions, forward) = interface.forward();
    let (from_tensors, infer) = (interface.from_tensors(), interface.infer());
    let names_are_snake_case = net.layers().all(|layer| is_snake_case(&layer.name))
        && interface.inputs.iter().chain(&interface.outputs).all(|argument| is_snake_case(&argument.name));
    let style = (!names_are_snake_case).then(|| quote!(non_snake_case));
    let parameters = interface.parameters_struct(style.as_ref().map(|style| quote!(#[allow(#style)])));
    let debug_name = name.to_string();
    quote! {
        #parameters
        #(#[doc = #doc])*
        #[derive(::core::clone::Clone)]
        pub struct #name {
            packed: #facade::rt::Vec<f32>,
        }
        #[allow(dead_code, #style)]
        impl #name {
            #constants
            #new
            #from_tensors
            #forward
            #infer
            #pack_functions
            #run_functions
        }
        impl ::core::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #facade::rt::debug(f, #debug_name)
            }
        }
    }
}

fn interface<'a>(net: &'a Net, plan: &'a Plan, options: &'a Options) -> Interface<'a> {
    let mut names = Names::default();
    for taken in ["packed", "scratch"] {
        names.fresh(taken);
    }
    let mut argument = |name: &str, shape| {
        let variable = names.fresh_or(name, "tensor");
        Argument { name: name.into(), variable, shape }
    };
    let inputs = net.inputs.iter().map(|input| argument(&input.name, input.shape.clone())).collect();
    let outputs = match net.outputs[..] {
        [output] => vec![argument("output", net.value_shape(output))],
        _ => net.outputs.iter().map(|&output| argument(net.value_name(output), net.value_shape(output))).collect(),
    };
    Interface {
        net,
        plan,
        facade: &options.facade,
        model: &net.name,
        name: type_name(&net.name, options.name),
        parameters: net.parameters(),
        inputs,
        outputs,
    }
}

impl Interface<'_> {
    fn doc(&self) -> Vec<String> {
        let kind = if self.net.standalone { "layer" } else { "net" };
        let [inputs, outputs] = [&self.inputs, &self.outputs].map(|arguments| {
            let shapes: Vec<String> = arguments.iter().map(|argument| format!("`{:?}`", argument.shape)).collect();
            shapes.join(" and ")
        });
        let summary = format!(" The {kind} `{}`: from {inputs} to {outputs}.", self.model);
        let order = match self.net.layout {
            Layout::Nchw => " Tensors are in memory order `[N, C, …]`.",
            Layout::Nhwc => " Tensors are in memory order `[N, …, C]`.",
        };
        let spec = self.net.to_string();
        let spec = spec.lines().map(|line| format!(" {line}"));
        let head = [&summary, "", order, "", " ```text"].map(String::from);
        head.into_iter().chain(spec).chain([" ```".into()]).collect()
    }

    fn constants(&self) -> TokenStream {
        let inputs = shape_constant(&self.inputs, "INPUT");
        let outputs = shape_constant(&self.outputs, "OUTPUT");
        let macs = u64::try_from(macs::of_layers(&lower(self.net)).useful).unwrap_or(u64::MAX);
        let macs = Literal::u64_unsuffixed(macs);
        quote! {
            #inputs
            #outputs
            /// Multiply-adds of a run that are neither with padding nor with an inserted zero.
            pub const MACS: u64 = #macs;
        }
    }

    /// The struct with the parameters of a net by layer; a layer takes its own as arguments.
    fn parameters_struct(&self, allow: Option<TokenStream>) -> Option<TokenStream> {
        if self.net.standalone || self.parameters.is_empty() {
            return None;
        }
        let fields = self.net.layers().map(|layer| {
            let (name, facade) = (identifier(&layer.name), self.facade);
            let bias = if layer.bias { format!(", bias `[{}]`", layer.output_channels) } else { String::new() };
            let doc = format!(" Weight `{:?}`{bias}.", layer.weight_shape());
            let kind = if layer.bias { quote!(WeightBias) } else { quote!(Weight) };
            quote!(#[doc = #doc] pub #name: #facade::#kind<'a>)
        });
        let name = self.parameters_name();
        let doc = format!(" The parameters of [`{}`], as PyTorch stores them.", self.name);
        Some(quote! {
            #[doc = #doc]
            #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
            #allow
            pub struct #name<'a> {
                #(#fields),*
            }
        })
    }

    fn parameters_name(&self) -> Ident {
        type_name(&format!("{}_parameters", self.model), Span::call_site())
    }

    /// The functions that pack, and `new`, which calls them.
    fn new(&self) -> (TokenStream, TokenStream) {
        let facade = self.facade;
        let of_role = |role| self.plan.buffers.iter().enumerate().filter(move |(_, buffer)| buffer.role == role);
        let variables: Vec<Ident> = self.parameters.iter().map(|parameter| identifier(&parameter.name)).collect();
        let buffers = of_role(Role::Parameter).map(|(index, _)| BufferId(index));
        let callers: BTreeMap<BufferId, Ident> = buffers.zip(variables.iter().cloned()).collect();
        let surroundings = Surroundings { plan: self.plan, callers, packed: quote!(packed), facade };
        let Program { functions, body, used } = program(&surroundings, &self.plan.pack, "pack");
        let checks = self.parameters.iter().zip(surroundings.callers).map(|(parameter, (buffer, variable))| {
            let Parameter { name, shape, .. } = parameter;
            let variable = used.contains(&buffer).then_some(&variable);
            self.check(false, variable, name, shape, &self.parameter_slice(parameter))
        });
        let (arguments, packed_len) = (self.new_arguments(), length(self.plan.packed_len));
        let is_packed = |buffer: &BufferId| matches!(self.plan.buffers[buffer.0].role, Role::Packed { .. });
        let mutability = used.iter().any(is_packed).then(|| quote!(mut));
        let new = quote! {
            /// Packs the parameters for fast access.
            ///
            /// # Errors
            ///
            /// A parameter has the wrong number of elements.
            pub fn new(#arguments) -> ::core::result::Result<Self, #facade::Error> {
                use #facade::rt;
                #(#checks)*
                let #mutability packed = rt::zeros(#packed_len);
                #body
                ::core::result::Result::Ok(Self { packed })
            }
        };
        (functions, new)
    }

    fn new_arguments(&self) -> TokenStream {
        if self.net.standalone {
            let kinds = self.parameters.iter().map(|parameter| identifier(parameter_kind(parameter)));
            quote!(#(#kinds: &[f32]),*)
        } else if self.parameters.is_empty() {
            quote!()
        } else {
            let name = self.parameters_name();
            quote!(parameters: #name<'_>)
        }
    }

    /// Where `new` finds a parameter.
    fn parameter_slice(&self, parameter: &Parameter) -> TokenStream {
        let kind = identifier(parameter_kind(parameter));
        if self.net.standalone {
            return quote!(#kind);
        }
        let layer = identifier(&parameter.layer);
        quote!(parameters.#layer.#kind)
    }

    fn from_tensors(&self) -> Option<TokenStream> {
        if self.parameters.is_empty() {
            return None;
        }
        let (facade, model) = (self.facade, self.model);
        let names: Vec<&str> = self.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        let variables: Vec<Ident> = names.iter().map(|name| identifier(name)).collect();
        let arguments = if self.net.standalone {
            quote!(#(#variables),*)
        } else {
            let layers = self.net.layers().map(|layer| {
                let kinds = ["weight", "bias"].into_iter().take(1 + usize::from(layer.bias)).map(|kind| {
                    let (field, variable) = (identifier(kind), identifier(&format!("{}.{kind}", layer.name)));
                    quote!(#field: #variable)
                });
                let (name, kind) =
                    (identifier(&layer.name), if layer.bias { quote!(WeightBias) } else { quote!(Weight) });
                quote!(#name: #facade::#kind { #(#kinds),* })
            });
            let name = self.parameters_name();
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

    /// The functions that compute, and `forward`, which calls them.
    fn forward(&self) -> (TokenStream, TokenStream) {
        let facade = self.facade;
        let buffers = self.plan.buffers.iter().enumerate();
        let of_role = |role| buffers.clone().filter(move |(_, buffer)| buffer.role == role);
        let signature = of_role(Role::Input).chain(of_role(Role::Output)).map(|(index, _)| BufferId(index));
        let arguments = self.inputs.iter().chain(&self.outputs);
        let callers = signature.clone().zip(arguments.clone().map(|argument| argument.variable.clone())).collect();
        let surroundings = Surroundings { plan: self.plan, callers, packed: quote!(self.packed), facade };
        let Program { functions, body, used } = program(&surroundings, &self.plan.run, "run");
        let checks = arguments.zip(signature).map(|(argument, buffer)| {
            let Argument { name, variable, shape } = argument;
            let is_output = self.plan.buffers[buffer.0].role == Role::Output;
            self.check(is_output, used.contains(&buffer).then_some(variable), name, shape, &quote!(#variable))
        });
        let inputs = self.inputs.iter().map(|argument| &argument.variable);
        let outputs = self.outputs.iter().map(|argument| &argument.variable);
        let many = self.inputs.len() + self.outputs.len() > 6;
        let allow = many.then(|| quote!(#[allow(clippy::too_many_arguments)]));
        let forward = quote! {
            /// Computes the output from the input, into memory of the caller's.
            ///
            /// # Errors
            ///
            /// A slice has not as many elements as its shape; nothing has been written then.
            #allow
            pub fn forward(
                &self,
                #(#inputs: &[f32],)*
                #(#outputs: &mut [f32]),*
            ) -> ::core::result::Result<(), #facade::Error> {
                use #facade::rt;
                #(#checks)*
                #body
                ::core::result::Result::Ok(())
            }
        };
        (functions, forward)
    }

    /// The statement that makes a slice an array of the shape's length; it checks the length of one that is not used too.
    fn check(
        &self,
        is_output: bool,
        variable: Option<&Ident>,
        name: &str,
        shape: &[usize],
        slice: &TokenStream,
    ) -> TokenStream {
        let (model, len) = (self.model, length(shape.iter().product()));
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

    /// `infer`, which allocates the outputs.
    fn infer(&self) -> TokenStream {
        let facade = self.facade;
        let inputs: Vec<&Ident> = self.inputs.iter().map(|argument| &argument.variable).collect();
        let outputs: Vec<&Ident> = self.outputs.iter().map(|argument| &argument.variable).collect();
        let lengths = self.outputs.iter().map(|argument| length(argument.shape.iter().product()));
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
}

fn shape_constant(arguments: &[Argument], kind: &str) -> TokenStream {
    if let [argument] = arguments {
        let constant = format_ident!("{kind}_SHAPE");
        let (rank, shape) = (length(argument.shape.len()), sizes(&argument.shape));
        let doc = format!(" Shape of `{}` as `[N, C, …]`.", argument.name);
        return quote!(#[doc = #doc] pub const #constant: [usize; #rank] = #shape;);
    }
    let constant = format_ident!("{kind}S");
    let count = length(arguments.len());
    let rows = arguments.iter().map(|argument| {
        let (name, shape) = (&argument.name, sizes(&argument.shape));
        quote!((#name, &#shape))
    });
    let doc = format!(" Names of the {}s, and their shapes as `[N, C, …]`.", kind.to_lowercase());
    quote!(#[doc = #doc] pub const #constant: [(&'static str, &'static [usize]); #count] = [#(#rows),*];)
}

fn sizes(shape: &[usize]) -> TokenStream {
    let sizes = shape.iter().map(|&size| length(size));
    quote!([#(#sizes),*])
}

/// `weight` or `bias`.
fn parameter_kind(parameter: &Parameter) -> &str {
    parameter.name.rsplit('.').next().unwrap_or(&parameter.name)
}
