//! Pictures in and out, and where files end up.

use image::{DynamicImage, GrayImage, Rgb, RgbImage, RgbaImage};

use crate::sandbox::Sandbox;

/// Copies a picture of any size: a 1×1 layer of its own for each channel.
const COPY: &str = "net copy {
    input image: [1, 3, H, W];
    same = conv(image) { channels: 3, kernel: 1, depthwise };
    output same;
}
";

const COPY_GRAY: &str = "net copy {
    input image: [1, 1, H, W];
    same = conv(image) { channels: 1, kernel: 1 };
    output same;
}
";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new()
        .file("copy.conv", COPY)
        .file("gray.conv", COPY_GRAY)
        .weights("copy.st", &[("same.weight", &[3, 1, 1, 1], &[1.0; 3])])
        .weights("gray.st", &[("same.weight", &[1, 1, 1, 1], &[1.0])]);
    let save = |name: &str, image: DynamicImage| image.save(sandbox.path(name)).expect("a picture");
    save("colours.png", colours().into());
    save("gray.png", gray().into());
    save("alpha.png", RgbaImage::from_pixel(5, 4, image::Rgba([10, 20, 30, 40])).into());
    sandbox
}

fn colours() -> RgbImage {
    RgbImage::from_fn(7, 5, |x, y| Rgb([(36 * x) as u8, (50 * y) as u8, (x * y) as u8]))
}

fn gray() -> GrayImage {
    GrayImage::from_fn(6, 3, |x, y| image::Luma([(40 * x + y) as u8]))
}

fn read(sandbox: &Sandbox, name: &str) -> DynamicImage {
    image::open(sandbox.path(name)).expect("a picture was written")
}

#[test]
fn a_copied_picture_is_the_same_in_every_layout_and_lossless_format() {
    let sandbox = sandbox();
    for layout in ["nchw", "nhwc"] {
        for name in ["y.png", "y.bmp", "y.ppm"] {
            sandbox
                .atrous(&format!("run copy.conv --weights copy.st --image colours.png --layout {layout} -o {name}"))
                .ok();
            assert_eq!(read(&sandbox, name).into_rgb8(), colours(), "{layout} {name}");
        }
        sandbox.atrous(&format!("run gray.conv --weights gray.st --image gray.png --layout {layout} -o y.png")).ok();
        assert_eq!(read(&sandbox, "y.png").into_luma8(), gray(), "{layout}");
    }
    sandbox.atrous("run copy.conv --weights copy.st --image colours.png -o y.jpg").ok();
    assert_eq!(read(&sandbox, "y.jpg").into_rgb8().dimensions(), (7, 5));
}

#[test]
fn pictures_are_turned_into_the_channels_of_the_net() {
    let sandbox = sandbox();
    sandbox.atrous("run copy.conv --weights copy.st --image gray.png -o y.png").ok();
    assert_eq!(read(&sandbox, "y.png").into_rgb8(), DynamicImage::from(gray()).into_rgb8());
    sandbox.atrous("run gray.conv --weights gray.st --image colours.png -o y.npy").ok();
    let (shape, data) = sandbox.read_array("y.npy");
    assert_eq!(shape, [1, 1, 5, 7]);
    let luma = |pixel: &Rgb<u8>| (299.0 * pixel[0] as f32 + 587.0 * pixel[1] as f32 + 114.0 * pixel[2] as f32) / 255e3;
    let worst = colours().pixels().zip(&data).map(|(pixel, gray)| (luma(pixel) - gray).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-6, "{worst}");
}

#[test]
fn transparency_is_ignored_with_a_note() {
    let sandbox = sandbox();
    let outcome = sandbox.atrous("run copy.conv --weights copy.st --image alpha.png -o y.png").ok();
    assert_eq!(read(&sandbox, "y.png").into_rgb8(), RgbImage::from_pixel(5, 4, Rgb([10, 20, 30])));
    insta::assert_snapshot!(outcome);
}

#[test]
fn the_format_is_chosen_by_name_or_by_option() {
    let sandbox = sandbox();
    sandbox.atrous("run copy.conv --weights copy.st --image colours.png -o out/ --format png").ok();
    assert_eq!(read(&sandbox, "out/same.png").into_rgb8(), colours());
    sandbox.atrous("run copy.conv --weights copy.st --image colours.png -o picture --format png").ok();
    assert_eq!(std::fs::read(sandbox.path("picture")).ok(), std::fs::read(sandbox.path("out/same.png")).ok());
    let outcome = sandbox.atrous("run copy.conv --weights copy.st --image colours.png -o - --format png").ok();
    assert_eq!(Some(outcome.stdout), std::fs::read(sandbox.path("picture")).ok());
}

#[cfg(unix)]
#[test]
fn files_are_replaced_whole_and_keep_their_place() {
    use std::os::unix::fs::PermissionsExt;

    let sandbox = sandbox();
    std::fs::write(sandbox.path("real.npy"), "old").expect("a file");
    std::os::unix::fs::symlink("real.npy", sandbox.path("link.npy")).expect("a link");
    let names = sandbox.names();
    sandbox.atrous("run copy.conv --weights copy.st --image colours.png -o link.npy").ok();
    assert_eq!(sandbox.names(), names);
    assert_eq!(sandbox.read_array("real.npy").0, [1, 3, 5, 7]);
    assert!(std::fs::symlink_metadata(sandbox.path("link.npy")).expect("the link").is_symlink());
    // As readable as any other new file.
    std::fs::write(sandbox.path("ordinary"), "").expect("a file");
    let mode = |name: &str| std::fs::metadata(sandbox.path(name)).expect("a file").permissions().mode();
    assert_eq!(mode("real.npy"), mode("ordinary"));
    // Devices are written, not replaced.
    sandbox.atrous("run copy.conv --weights copy.st --image colours.png --format npy -o /dev/null").ok();
}
