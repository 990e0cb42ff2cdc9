use image::{GrayImage, ImageBuffer, Rgb, RgbImage, RgbaImage};

use super::*;

const LIMIT: Limit = Limit { bytes: 1 << 30 };

fn encoded(image: DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("a vector takes everything");
    bytes.into_inner()
}

fn planes(image: DynamicImage, channels: usize) -> Tensor {
    decode(&encoded(image, ImageFormat::Png), LIMIT).expect("a picture").planes(channels)
}

#[test]
fn pixels_become_planes_and_planes_pixels() {
    // Two rows of three pixels, each channel counting on its own.
    let image = RgbImage::from_fn(3, 2, |x, y| Rgb([x as u8, 100 + y as u8, 200 + (x + 3 * y) as u8]));
    let tensor = planes(image.clone().into(), 3);
    assert_eq!(tensor.shape, [3, 2, 3]);
    let bytes: Vec<f32> = tensor.data.iter().map(|value| value * 255.0).collect();
    let expected = [0, 1, 2, 0, 1, 2, 100, 100, 100, 101, 101, 101, 200, 201, 202, 203, 204, 205];
    assert!(bytes.iter().zip(expected).all(|(byte, expected)| (byte - expected as f32).abs() < 1e-4), "{bytes:?}");
    let again = image::load_from_memory(&encode(&tensor, ImageFormat::Png).expect("a picture")).expect("a picture");
    assert_eq!(again.into_rgb8(), image);
}

#[test]
fn every_byte_is_scaled_exactly_and_survives() {
    let image = GrayImage::from_fn(16, 16, |x, y| image::Luma([(16 * y + x) as u8]));
    let tensor = planes(image.clone().into(), 1);
    let exact: Vec<f32> = (0..=255).map(|byte| byte as f32 / 255.0).collect();
    assert_eq!(tensor.data, exact);
    assert_eq!(planes(DynamicImage::from(image.clone()).into_rgb8().into(), 3).data, exact.repeat(3));
    let again = image::load_from_memory(&encode(&tensor, ImageFormat::Png).expect("a picture")).expect("a picture");
    assert_eq!(again.into_luma8(), image);
}

#[test]
fn colours_become_gray_and_gray_becomes_colours() {
    let red = RgbImage::from_pixel(1, 1, Rgb([255, 0, 0]));
    assert_eq!(planes(red.into(), 1), Tensor { shape: vec![1, 1, 1], data: vec![0.299] });
    let gray = GrayImage::from_pixel(1, 1, image::Luma([51]));
    assert_eq!(planes(gray.clone().into(), 1).data, [0.2]);
    assert_eq!(planes(gray.into(), 3).data, [0.2; 3]);
}

#[test]
fn sixteen_bits_keep_their_precision() {
    let image: ImageBuffer<Rgb<u16>, Vec<u16>> = ImageBuffer::from_pixel(1, 1, Rgb([1, 32768, 65535]));
    assert_eq!(planes(image.into(), 3).data, [1.0 / 65535.0, 32768.0 / 65535.0, 1.0]);
}

#[test]
fn transparency_is_ignored_with_a_note() {
    let image = RgbaImage::from_pixel(1, 1, image::Rgba([255, 0, 0, 0]));
    let picture = decode(&encoded(image.into(), ImageFormat::Png), LIMIT).expect("a picture");
    assert_eq!(picture.notes, [Message::new(Level::Note, "the transparency of the picture is ignored")]);
    assert_eq!(picture.planes(3).data, [1.0, 0.0, 0.0]);
}

#[test]
fn values_are_clipped_and_rounded_to_the_nearest() {
    let cases = [
        (-1.0, 0),
        (f32::NAN, 0),
        (f32::NEG_INFINITY, 0),
        (0.49 / 255.0, 0),
        (0.51 / 255.0, 1),
        (0.5, 128),
        (1.0, 255),
        (f32::INFINITY, 255),
    ];
    for (value, expected) in cases {
        assert_eq!(byte(value), expected, "{value}");
    }
}

#[test]
fn broken_files_are_explained() {
    let good = encoded(RgbImage::new(64, 64).into(), ImageFormat::Png);
    let cases = [
        ("empty", vec![], LIMIT),
        ("text", b"hello, world, this is no picture".to_vec(), LIMIT),
        ("cut", good[..good.len() / 2].to_vec(), LIMIT),
        ("over the limit", good, Limit { bytes: 80_000 }),
    ];
    let errors = cases.iter().map(|(name, bytes, limit)| {
        let failure = decode(bytes, *limit).map(|picture| picture.size()).expect_err(name);
        format!("{name}: {}\n", failure.messages[0].text)
    });
    insta::assert_snapshot!(errors.collect::<String>());
}
