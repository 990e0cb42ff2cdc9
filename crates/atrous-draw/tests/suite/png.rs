//! Pictures as pixels.

use atrous_compiler::front::Sizes;
use atrous_compiler::layer::Layer;
use atrous_draw::{Background, Request, picture, png};
use atrous_tests::specs;

const LAYER: &str = "layer up { input: [1, 1, 3], channels: 1, kernel: 3, stride: 2, transposed }";

/// The pixels of the layer on a background, row by row, and the width and height.
fn pixels(background: Background) -> (Vec<[u8; 4]>, [u32; 2]) {
    let net = specs::parse(LAYER, &Sizes::default()).expect("a layer");
    let layers: Vec<&Layer> = net.layers().collect();
    let picture = picture(&layers, &Request::default()).expect("a picture");
    let bytes = png::write(&picture, background).expect("pixels");
    let image = image::load_from_memory(&bytes).expect("a PNG").to_rgba8();
    assert_eq!([picture.canvas.width * 2, picture.canvas.height * 2], [image.width() as i32, image.height() as i32]);
    (image.pixels().map(|pixel| pixel.0).collect(), [image.width(), image.height()])
}

#[test]
fn pixels_have_the_colours_of_the_background_and_letters() {
    let (light, [width, _]) = pixels(Background::Light);
    let (dark, _) = pixels(Background::Dark);
    assert_eq!(light[0], [255, 255, 255, 255]);
    assert_eq!(dark[0], [0x15, 0x18, 0x1c, 255]);
    assert_eq!(pixels(Background::Auto).0, light);
    // The title is in the first lines below the margin.
    let title = |pixels: &[[u8; 4]]| {
        let rows = &pixels[48 * width as usize..92 * width as usize];
        rows.iter().filter(|pixel| **pixel != pixels[0]).count()
    };
    assert!(title(&light) > 500 && title(&dark) > 500, "{} {}", title(&light), title(&dark));
    let has = |pixels: &[[u8; 4]], color: [u8; 3]| pixels.iter().any(|pixel| pixel[..3] == color);
    for pixels in [&light, &dark] {
        assert!(has(pixels, [0xee, 0x88, 0x66]) && has(pixels, [0x77, 0xaa, 0xdd]));
    }
}
