//! Specs that cannot be read, and nets that are not in them.

use super::*;
use crate::sandbox::{DOUBLE, FREE};

#[test]
fn specs() {
    let sandbox = sandbox()
        .file("both.conv", [DOUBLE, FREE].concat())
        .file("broken.conv", "layer a { input: [1, 1, 4], channels: 1, kernel: 9 }")
        .file("nothing.conv", "layer a {}")
        .file("binary.conv", b"\x00\x01\x02\xff")
        .file("utf16.conv", b"\xff\xfel\x00a\x00y\x00")
        .file("zeros.conv", [0; 100])
        .file("picture.conv", b"\x89PNG\r\n\x1a\n")
        .file("size_twice.conv", "net n { input x: [1, 1, L]; input y: [1, 1, L]; z = add(x, y); output z; }")
        .array("four.npy", &[1, 1, 4], &[0.0; 4])
        .array("five.npy", &[1, 1, 5], &[0.0; 5]);
    let told = told(
        &sandbox,
        &[
            "check missing.conv",
            "check directory",
            "check empty",
            "check text.txt",
            "check binary.conv",
            "check utf16.conv",
            "check zeros.conv",
            "check picture.conv",
            "check x.npy",
            "check text.txt/a.conv",
            "check - < layer a { input: [1, 1, 4], channels: 1 }",
            "build missing.conv --emit ir",
            "run missing.conv --weights random:1 --input random:1",
            "tune missing.conv --cache cache.json",
            "bench missing.conv",
            "build empty --emit tokens",
            "build empty --emit ir",
            "build nothing.conv --emit ir",
            "run broken.conv --weights random:1 --input random:1",
            "run both.conv --weights random:1 --input random:1",
            "run both.conv --net other --weights random:1 --input random:1",
            "build double.conv --emit plan --net Double",
            "build free.conv --emit layer",
            "build both.conv --emit ir --net free",
            "bench free.conv",
            "tune free.conv --cache cache.json",
            "run free.conv --weights random:1 --input random:1",
            "build free.conv --emit ir --size L=0",
            "build free.conv --emit ir --size M=3",
            "build double.conv --emit ir --size L=3",
            "check free.conv --size l=4",
            "check free.conv --size L=3000000000",
            "run free.conv --weights free.st --input random:1 --size L=1000000000000",
            "run free.conv --weights free.st --input left.npy --size L=5",
            "run size_twice.conv --input x=four.npy --input y=five.npy",
            "run size_twice.conv --input x=four.npy --input y=random:1 --size L=5",
        ],
    );
    insta::assert_snapshot!(told);
}
