//! The types that users see, and what stands between them and the stages: checked lengths and memory.

use super::Options;
use super::affine::{integer, length};
use super::names::{Names, identifier, is_snake_case, type_name};
use super::program::{Program, Surroundings, program};
use crate::layer::Layer;
use crate::net::{Net, Parameter};
use crate::plan::{BufferId, Plan, Role};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

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
    let (constants, parameters) = (interface.constants(), interface.parameters_struct());
    let (pack_functions, new) = interface.new();
    let (run_functions, forward) = interface.forward();
    let (from_tensors, infer) = (interface.from_tensors(), interface.infer());
    let names_are_snake_case = net.layers().all(|layer| is_snake_case(&layer.name))
        && interface.inputs.iter().chain(&interface.outputs).all(|argument| is_snake_case(&argument.name));
    let style = (!names_are_snake_case).then(|| quote!(#[allow(non_snake_case)]));
    let debug_name = name.to_string();
    quote! {
        #style
        #parameters
        #(#[doc = #doc])*
        #[derive(::core::clone::Clone)]
        pub struct #name {
            packed: #facade::rt::Vec<f32>,
        }
        #[allow(dead_code)]
        #style
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
        let variable = names.fresh(name);
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
        let shapes = |arguments: &[Argument]| {
            let shapes: Vec<String> = arguments.iter().map(|argument| format!("`{:?}`", argument.shape)).collect();
            shapes.join(" and ")
        };
        let summary = format!(
            " The {kind} `{}`: from {} to {}.",
            self.net.name,
            shapes(&self.inputs),
            shapes(&self.outputs)
        );
        vec![summary]
    }

    fn constants(&self) -> TokenStream {
        let shape = |shape: &[usize]| {
            let sizes = shape.iter().map(|&size| length(size));
            quote!([#(#sizes),*])
        };
        let of = |arguments: &[Argument], one: &str, several: &str| {
            let (one, several) = (format_ident!("{one}_SHAPE"), format_ident!("{several}"));
            if let [argument] = arguments {
                let (rank, shape) = (length(argument.shape.len()), shape(&argument.shape));
                let doc = format!(" Shape of `{}`, `[N, C, …]`.", argument.variable);
                return quote!(#[doc = #doc] pub const #one: [usize; #rank] = #shape;);
            }
            let (count, rows) = (
                length(arguments.len()),
                arguments.iter().map(|argument| {
                    let (name, shape) = (&argument.name, shape(&argument.shape));
                    quote!((#name, &#shape))
                }),
            );
            let doc = format!(" Names and shapes `[N, C, …]` of the {}.", several.to_string().to_lowercase());
            quote!(#[doc = #doc] pub const #several: [(&'static str, &'static [usize]); #count] = [#(#rows),*];)
        };
        let (inputs, outputs) = (of(&self.inputs, "INPUT", "INPUTS"), of(&self.outputs, "OUTPUT", "OUTPUTS"));
        quote!(#inputs #outputs)
    }
}
