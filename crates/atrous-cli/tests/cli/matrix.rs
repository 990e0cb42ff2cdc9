use crate::sandbox::{Outcome, Sandbox};

const UP: &str = "layer up { input: [1, 2, 3], channels: 1, kernel: 3, stride: 2, padding: 1, transposed }\n";

const NET: &str = "net two {
    input x: [1, 1, L];
    first = conv(x) { channels: 1, kernel: 3 };
    second = conv(first) { channels: 1, kernel: 1 };
    output second;
}
";

const LARGE: &str = "layer large { input: [1, 1, 10, 20], channels: 1, kernel: 3 }\n";

fn matrix(text: &str, arguments: &str) -> Outcome {
    Sandbox::new().file("a.conv", text).atrous(&format!("matrix a.conv {arguments}"))
}

#[test]
fn both_matrices_are_written() {
    insta::assert_snapshot!(matrix(UP, "").ok());
}

#[test]
fn all_channels_may_be_shown() {
    insta::assert_snapshot!(matrix(UP, "--channels all").ok());
}

#[test]
fn layers_of_nets_are_chosen_by_name() {
    let all = matrix(NET, "--size L=5").ok().stdout().to_string();
    let one = matrix(NET, "--size L=5 --layer second").ok().stdout().to_string();
    assert!(all.starts_with("first: ") && all.ends_with(&one), "{all}");
    assert!(one.starts_with("second: "), "{one}");
}

#[test]
fn pictures_hold_more_than_text() {
    let sandbox = Sandbox::new().file("a.conv", LARGE);
    let outcome = sandbox.atrous("matrix a.conv");
    assert_eq!(outcome.code, 1);
    insta::assert_snapshot!(outcome);
    sandbox.atrous("matrix a.conv -o a.svg").ok();
    let picture = std::fs::read_to_string(sandbox.path("a.svg")).expect("a picture");
    assert!(picture.starts_with("<svg ") && picture.contains("<title id=\"title\">large: convolution"), "{picture}");
}

#[test]
fn nothing_is_written_for_what_cannot_be_shown() {
    let huge = LARGE.replace("10, 20", "100, 200");
    let nonsense = [(LARGE, "--layer smaller"), (NET, ""), (&huge, "-o a.svg"), (LARGE, "--channels two")];
    let told = nonsense.map(|(text, arguments)| {
        let sandbox = Sandbox::new().file("a.conv", text);
        let outcome = sandbox.atrous(&format!("matrix a.conv {arguments}"));
        assert!(outcome.code > 0 && outcome.stdout.is_empty(), "{outcome}");
        assert_eq!(sandbox.names(), ["a.conv"]);
        format!("──── matrix {arguments}\n{outcome}")
    });
    insta::assert_snapshot!(told.join("\n"));
}

/// Layers that can be shown one by one may be too many together.
#[test]
fn all_layers_together_have_a_limit() {
    let layers = |count: usize| -> String {
        (0..count).map(|index| format!("layer a{index} {{ input: [1, 1, 64], channels: 1, kernel: 1 }}\n")).collect()
    };
    matrix(&layers(16), "").ok();
    for arguments in ["", "-o a.svg"] {
        let sandbox = Sandbox::new().file("a.conv", layers(17));
        let outcome = sandbox.atrous(&format!("matrix a.conv {arguments}"));
        let expected = "error: a.conv: the matrices of all layers take 139264 cells; at most 131072 can be shown\n |\n \
                        = help: choose one with --layer, or a net with --net\n";
        assert_eq!((outcome.code, outcome.stderr.as_str()), (1, expected), "{outcome}");
        assert_eq!(sandbox.names(), ["a.conv"]);
    }
    matrix(&layers(17), "--layer a16").ok();
}
