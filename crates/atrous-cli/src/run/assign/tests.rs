use super::*;

fn array(path: &str) -> Choice {
    Choice::Array(path.into())
}

#[test]
fn every_input_gets_its_choice() {
    let check = |names: &[&str], choices: &[(Option<&str>, Choice)], expected: &[Choice]| {
        assert_eq!(assign(names, choices).as_deref(), Ok(expected), "{names:?} {choices:?}");
    };
    check(&[], &[], &[]);
    check(&["a"], &[(None, array("x"))], &[array("x")]);
    check(&["a"], &[(Some("a"), array("x"))], &[array("x")]);
    check(&["a", "b"], &[(Some("b"), array("x")), (Some("a"), array("y"))], &[array("y"), array("x")]);
    check(
        &["a", "b", "c"],
        &[(None, Choice::Random(1)), (Some("b"), array("x"))],
        &[Choice::Random(1), array("x"), Choice::Random(1)],
    );
}

#[test]
fn choices_that_do_not_fit_are_refused() {
    let check = |names: &[&str], choices: &[(Option<&str>, Choice)], expected: &str| {
        let failure = assign(names, choices).expect_err(expected);
        assert_eq!(failure.messages[0].text, expected);
    };
    let x = array("x");
    check(&["a"], &[], "input `a` is not given");
    check(&["a"], &[(Some("b"), x.clone())], "there is no input `b`");
    check(&["a"], &[(None, x.clone()), (Some("a"), x.clone())], "input `a` is given twice");
    check(&["a", "b"], &[(None, x.clone())], "which input is meant? There are `a`, `b`");
    check(&["a", "b"], &[(Some("a"), x)], "input `b` is not given");
    let noise = Choice::Random(1);
    let twice = "--input random:SEED stands for all inputs that are not named; it is given twice";
    check(&["a", "b"], &[(None, noise.clone()), (None, noise)], twice);
}
