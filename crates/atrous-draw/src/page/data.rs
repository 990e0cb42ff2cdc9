//! What a page shows, as data.

use atrous_compiler::layer::Layer;
use serde::Serialize;

use crate::scene::{Line, Scene, TooLarge, View};

/// All of a page.
#[derive(Clone, Debug, Serialize)]
pub struct Data {
    /// What the layers are of.
    pub title: String,
    /// The layers, in order.
    pub layers: Vec<LayerData>,
}

/// One layer.
#[derive(Clone, Debug, Serialize)]
pub struct LayerData {
    /// Its name.
    pub name: String,
    /// Its numbers, one line each.
    pub parameters: Vec<String>,
    /// The layer itself, then its adjoint.
    pub directions: Vec<DirectionData>,
    /// Why it cannot be shown at all.
    pub refusal: Option<String>,
}

/// A layer in one direction.
#[derive(Clone, Debug, Serialize)]
pub struct DirectionData {
    /// What is shown; one line.
    pub title: String,
    /// What is read: the letter of a tensor.
    pub source: &'static str,
    /// What is computed.
    pub result: &'static str,
    /// With zeros, then by phases.
    pub views: Vec<ViewData>,
}

/// What one view shows.
#[derive(Clone, Debug, Serialize)]
pub struct ViewData {
    /// What it shows of the zeros; one line.
    pub subtitle: String,
    /// The cells along each axis; none when the view is too large.
    pub lines: Vec<Line>,
    /// An output to begin with.
    pub start: Vec<usize>,
    /// Why it cannot be shown.
    pub refusal: Option<String>,
}

impl Data {
    /// The data of some layers.
    ///
    /// # Errors
    /// No layer can be drawn: why the first one cannot.
    pub fn new(title: &str, layers: &[Layer]) -> Result<Data, TooLarge> {
        let data = Data { title: title.to_string(), layers: layers.iter().map(LayerData::new).collect() };
        match layers.first() {
            Some(first) if data.layers.iter().all(|layer| layer.refusal.is_some()) => {
                Err(Scene::new(first, View::Phases, false).expect_err("no view can be drawn"))
            }
            _ => Ok(data),
        }
    }
}

impl LayerData {
    fn new(layer: &Layer) -> LayerData {
        let scenes =
            [false, true].map(|adjoint| [View::Zeros, View::Phases].map(|view| Scene::new(layer, view, adjoint)));
        let drawn = scenes.iter().flatten().find_map(|scene| scene.as_ref().ok());
        let refusal = match (drawn, &scenes[0][1]) {
            (None, Err(error)) => Some(error.to_string()),
            _ => None,
        };
        let parameters = drawn.map(|scene| [scene.parameters(), scene.size_formulas()].concat());
        LayerData {
            name: layer.name.clone(),
            parameters: parameters.unwrap_or_default(),
            directions: [false, true]
                .into_iter()
                .zip(scenes)
                .map(|(adjoint, scenes)| direction(adjoint, scenes))
                .collect(),
            refusal,
        }
    }
}

fn direction(adjoint: bool, scenes: [Result<Scene, TooLarge>; 2]) -> DirectionData {
    let (source, result) = if adjoint { ("dy", "dx") } else { ("x", "y") };
    let title = scenes.iter().find_map(|scene| scene.as_ref().ok().map(Scene::title)).unwrap_or_default();
    DirectionData { title, source, result, views: scenes.into_iter().map(view).collect() }
}

fn view(scene: Result<Scene, TooLarge>) -> ViewData {
    match scene {
        Ok(scene) => ViewData {
            subtitle: scene.subtitle().unwrap_or_default(),
            start: scene.telling_output(),
            lines: scene.lines,
            refusal: None,
        },
        Err(error) => {
            ViewData { subtitle: String::new(), start: Vec::new(), lines: Vec::new(), refusal: Some(error.to_string()) }
        }
    }
}
