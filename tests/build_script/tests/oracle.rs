//! What the build script has compiled computes what the definition says.

use atrous_compiler::front::{self, Model, Sizes};
use atrous_compiler::{Net, oracle};
use atrous_tests_build_script::{Upsample, residual};

/// A net of a spec.
fn net(spec: &str, name: &str, sizes: &[(&str, usize)]) -> Net {
    let sizes: Sizes = sizes.iter().map(|&(name, size)| (name.to_string(), size)).collect();
    let models = front::text(spec, &sizes).models.into_iter();
    let mut nets = models.filter_map(|model| match model {
        Model::Net(net) => Some(net),
        Model::Open(_) => None,
    });
    nets.find(|net| net.name == name).expect("the net is in the spec")
}

/// Small integers, on which every order of summation is exact.
fn data(len: usize, seed: usize) -> Vec<f32> {
    (0..len).map(|at| ((at * 7 + seed * 5) % 9) as f32 - 4.0).collect()
}

fn expected(net: &Net, input: &[f32], parameters: &[&[f32]]) -> Vec<f32> {
    let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect::<Vec<f64>>();
    let parameters: Vec<Vec<f64>> = parameters.iter().map(|values| wide(values)).collect();
    let parameters: Vec<&[f64]> = parameters.iter().map(Vec::as_slice).collect();
    let outputs = oracle::net(net, &[&wide(input)], &parameters);
    outputs[0].iter().map(|&value| value as f32).collect()
}

#[test]
fn a_layer() -> Result<(), atrous::Error> {
    let (weight, bias, input) = (data(2 * 3 * 4, 1), data(3, 2), data(2 * 7, 3));
    let net = net(include_str!("../specs/upsample.conv"), "upsample", &[]);
    let output = Upsample::new(&weight, &bias)?.infer(&input)?;
    assert_eq!(output, expected(&net, &input, &[&weight, &bias]));
    assert!(output.iter().any(|&value| value > 0.0));
    Ok(())
}

#[test]
fn a_net() -> Result<(), atrous::Error> {
    let (weight, input) = (data(2 * 2 * 3, 1), data(2 * 16, 3));
    let net = net(include_str!("../specs/residual.conv"), "residual", &[("L", 16)]);
    let parameters = residual::ResidualParameters { y: atrous::Weight { weight: &weight } };
    let output = residual::Residual::new(parameters)?.infer(&input)?;
    assert_eq!(output, expected(&net, &input, &[&weight]));
    Ok(())
}
