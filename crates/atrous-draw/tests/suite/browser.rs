//! Pages in a real browser: a copy of the page drives itself, and writes what it sees into its document.
//!
//! The browser is that of the variable `CHROMIUM`, or a Chromium or Chrome on the path; without one the tests say so and
//! check nothing.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use atrous_compiler::Layer;
use atrous_compiler::layer::PaddingMode;
use atrous_draw::matrix::{Channels, Limit, Matrices, Matrix};
use atrous_draw::page;
use atrous_tests::specs;

/// The browser, if there is one.
fn browser() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM").filter(|path| !path.is_empty()) {
        return Some(path.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = std::env::split_paths(&path).flat_map(|directory| names.map(|name| directory.join(name)));
    found.into_iter().find(|file| file.is_file())
}

/// Layers of a text.
fn layers(text: &str) -> Vec<Layer> {
    let parsed = |text: &str| specs::parse(text, &Default::default()).unwrap_or_else(|error| panic!("{error}"));
    text.lines().flat_map(|line| parsed(line).layers().cloned().collect::<Vec<_>>()).collect()
}

/// Opens the page of some layers in a window of some width, lets it run a script that calls `log`, and gives what was
/// logged, one line each; `None` without a browser.
fn logged(layers: &[Layer], width: u32, script: &str) -> Option<Vec<String>> {
    let Some(browser) = browser() else {
        eprintln!("skipped: no browser found; install chromium (apt-get install chromium), or name one with CHROMIUM");
        return None;
    };
    let directory = tempfile::tempdir().expect("a temporary directory");
    let page = page::write("tested", layers).expect("small layers");
    let catch = "<script>const logged = []; const log = (text) => logged.push(text);\
                 addEventListener('error', (event) => log(`error: ${event.message}`));\
                 addEventListener('securitypolicyviolation', (event) => log(`refused: ${event.violatedDirective}`));</script>";
    let report = "parent.postMessage('BEGIN\\n' + logged.join('\\n') + '\\nEND', '*');";
    let drive = format!(
        "<script>(async () => {{ try {{ {script} }} catch (error) {{ log(`error: ${{error}}`); }} {report} }})();</script>"
    );
    let page = page.replacen("<body>", &format!("<body>{catch}"), 1).replacen("</body>", &format!("{drive}</body>"), 1);
    let file = directory.path().join("page.html");
    std::fs::write(&file, page).expect("a file in the directory");
    // Windows have a least width, frames have none.
    let frame = directory.path().join("frame.html");
    let frame_text = format!(
        "<iframe id='frame' src='page.html' style='border:0;width:{width}px;height:900px'></iframe>\
         <script>addEventListener('message', (event) => document.body.append(event.data))</script>"
    );
    std::fs::write(&frame, frame_text).expect("a file in the directory");
    let dom = dump(&browser, directory.path(), &frame);
    let begin = dom.find("BEGIN\n").unwrap_or_else(|| panic!("the page logs nothing:\n{dom}"));
    let end = dom[begin..].find("\nEND").expect("the end of the log") + begin;
    Some(dom[begin + 6..end].lines().map(unescaped).collect())
}

fn unescaped(line: &str) -> String {
    line.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace('\u{a0}', " ").replace("&amp;", "&")
}

/// The document of a page after it has run.
fn dump(browser: &Path, directory: &Path, page: &Path) -> String {
    let mut profile = OsString::from("--user-data-dir=");
    profile.push(directory.join("profile"));
    let mut address = OsString::from("file://");
    address.push(page);
    let switches = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--virtual-time-budget=20000",
        "--dump-dom",
    ];
    let output = Command::new(browser).args(switches).arg(profile).arg(address).stderr(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("cannot start {}: {error}", browser.display()));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What scripts of these tests call.
const HELPERS: &str = "
const press = (target, key) => target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
const point = (cell) => cell.dispatchEvent(new PointerEvent('pointerover', { pointerType: 'mouse', bubbles: true }));
const cells = (part) => [...document.querySelectorAll(`#${part} .cell`)];
const named = (part, name) => cells(part).find((cell) => cell.getAttribute('aria-label').startsWith(name));
const words = () => document.getElementById('words').textContent;
const radio = (name, value) => document.querySelector(`input[name=${name}][value='${value}']`).click();
const settle = (time) => new Promise((done) => setTimeout(done, time));
";

