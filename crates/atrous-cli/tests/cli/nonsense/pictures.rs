//! Files that are no pictures, and tensors that are none.

use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};

use super::*;

/// Copies a picture of any size.
const COPY: &str = "net copy {
    input image: [1, 3, H, W];
    same = conv(image) { channels: 3, kernel: 1, depthwise };
    output same;
}
";

fn encoded(image: DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("a vector takes everything");
    bytes.into_inner()
}

/// The start of a PNG of a size, with a checksum that is right.
fn png_of_size(width: u32, height: u32) -> Vec<u8> {
    let chunk = [&b"IHDR"[..], &width.to_be_bytes(), &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let polynomial = |crc: u32| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
    let next = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| polynomial(crc));
    let crc = !chunk.iter().fold(u32::MAX, next);
    [&b"\x89PNG\r\n\x1a\n"[..], &13_u32.to_be_bytes(), &chunk, &crc.to_be_bytes(), b"\0\0\0\0IDAT"].concat()
}

#[test]
fn pictures() {
    let picture = DynamicImage::from(RgbImage::from_fn(64, 64, |x, y| image::Rgb([x as u8, y as u8, (x * y) as u8])));
    let [png, jpeg, bmp, ppm] = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Bmp, ImageFormat::Pnm]
        .map(|format| encoded(picture.clone(), format));
    let sandbox = sandbox()
        .file("copy.conv", COPY)
        .file("two_channels.conv", "layer two { input: [1, 2, 64, 64], channels: 2, kernel: 1 }")
        .file("batch.conv", "layer batch { input: [2, 3, 64, 64], channels: 3, kernel: 1 }")
        .file("fixed.conv", "layer fixed { input: [1, 3, 4, 4], channels: 2, kernel: 1 }")
        .file("good.png", &png)
        .file("gray.png", encoded(GrayImage::new(6, 3).into(), ImageFormat::Png))
        .file("cut.png", &png[..png.len() / 2])
        .file("cut_in_header.png", &png[..20])
        .file("broken.png", [&png[..50], &[0x55; 40], &png[90..]].concat())
        .file("cut.jpg", &jpeg[..30])
        .file("cut.bmp", &bmp[..bmp.len() / 2])
        .file("cut.ppm", &ppm[..ppm.len() / 2])
        .file("no_numbers.ppm", "P6 wide high 255\n")
        .file("endless.ppm", format!("P6 {} 1 255\n", "9".repeat(100)))
        .file("no_pixels.png", png_of_size(0, 64))
        .file("huge.png", png_of_size(100_000, 100_000))
        .file("largest.png", png_of_size(i32::MAX as u32, i32::MAX as u32))
        .file("moving.gif", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;")
        .file(
            "photo.webp",
            b"RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00",
        );
    let told = told(
        &sandbox,
        &[
            "run copy.conv --weights random:1 --image missing.png",
            "run copy.conv --weights random:1 --image directory",
            "run copy.conv --weights random:1 --image empty",
            "run copy.conv --weights random:1 --image text.txt",
            "run copy.conv --weights random:1 --image x.npy",
            "run copy.conv --weights random:1 --image cut.png",
            "run copy.conv --weights random:1 --image cut_in_header.png",
            "run copy.conv --weights random:1 --image broken.png",
            "run copy.conv --weights random:1 --image cut.jpg",
            "run copy.conv --weights random:1 --image cut.bmp",
            "run copy.conv --weights random:1 --image cut.ppm",
            "run copy.conv --weights random:1 --image no_numbers.ppm",
            "run copy.conv --weights random:1 --image endless.ppm",
            "run copy.conv --weights random:1 --image no_pixels.png",
            "run copy.conv --weights random:1 --memory-limit 8GiB --image huge.png",
            "run copy.conv --weights random:1 --memory-limit 8GiB --image largest.png",
            "run copy.conv --weights random:1 --image moving.gif",
            "run copy.conv --weights random:1 --image photo.webp",
            "run double.conv --weights random:1 --image good.png",
            "run two_channels.conv --weights random:1 --image good.png",
            "run batch.conv --weights random:1 --image good.png",
            "run fixed.conv --weights random:1 --image gray.png",
            "run copy.conv --weights random:1 --input good.png",
        ],
    );
    insta::assert_snapshot!(told);
    outcome(&sandbox, "run copy.conv --weights random:1 --image good.png -o y.png").ok();
}
