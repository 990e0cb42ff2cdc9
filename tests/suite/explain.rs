//! Every spec is explained, and the numbers hold together.

use atrous_compiler::explain::{self, Explanation};
use atrous_compiler::layer::Layout;
use atrous_compiler::net::Net;
use atrous_compiler::{Target, compile, oracle};
use atrous_tests::specs;

fn explained(net: &Net, target: &Target) -> Explanation {
    let plan = compile(net, target).unwrap_or_else(|error| panic!("{error}"));
    explain::net(net, &plan)
}

/// What must hold of each explanation.
fn check(net: &Net, explanation: &Explanation, target: &Target) {
    let name = format!("{} for {} in {:?}", net.name, target.name, net.layout);
    assert_eq!(explanation.steps.len(), net.steps.len(), "{name}");
    let layers = explanation.steps.iter().filter_map(|step| step.layer.as_ref());
    for (facts, layer) in layers.zip(net.layers()) {
        let macs = facts.multiply_adds;
        assert_eq!(macs.useful, oracle::useful_macs(layer), "{name}: {}", layer.name);
        // A vector has at least one lane that works.
        let most = target.lanes as u64 * macs.useful;
        assert!((macs.useful..=most).contains(&macs.executed), "{name}: {}: {macs:?}", layer.name);
        assert!(macs.with_zeros >= macs.useful, "{name}: {macs:?}");
    }
    for step in &explanation.steps {
        assert!(!step.stages.is_empty() && !step.receptive_fields.is_empty(), "{name}: {}", step.name);
        assert!(step.receptive_fields.iter().all(|field| field.axes.len() + 2 == step.output.len()), "{name}");
        for stage in &step.stages {
            assert!(stage.registers <= target.registers && stage.tiles > 0, "{name}: {}", stage.name);
            assert!(stage.cycles > 0.0 && stage.moved_bytes > 0, "{name}: {}", stage.name);
        }
    }
    let stages: usize = explanation.steps.iter().map(|step| step.stages.len()).sum();
    let choices = explanation.steps.iter().flat_map(|step| &step.stages).filter(|stage| stage.choice.is_some());
    assert_eq!(choices.count(), net.layers().count(), "{name}");
    assert!(stages >= net.steps.len(), "{name}");
}

#[test]
fn every_spec_is_explained() {
    for spec in specs::all() {
        for layout in [Layout::Nchw, Layout::Nhwc] {
            let net = spec.net().with_layout(layout);
            for target in Target::all() {
                check(&net, &explained(&net, &target), &target);
            }
        }
    }
}

/// As they are written, no spec is slow, and of all networks one layer, whose output is one number.
#[test]
fn few_layers_take_the_slow_path() {
    let target = Target::avx512();
    let names = |nets: &mut dyn Iterator<Item = Net>| -> Vec<String> {
        nets.flat_map(|net| explained(&net, &target).total.slow).collect()
    };
    assert_eq!(names(&mut specs::all().iter().map(|spec| spec.net())), Vec::<String>::new());
    let networks = specs::networks();
    let layers = networks.iter().flat_map(|network| network.layers.iter().cloned().map(Net::of_layer));
    assert_eq!(names(&mut layers.into_iter()), ["real"]);
}
