use crate::sandbox::Sandbox;

const NET: &str = "net two {
    input x: [1, 1, L];
    first = conv(x) { channels: 2, kernel: 3 };
    second = conv(first) { channels: 1, kernel: 1 };
    output second;
}
";

#[test]
fn a_page_has_all_layers_and_the_name_of_the_file() {
    let sandbox = Sandbox::new().file("nets.conv", NET);
    let outcome = sandbox.atrous("draw nets.conv --size L=8 -o nets.html").ok();
    assert!(outcome.stdout.is_empty() && outcome.stderr.is_empty(), "{outcome}");
    let page = std::fs::read_to_string(sandbox.path("nets.html")).expect("a page");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<title>nets</title>"));
    assert!(["first", "second"].iter().all(|name| page.contains(&format!("\"name\":\"{name}\""))));
    let printed = sandbox.atrous("draw nets.conv --size L=8 --format html").ok();
    assert_eq!(printed.stdout(), page);
}

#[test]
fn what_a_page_cannot_do_is_told() {
    let sandbox = Sandbox::new().file("nets.conv", NET);
    let told = ["--size L=8 --adjoint", "--size L=8 --frames=4", "--size L=500", ""].map(|arguments| {
        let outcome = sandbox.atrous(&format!("draw nets.conv --format html {arguments}"));
        assert!(outcome.code > 0 && outcome.stdout.is_empty(), "{outcome}");
        format!("──── draw --format html {arguments}\n{outcome}")
    });
    insta::assert_snapshot!(told.join("\n"));
}