/// One sentence a line, after what the reader does.
#[test]
fn controls_keys_and_pointers_show_what_is_read() {
    let layers = layers("layer up { input: [1, 1, 3], channels: 1, kernel: 3, stride: 2, padding: 1, transposed }");
    let script = "
        log(words());
        document.getElementById('next').click(); log(`next: ${words()}`);
        press(document.body, 'ArrowLeft'); press(document.body, 'ArrowLeft'); log(`two left: ${words()}`);
        const slider = document.getElementById('slider');
        slider.value = 4; slider.dispatchEvent(new Event('input')); log(`slider: ${words()}`);
        document.getElementById('next').click(); log(`around: ${words()}`);
        log(`slider says ${slider.getAttribute('aria-valuetext')}`);
        named('result', 'y[3]').click(); log(`click: ${words()}`);
        log(cells('source').map((cell) => cell.textContent || '-').join(' '));
        point(named('source', 'x[1]')); log(`input: ${words()}`);
        log(cells('result').map((cell) => cell.textContent).join(' '));
        point(named('source', 'inserted zero')); log(`zero: ${words()}`);
        press(named('source', 'x[1]'), 'Escape'); log(`escape: ${words()}`);
        radio('view', 1); log(`phases: ${words()}`);
        log(cells('source').map((cell) => cell.textContent).join(' '));
        radio('direction', 1); log(`adjoint: ${words()}`);
        log(document.getElementById('title').textContent);
    ";
    if let Some(log) = logged(&layers, 800, &format!("{HELPERS}{script}")) {
        insta::assert_snapshot!(log.join("\n"), @r"
        Output 3, in phase 1, reads inputs 1 with weight 2 and 2 with weight 0. Weight 1 meets inserted zeros.
        next: Output 4, in phase 0, reads input 2 with weight 1. Weight 2 meets inserted zeros. Weight 0 meets padding.
        two left: Output 2, in phase 0, reads input 1 with weight 1. Weights 2 and 0 meet inserted zeros.
        slider: Output 4, in phase 0, reads input 2 with weight 1. Weight 2 meets inserted zeros. Weight 0 meets padding.
        around: Output 0, in phase 0, reads input 0 with weight 1. Weight 0 meets inserted zeros. Weight 2 meets padding.
        slider says y[0]
        click: Output 3, in phase 1, reads inputs 1 with weight 2 and 2 with weight 0. Weight 1 meets inserted zeros.
        - 0 0 w2 w1 w0 -
        input: Input 1 is read by outputs 1 with weight 0, 2 with weight 1 and 3 with weight 2.
        0 w0 w1 w2 0
        zero: This inserted zero is read by outputs 0 with weight 0, 1 with weight 1 and 2 with weight 2.
        escape: Output 3, in phase 1, reads inputs 1 with weight 2 and 2 with weight 0. Weight 1 meets inserted zeros.
        phases: Output 3, in phase 1, reads inputs 1 with weight 2 and 2 with weight 0.
        0 w2 w0
        adjoint: Gradient of input 1 reads gradients of outputs 1 with weight 0, 2 with weight 1 and 3 with weight 2.
        up: adjoint of a transposed convolution: gradients of inputs, dx, from those of outputs, dy
        ");
    }
}

#[test]
fn grids_are_entered_once_and_walked_by_arrow_keys() {
    let layers = layers("layer blur { input: [1, 1, 3, 3], channels: 1, kernel: 2 }");
    let script = "
        const stops = () => ['source', 'kernel', 'result'].map((part) => cells(part).filter((cell) => cell.tabIndex === 0).length);
        log(stops().join());
        const first = cells('source')[0];
        first.focus(); press(first, 'ArrowDown'); press(document.activeElement, 'ArrowRight');
        log(document.activeElement.getAttribute('aria-label'));
        press(document.activeElement, 'End'); log(document.activeElement.getAttribute('aria-label'));
        press(document.activeElement, 'ArrowRight'); log(document.activeElement.getAttribute('aria-label'));
        log(stops().join());
        const unnamed = [...document.querySelectorAll('button, input, select, [role=grid], [role=gridcell]')]
            .filter((one) => !one.getAttribute('aria-label') && !one.textContent && !one.labels?.length);
        log(`${unnamed.length} without a name`);
        log(`${document.querySelectorAll('[role=status][aria-live=polite]').length} live region`);
    ";
    if let Some(log) = logged(&layers, 800, &format!("{HELPERS}{script}")) {
        insta::assert_snapshot!(log.join("\n"), @r"
        1,1,1
        x[1, 1]
        x[1, 2]
        x[1, 2]
        1,1,1
        0 without a name
        1 live region
        ");
    }
}

#[test]
fn pages_play_and_pause_and_change_their_colours() {
    let layers = layers("layer blur { input: [1, 1, 8], channels: 1, kernel: 3, padding: 1 }");
    let script = "
        const slider = document.getElementById('slider');
        const play = document.getElementById('play');
        const before = Number(slider.value);
        play.click(); log(`${play.textContent} ${play.getAttribute('aria-pressed')}`);
        await settle(2100);
        log(`${Number(slider.value) - before} steps`);
        play.click(); log(`${play.textContent} ${play.getAttribute('aria-pressed')}`);
        await settle(2100);
        log(`${Number(slider.value) - before} steps`);
        const background = () => getComputedStyle(document.documentElement).backgroundColor;
        const light = background();
        document.getElementById('theme').click();
        log(light === background() ? 'the same' : `another background: ${document.documentElement.dataset.theme}`);
    ";
    if let Some(log) = logged(&layers, 800, &format!("{HELPERS}{script}")) {
        insta::assert_snapshot!(log.join("\n"), @r"
        Pause true
        2 steps
        Play false
        2 steps
        another background: dark
        ");
    }
}

#[test]
fn narrow_windows_need_no_scrolling_sideways() {
    let layers = layers(
        "layer up { input: [1, 1, 20], channels: 1, kernel: 4, stride: 3, padding: 1, transposed }
layer wide { input: [1, 1, 40, 60], channels: 1, kernel: 3, padding: 1 }
layer atrous { input: [1, 1, 12, 12], channels: 1, kernel: 4, dilation: 3, padding: 2, padding_mode: circular }
layer deep { input: [1, 1, 4, 5, 6], channels: 1, kernel: 3, stride: 2, padding: 1 }
layer phases { input: [1, 1, 3, 3], channels: 1, kernel: 7, stride: 6, transposed }",
    );
    let gallery = specs::all().into_iter().filter(|spec| spec.path.starts_with(specs::root().join("specs/gallery")));
    let layers: Vec<Layer> =
        layers.into_iter().chain(gallery.flat_map(|spec| spec.net().layers().cloned().collect::<Vec<_>>())).collect();
    let script = "
        const select = document.getElementById('layer');
        for (let layer = 0; layer < data.layers.length; layer += 1) for (const direction of [0, 1]) for (const view of [0, 1]) {
            select.value = layer; select.dispatchEvent(new Event('change'));
            radio('direction', direction); radio('view', view);
            const { scrollWidth, clientWidth } = document.documentElement;
            const small = cells('result')[0].getBoundingClientRect();
            log(`${data.layers[layer].name} ${direction} ${view}: ${scrollWidth <= clientWidth ? 'fits' : scrollWidth}${small.width < 2 || small.height < 2 ? ' flat' : ''}`);
        }
    ";
    if let Some(log) = logged(&layers, 320, &format!("{HELPERS}{script}")) {
        assert_eq!(log.len(), 4 * layers.len(), "{log:#?}");
        assert!(log.iter().all(|line| line.ends_with(": fits")), "{log:#?}");
    }
}

#[test]
fn every_spec_has_a_page_or_is_too_large() {
    let mut pages = 0;
    for spec in specs::all() {
        let layers: Vec<Layer> = spec.net().layers().cloned().collect();
        match page::write(&spec.name, &layers) {
            Ok(page) => pages += usize::from(page.contains(&format!("<title>{}</title>", spec.name))),
            Err(error) => assert!(error.to_string().contains("at most"), "{}: {error}", spec.name),
        }
    }
    assert!(pages > 50, "only {pages} pages");
}

/// The equations of all outputs, in both views, against the matrices, which other tests compare with the oracle.
#[test]
fn equations_are_the_rows_of_the_matrices() {
    let layers = layers(
        "layer up { input: [1, 1, 5], channels: 1, kernel: 5, stride: 3, dilation: 2, padding: 2, output_padding: 1, transposed }
layer plane { input: [1, 1, 4, 5], channels: 1, kernel: [3, 2], stride: 2, padding: 1 }
layer volume { input: [1, 1, 3, 2, 3], channels: 1, kernel: [2, 2, 3], stride: [1, 2, 1], padding: [1, 0, 1] }
layer mirror { input: [1, 1, 6], channels: 1, kernel: 3, padding: 2, padding_mode: reflect }",
    );
    let script = "
        for (let layer = 0; layer < data.layers.length; layer += 1) for (const direction of [0, 1]) for (const view of [0, 1]) {
            choose({ layer, direction }); choose({ view });
            const count = Number(document.getElementById('slider').max) + 1;
            for (let output = 0; output < count; output += 1) { stepBy(1); log(`${layer} ${direction} ${document.getElementById('equation').textContent}`); }
        }
    ";
    let Some(log) = logged(&layers, 800, script) else { return };
    let shown: BTreeSet<String> = log.iter().map(|line| sorted(line)).collect();
    let expected: BTreeSet<String> =
        layers.iter().enumerate().flat_map(|(number, layer)| rows(number, layer)).collect();
    let shown: BTreeSet<String> = shown.into_iter().filter(|line| !line.starts_with("3 1")).collect();
    assert_eq!(shown, expected);
}

/// An equation with its terms in order.
fn sorted(line: &str) -> String {
    let (name, terms) = line.split_once(" = ").unwrap_or((line, ""));
    let mut terms: Vec<&str> = terms.split(" + ").collect();
    terms.sort_unstable();
    format!("{name} = {}", terms.join(" + "))
}

/// The equations that the matrices of a layer say. Where padding repeats inputs, an adjoint has more than the matrix.
fn rows(number: usize, layer: &Layer) -> Vec<String> {
    let matrices = Matrices::of(layer, Channels::One, Limit::PICTURE).expect("a small layer");
    let mut directions = vec![(0, &matrices.own, "x", "y"), (1, &matrices.twin, "dy", "dx")];
    if layer.padding_mode != PaddingMode::Zeros {
        directions.pop();
    }
    let kernel = &layer.weight_shape()[2..];
    let name = |tensor: &str, index: usize, shape: &[usize]| {
        let element = format!("{:?}", unflat(index, shape));
        format!("{tensor}{element}")
    };
    let equation = |direction: i32, matrix: &Matrix, source: &str, result: &str, row: usize| {
        let entries = matrix.rows[row].entries.iter().flat_map(|(column, terms)| {
            let source = name(source, *column, &matrix.column_shape);
            terms.iter().map(move |term| format!("{}·{source}", name("w", term.weight, kernel)))
        });
        let terms: Vec<String> = entries.collect();
        let terms = if terms.is_empty() { "0".to_string() } else { terms.join(" + ") };
        sorted(&format!("{number} {direction} {} = {terms}", name(result, row, &matrix.row_shape)))
    };
    let of = |(direction, matrix, source, result): (i32, &Matrix, &str, &str)| {
        (0..matrix.rows.len()).map(|row| equation(direction, matrix, source, result, row)).collect::<Vec<_>>()
    };
    directions.into_iter().flat_map(of).collect()
}

fn unflat(mut index: usize, shape: &[usize]) -> Vec<usize> {
    let mut numbers = Vec::new();
    for size in shape.iter().rev() {
        numbers.insert(0, index % size);
        index /= size;
    }
    numbers
}
