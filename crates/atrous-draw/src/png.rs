//! Pictures as PNG.
//!
//! Letters come with the crate, so that every machine draws the same: Ubuntu Light (Ubuntu Font Licence) and Hack (MIT).

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb::Database};

use crate::picture::Picture;
use crate::svg::{self, Background};

/// Pixels of the file for each of the picture.
const SCALE: f32 = 2.0;

/// The bytes of a PNG file, in the colours for one background; light for [`Background::Auto`].
///
/// # Errors
/// The picture has no pixels, or too many for memory.
pub fn write(picture: &Picture, background: Background) -> Result<Vec<u8>, String> {
    let background = if background == Background::Auto { Background::Light } else { background };
    let options = Options { fontdb: Arc::new(fonts()), ..Options::default() };
    let tree = Tree::from_str(&svg::write(picture, background), &options).map_err(|error| error.to_string())?;
    let size = tree.size().to_int_size().scale_by(SCALE).ok_or("the picture is too large")?;
    let mut pixels = Pixmap::new(size.width(), size.height()).ok_or("the picture is too large")?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| error.to_string())
}

/// The fonts for what the style calls sans-serif and monospace.
fn fonts() -> Database {
    let mut fonts = Database::new();
    fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
    fonts.load_font_data(epaint_default_fonts::HACK_REGULAR.to_vec());
    fonts.set_sans_serif_family("Ubuntu");
    fonts.set_monospace_family("Hack");
    fonts
}
