use super::{ALL, NO_INPUT, UNBOUND_SIZE, UNDEFINED, story};
use crate::front::{self, Model, Sizes};

/// The content of the block that starts with a line, if there is one.
fn block<'a>(story: &'a str, start: &str) -> Option<&'a str> {
    let (_, behind) = story.split_once(&format!("\n```{start}\n"))?;
    Some(behind.split_once("```\n").expect("a block that ends").0)
}

/// The codes that a spec gets where code is made for it, in order, each once.
fn codes(spec: &str) -> Vec<&'static str> {
    let front = front::text(spec, &Sizes::new());
    let mut codes: Vec<&str> = front.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    let is_open = front.models.iter().any(|model| matches!(model, Model::Open(_)));
    // Free sizes are an error of those who make code, and no other story needs any.
    codes.extend((codes.is_empty() && is_open).then_some(UNBOUND_SIZE));
    codes.dedup();
    codes
}

#[test]
fn every_code_has_a_story() {
    let mut without_spec = Vec::new();
    for (code, title) in ALL {
        let story = story(code).expect("a story");
        assert!(story.starts_with(&format!("# {code}: {title}\n\n")), "{code} has another title");
        match (block(story, "conv wrong"), block(story, "conv right")) {
            (Some(wrong), Some(right)) => {
                // What would be computed from no input is not defined either.
                let beside = |other: &&str| *code == NO_INPUT && *other == UNDEFINED;
                let found: Vec<&str> = codes(wrong).into_iter().filter(|other| !beside(other)).collect();
                assert_eq!(found, [*code], "{wrong}");
                let right = codes(right);
                // A free size is right where the data bring it.
                assert!(right.is_empty() || (right == [UNBOUND_SIZE] && *code != UNBOUND_SIZE), "{code}: {right:?}");
                let told = block(story, "text").expect("what is said of the wrong spec");
                assert!(told.starts_with("error") || told.starts_with("warning"), "{code}: {told}");
                assert!(told.contains(code), "{code}: {told}");
            }
            (None, None) => without_spec.push(*code),
            _ => panic!("{code} has one example that is no spec"),
        }
    }
    // Their examples are commands, which the tests of the command run.
    assert_eq!(without_spec, ["A0101", "A0102", "A0199", "A0401", "A0402"]);
}

#[test]
fn other_codes_have_none() {
    for code in ["", "A0000", "a0204", "A02044"] {
        assert_eq!(story(code), None, "{code}");
    }
}
