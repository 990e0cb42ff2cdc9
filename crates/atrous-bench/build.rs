//! With the feature `compiled`: the layers of the suite `layers` as Rust, in both memory orders and for all targets.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=suite/layers.conv");
    #[cfg(feature = "compiled")]
    generate::all();
}

#[cfg(feature = "compiled")]
mod generate {
    use atrous_compiler::emit::{self, Options};
    use atrous_compiler::front::{self, Model, Sizes};
    use atrous_compiler::layer::Layout;
    use atrous_compiler::net::Net;
    use atrous_compiler::{Target, compile};
    use std::path::{Path, PathBuf};
    use std::{env, fs};

    const LAYOUTS: [(Layout, &str); 2] = [(Layout::Nchw, "nchw"), (Layout::Nhwc, "nhwc")];

    /// A module for each layer and layout, and the table of them all.
    pub fn all() {
        let directory = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where to write"));
        let front = front::text(include_str!("suite/layers.conv"), &Sizes::new());
        assert!(!front.has_errors(), "{:?}", front.diagnostics);
        let (mut modules, mut rows) = (String::new(), String::new());
        for model in front.models {
            let Model::Net(net) = model else { panic!("a layer of the suite leaves sizes free") };
            for (layout, suffix) in LAYOUTS {
                let module = format!("{}_{suffix}", net.name);
                write(&directory.join(format!("{module}.rs")), &source(&net, layout));
                modules += &format!("mod {module} {{ include!(concat!(env!(\"OUT_DIR\"), \"/{module}.rs\")); }}\n");
                rows += &format!("    Entry {{ name: c\"{module}\", pack: {module}::pack }},\n");
            }
        }
        let table = format!("pub const LAYERS: &[Entry] = &[\n{rows}];\n");
        write(&directory.join("compiled.rs"), &(modules + &table));
    }

    /// The type `Model` of a layer, and the function that packs one.
    fn source(net: &Net, layout: Layout) -> String {
        let net = Net { name: "model".into(), ..net.clone().with_layout(layout) };
        let plans = Target::all().map(|target| compile(&net, &target).unwrap_or_else(|error| panic!("{error}")));
        let items = emit::source(&net, &plans, &Options::default()).expect("the default options are right");
        let run = match items.contains("SCRATCH_LEN") {
            true => "Model::SCRATCH_LEN, Model::forward_with",
            false => "0, |model, threads, _, input, output| model.forward_on(threads, input, output)",
        };
        format!("{items}\ncrate::compiled::model!(Model, {run});\n")
    }

    fn write(path: &Path, text: &str) {
        fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
