use serde_json::Value;

use crate::sandbox::Sandbox;

const TWO: &str = "net two {
    input image: [1, 3, 9, H];
    first = conv(image) { channels: 8, kernel: 3, padding: 1, padding_mode: reflect, bias, relu };
    second = conv(first) { channels: 2, kernel: 4, stride: 2, padding: 1, transposed };
    sum = add(second, second);
    output sum;
}
layer alone { input: [1, 1, 4], channels: 1, kernel: 1 }
";

/// The objects of a run whose messages are JSON.
fn objects(arguments: &str) -> Vec<Value> {
    let outcome = Sandbox::new()
        .file("two.conv", TWO)
        .atrous(&format!("bench two.conv --rounds 1 {arguments} --message-format json"));
    assert_eq!((outcome.code, &outcome.stderr[..]), (0, ""), "{outcome}");
    outcome.stdout().lines().map(|line| serde_json::from_str(line).expect("an object per line")).collect()
}

#[test]
fn every_stage_is_timed_and_counted() {
    let objects = objects("--size H=7 --net two");
    let of = |key: &str| objects.iter().map(|object| object[key].clone()).collect::<Vec<Value>>();
    assert_eq!(of("stage"), ["first_pad", "first", "second", "sum", "two"]);
    // Reflected borders are real inputs: 9·7 outputs, 3·9 taps, 8 channels. The transposed layer has 4 taps per output
    // but at the borders: (2·9 − 1)·(2·7 − 1)·… pairs.
    let macs: Vec<u64> = objects.iter().map(|object| object["macs"].as_u64().expect("a count")).collect();
    assert_eq!(macs[1], 9 * 7 * 27 * 8);
    assert_eq!(macs[2], (2 * 18 - 2) * (2 * 14 - 2) * 8 * 2);
    assert_eq!([macs[0], macs[3], macs[4]], [0, 0, macs[1] + macs[2]]);
    assert!(
        objects.iter().all(|object| object["ms"].as_f64() > Some(0.0) && object["peak_gflops"].as_f64() > Some(0.0))
    );
}

#[test]
fn all_nets_of_a_spec_are_timed() {
    let names: Vec<Value> = objects("--size H=7").iter().map(|object| object["net"].clone()).collect();
    assert_eq!(names.last(), Some(&Value::from("alone")));
}

#[test]
fn threads_are_told() {
    let threads =
        |arguments: &str| -> Vec<Value> { objects(arguments).iter().map(|object| object["threads"].clone()).collect() };
    assert_eq!(threads("--size H=7 --net alone"), [1]);
    assert_eq!(threads("--size H=7 --net alone --threads 2"), [2]);
    let sandbox = Sandbox::new().file("two.conv", TWO);
    let human = sandbox.atrous("bench two.conv --size H=7 --net alone --rounds 1 --threads 3");
    assert!(human.stdout().contains(" on 3 threads, ") && human.stdout().contains(" % of 3 × "), "{human}");
    let none = sandbox.atrous("bench two.conv --size H=7 --threads 0");
    assert!(none.code != 0 && none.stderr.contains("write a number from 1 to 1024"), "{none}");
}
