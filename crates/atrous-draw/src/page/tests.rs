use atrous_compiler::Layer;
use atrous_compiler::front::{self, Model, Sizes};

use super::data::Data;
use super::{SCRIPT, STYLE, TEMPLATE, write};

fn layers(text: &str) -> Vec<Layer> {
    let front = front::text(text, &Sizes::new());
    let of_model = |model: &Model| match model {
        Model::Net(net) => net.layers().cloned().collect::<Vec<_>>(),
        Model::Open(open) => panic!("{} is open", open.name),
    };
    front.models.iter().flat_map(of_model).collect()
}

const UP: &str = "layer up { input: [1, 1, 2], channels: 1, kernel: 3, stride: 2, padding: 1, transposed }";
const HUGE: &str = "layer huge { input: [1, 1, 500], channels: 1, kernel: 3 }";

/// One line for each line of cells: what stands there, and by output its phase with `weight:cell` of all that it reads.
fn summary(data: &Data) -> String {
    let mut text = String::new();
    for direction in data.layers.iter().flat_map(|layer| &layer.directions) {
        text += &format!("{}: {} of {}\n", direction.title, direction.result, direction.source);
        for view in &direction.views {
            text += &format!("  {}; first {:?}\n", view.subtitle, view.start);
            for line in &view.lines {
                let cells: Vec<String> =
                    line.inputs.iter().map(|cell| format!("{:?}{:?}", cell.kind, cell.input)).collect();
                let outputs = line.outputs.iter().map(|output| {
                    let reads: Vec<String> =
                        output.reads.iter().map(|read| format!("{}:{}", read.weight, read.cell)).collect();
                    format!("phase {} {}", output.phase, reads.join(" "))
                });
                text += &format!("    {}\n    {}\n", cells.join(" "), outputs.collect::<Vec<_>>().join(", "));
            }
        }
    }
    text
}

#[test]
fn data_say_what_is_read() {
    insta::assert_snapshot!(summary(&Data::new("up", &layers(UP)).expect("a small layer")), @r"
    up: transposed convolution: y of x
      as a convolution over an input with zeros between its values; first [1]
        PaddingNone InputSome(0) ZeroNone InputSome(1) PaddingNone
        phase 0 2:0 1:1 0:2, phase 1 2:1 1:2 0:3, phase 0 2:2 1:3 0:4
      only what is real: 2 phases of outputs, each with weights of its own; first [1]
        InputSome(0) InputSome(1)
        phase 0 1:0, phase 1 2:0 0:1, phase 0 1:1
    up: adjoint of a transposed convolution: gradients of inputs, dx, from those of outputs, dy: dx of dy
      with padding; first [0]
        PaddingNone InputSome(0) InputSome(1) InputSome(2) PaddingNone
        phase 0 0:0 1:1 2:2, phase 0 0:2 1:3 2:4
      only what is real; first [0]
        InputSome(0) InputSome(1) InputSome(2)
        phase 0 1:0 2:1, phase 0 0:1 1:2
    ");
}

#[test]
fn data_are_json_of_plain_numbers_and_words() {
    let data = Data::new("up", &layers(UP)).expect("a small layer");
    insta::assert_snapshot!(serde_json::to_string_pretty(&data).expect("JSON"));
}

#[test]
fn pages_are_the_same_each_time() {
    let layers = layers(UP);
    assert_eq!(write("up", &layers), write("up", &layers));
}

#[test]
fn pages_ask_for_nothing() {
    let page = write("up", &layers(UP)).expect("a small layer");
    assert!(page.contains("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"));
    for reference in
        ["http:", "https:", "//cdn", "src=", "url(", "@import", "fetch(", "XMLHttpRequest", "<iframe", "import("]
    {
        assert!(!page.contains(reference), "{reference}");
    }
    // The one link is an icon without bytes, so that no browser looks for one.
    assert_eq!(page.matches("href=").count(), page.matches("href=\"data:,\"").count());
}

#[test]
fn names_are_text_and_nothing_else() {
    let page = write("</title><script>alert(1)</script>&{data}", &layers(UP)).expect("a small layer");
    assert_eq!(page.matches("<script").count(), TEMPLATE.matches("<script").count());
    assert_eq!(page.matches("</script>").count(), TEMPLATE.matches("</script>").count());
    assert!(page.contains("<title>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;{data}</title>"));
    assert!(!SCRIPT.contains("</script") && !STYLE.contains("</style"));
}

#[test]
fn layers_that_are_too_large_are_named_beside_others() {
    let data = Data::new("two", &layers(&[UP, HUGE].join("\n"))).expect("one small layer");
    let refusals: Vec<_> = data.layers.iter().map(|layer| layer.refusal.clone()).collect();
    let refusal = "`huge` is too large to draw: the input takes 500 cells along axis 0; at most 64 are drawn";
    assert_eq!(refusals, [None, Some(refusal.to_string())]);
    let error = write("huge", &layers(HUGE)).expect_err("nothing can be drawn");
    assert_eq!(error.to_string(), refusal);
}
