//! Tensors that need more memory than they may take.

use super::*;

#[test]
fn memory() {
    let sandbox = sandbox()
        .file("large.conv", "layer large { input: [64, 1000, 1000, 1000], channels: 1000, kernel: 3 }")
        .file("largest.conv", "layer largest { input: [1, 16384, 8192, 8192], channels: 16384, kernel: 1 }")
        .file("scratch.conv", "net s { input x: [1, 1, 500]; a = conv(x) { channels: 1, kernel: 3 }; b = conv(a) { channels: 1, kernel: 3 }; output b; }")
        .file("copy.conv", "net copy { input image: [1, 3, H, W]; same = conv(image) { channels: 3, kernel: 1, depthwise }; output same; }");
    image::RgbImage::new(64, 64).save(sandbox.path("picture.png")).expect("a picture");
    let told = told(
        &sandbox,
        &[
            "run double.conv --weights double.st --input x.npy --memory-limit 40",
            "run double.conv --weights double.st --input x.npy --memory-limit 160",
            "run double.conv --weights double.st --input random:1 --memory-limit 170",
            "run double.conv --weights random:1 --input random:1 --memory-limit 63",
            "run double.conv --weights random:1 --input random:1 --memory-limit 150 --backend oracle",
            "run double.conv --weights random:1 --input random:1 --memory-limit 64 --backend interpreter --target portable",
            "run copy.conv --weights random:1 --image picture.png --memory-limit 80000",
            "run copy.conv --weights random:1 --input random:1 --size H=50000 --size W=50000 --memory-limit 1GiB",
            "run large.conv --weights random:1 --input random:1 --memory-limit 4GiB",
            "run largest.conv --weights random:1 --input random:1 --memory-limit 1TiB --backend interpreter",
            "run scratch.conv --weights random:1 --input random:1 --memory-limit 4050 --target portable",
            "bench large.conv --memory-limit 4GiB --target portable",
            "tune large.conv --memory-limit 4GiB --target portable --candidates 1024 --cache .cache.json",
        ],
    );
    insta::assert_snapshot!(told);
}

/// Half of the memory that there is, whatever it is, is not enough for 2^40 numbers.
#[test]
fn there_is_a_limit_by_default() {
    let sandbox = sandbox().file("largest.conv", "layer l { input: [1, 16384, 8192, 8192], channels: 1, kernel: 1 }");
    let outcome = sandbox.atrous("run largest.conv --weights random:1 --input random:1");
    let expected = "error: the tensors of `l` would take 4.0 TiB, more than the limit of ";
    assert!(outcome.code == 1 && outcome.stderr.starts_with(expected), "{outcome}");
}

/// The limit that the message names is enough.
#[test]
fn the_memory_of_the_plan_counts_too() {
    // Inputs, outputs and parameters alone are 64 bytes; the packed parameters come on top.
    let sandbox = sandbox();
    let line = "run double.conv --weights random:1 --input random:1";
    let refused = sandbox.atrous(&format!("{line} --memory-limit 64"));
    assert_eq!(refused.code, 1);
    let limit = refused.stderr.rsplit(' ').next().expect("the message ends with a limit").trim();
    sandbox.atrous(&format!("{line} --memory-limit {limit}")).ok();
}
