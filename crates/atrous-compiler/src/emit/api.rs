//! The types that users see.

use super::Options;
use super::affine::length;
use super::machine::Version;
use super::methods::{constructors, runners};
use super::names::{Names, identifier, is_snake_case, type_name};
use crate::ir::macs;
use crate::layer::Layout;
use crate::lower::lower;
use crate::net::{Net, Parameter};
use crate::plan::{Checked, Plan};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

/// A tensor of the caller's: what it is called, and the variable that holds it.
pub struct Argument {
    pub name: String,
    pub variable: Ident,
    pub shape: Vec<usize>,
}

/// What all parts of the interface are made of.
pub struct Interface<'a> {
    pub net: &'a Net,
    /// Not empty; the first is for every machine.
    pub versions: Vec<Version<'a>>,
    pub facade: &'a TokenStream,
    /// The name of the type.
    pub name: Ident,
    pub parameters: Vec<Parameter>,
    pub inputs: Vec<Argument>,
    pub outputs: Vec<Argument>,
}

/// All items of a net.
pub fn items(net: &Net, plans: &[Checked<Plan>], options: &Options) -> TokenStream {
    let interface = interface(net, plans, options);
    let (name, facade) = (&interface.name, &options.facade);
    let doc = interface.doc();
    let constants = interface.constants();
    let (pack_functions, constructors) = constructors(&interface);
    let (run_functions, runners) = runners(&interface);
    let names_are_snake_case = net.layers().all(|layer| is_snake_case(&layer.name))
        && interface.inputs.iter().chain(&interface.outputs).all(|argument| is_snake_case(&argument.name));
    let style = (!names_are_snake_case).then(|| quote!(non_snake_case));
    let parameters = interface.parameters_struct(style.as_ref().map(|style| quote!(#[allow(#style)])));
    let debug_name = name.to_string();
    let instruction_set = (plans.len() > 1).then(|| quote!(instruction_set: #facade::rt::InstructionSet,));
    quote! {
        #parameters
        #(#[doc = #doc])*
        #[derive(::core::clone::Clone)]
        pub struct #name {
            #instruction_set
            packed: #facade::rt::Arena,
        }
        #[allow(dead_code, #style)]
        impl #name {
            #constants
            #constructors
            #runners
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

fn interface<'a>(net: &'a Net, plans: &'a [Checked<Plan>], options: &'a Options) -> Interface<'a> {
    let mut names = Names::default();
    for taken in ["packed", "scratch", "detected", "threads"] {
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
        versions: Version::all(plans),
        facade: &options.facade,
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
        let summary = format!(" The {kind} `{}`: from {inputs} to {outputs}.", self.net.name);
        let order = match self.net.layout {
            Layout::Nchw => " Tensors are in memory order `[N, C, …]`.",
            Layout::Nhwc => " Tensors are in memory order `[N, …, C]`.",
        };
        let spec = self.net.to_string();
        let spec = spec.lines().map(|line| format!(" {line}"));
        let head = [summary.as_str(), "", order, "", " ```text"].map(String::from);
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

    pub fn parameters_name(&self) -> Ident {
        type_name(&format!("{}_parameters", self.net.name), Span::call_site())
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

/// A shape as an array.
pub fn sizes(shape: &[usize]) -> TokenStream {
    let sizes = shape.iter().map(|&size| length(size));
    quote!([#(#sizes),*])
}
