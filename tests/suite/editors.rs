//! The grammar for editors: that its regular expressions are some, that it knows the words of the compiler, and what it
//! makes of specs.

use atrous_compiler::front::words;
use atrous_tests::specs;
use fancy_regex::{Captures, Regex};
use serde_json::Value;

/// A rule without `include`: a name, and the pattern that starts it.
struct Rule {
    regex: Regex,
    /// Ends it, when it may hold itself.
    end: Option<Regex>,
    /// The scope of all of it and of its groups.
    scopes: Vec<(usize, String)>,
}

fn grammar() -> Value {
    let path = specs::root().join("editors/atrous.tmLanguage.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("the grammar")).expect("the grammar is JSON")
}

/// The rules at the top, in order.
fn rules(grammar: &Value) -> Vec<Rule> {
    fn collect(grammar: &Value, pattern: &Value, rules: &mut Vec<Rule>) {
        if let Some(name) = pattern["include"].as_str() {
            let of_name = &grammar["repository"][name.trim_start_matches('#')];
            assert!(!of_name.is_null(), "{name} is not in the repository");
            return collect(grammar, of_name, rules);
        }
        let start = pattern["match"].as_str().or(pattern["begin"].as_str());
        let Some(start) = start else {
            let patterns = pattern["patterns"].as_array().expect("rules");
            return patterns.iter().for_each(|pattern| collect(grammar, pattern, rules));
        };
        let regex = |text: &str| Regex::new(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let whole = pattern["name"].as_str().map(|name| (0, name.to_string()));
        let groups = pattern["captures"].as_object().into_iter().flatten().map(|(group, value)| {
            let name = value["name"].as_str().expect("a scope");
            (group.parse().expect("the number of a group"), name.to_string())
        });
        let scopes = whole.into_iter().chain(groups).collect();
        rules.push(Rule { regex: regex(start), end: pattern["end"].as_str().map(regex), scopes });
    }
    let mut rules = Vec::new();
    grammar["patterns"].as_array().expect("rules").iter().for_each(|pattern| collect(grammar, pattern, &mut rules));
    rules
}

/// The text that each scope gets, line by line and from the left, as editors do it.
fn scopes(rules: &[Rule], text: &str) -> Vec<(String, String)> {
    let (mut found, mut open) = (Vec::new(), Vec::<&Rule>::new());
    for line in text.lines() {
        let mut at = 0;
        while at < line.len() {
            let of_rule = |rule: &'_ Rule| rule.regex.captures_from_pos(line, at).expect("a regex that ends");
            let end =
                open.last().and_then(|rule| rule.end.as_ref()?.find_from_pos(line, at).expect("a regex that ends"));
            let starts: Vec<(&Rule, Captures<str>)> = match open.last() {
                Some(rule) => of_rule(rule).map(|captures| (*rule, captures)).into_iter().collect(),
                None => rules.iter().filter_map(|rule| of_rule(rule).map(|captures| (rule, captures))).collect(),
            };
            let place = |captures: &Captures<str>| captures.get(0).expect("all of it").range();
            let first = starts.into_iter().min_by_key(|(_, captures)| place(captures).start);
            let first = first.filter(|(_, captures)| end.is_none_or(|end| place(captures).start < end.start()));
            at = match (first, end) {
                (Some((rule, captures)), _) => {
                    let of_scope = |(group, scope): &(usize, String)| {
                        captures.get(*group).map(|text| (scope.clone(), text.as_str().to_string()))
                    };
                    found.extend(rule.scopes.iter().filter_map(of_scope));
                    open.extend(rule.end.is_some().then_some(rule));
                    place(&captures).end
                }
                (None, Some(end)) => {
                    open.pop();
                    end.end()
                }
                (None, None) => break,
            };
        }
    }
    found
}

/// The first scope of a text that is exactly this word.
fn scope_of(rules: &[Rule], text: &str, word: &str) -> String {
    let found = scopes(rules, text);
    let scope = found.iter().find(|(_, part)| part == word).map(|(scope, _)| scope.clone());
    scope.unwrap_or_else(|| panic!("{word} has no scope in {text}: {found:?}"))
}

#[test]
fn every_word_of_the_language_is_coloured() {
    let rules = rules(&grammar());
    let words = words();
    let check = |words: &[&str], before: &str, behind: &str, expected: &str| {
        for word in words {
            let text = format!("{before}{word}{behind}");
            assert_eq!(scope_of(&rules, &text, word), format!("{expected}.atrous"), "{text}");
        }
    };
    check(&words.keywords[..2], "", " a {", "storage.type");
    check(&words.keywords[2..], "net a { ", " x;", "keyword.other");
    check(&words.operations, "y = ", "(x) {}", "support.function");
    check(&words.fields, "{ ", ": x", "support.type.property-name");
    check(&words.flags, "{ ", ": true", "support.type.property-name");
    check(&words.flags, "{ ", ",", "storage.modifier");
    check(&words.activations, "{ ", ",", "support.function.activation");
    check(&words.activations, "{ ", "(1)", "support.function.activation");
    let (booleans, values): (Vec<&str>, Vec<&str>) =
        words.values.iter().copied().partition(|word| ["true", "false"].contains(word));
    check(&values, "{ padding: ", " }", "support.constant");
    check(&booleans, "{ bias: ", " }", "constant.language.boolean");
    // Words that are longer or shorter are names.
    for word in ["reluu", "relu_6", "kernel", "kernels", "sames", "Layer", "add"] {
        assert_eq!(scope_of(&rules, &format!("{{ padding: {word} }}"), word), "variable.other.atrous", "{word}");
    }
}

#[test]
fn numbers_and_mistakes_are_told_apart() {
    let rules = rules(&grammar());
    for (text, scope) in [
        ("12", "constant.numeric.integer"),
        ("1_000", "constant.numeric.integer"),
        ("0.5", "constant.numeric.float"),
        ("1.", "constant.numeric.float"),
        ("1e-3", "constant.numeric.float"),
        ("2.5e+10", "constant.numeric.float"),
        ("0x10", "invalid.illegal.radix"),
        ("0b11", "invalid.illegal.radix"),
        ("3x3", "invalid.illegal.number"),
        ("4usize", "invalid.illegal.number"),
        ("0.1f32", "invalid.illegal.number"),
        ("1e", "invalid.illegal.number"),
        ("\"same\"", "invalid.illegal.quoted"),
        ("'n'", "invalid.illegal.quoted"),
        ("r#type", "invalid.illegal.name"),
        ("%", "invalid.illegal.character"),
        ("\u{d7}", "invalid.illegal.character"),
    ] {
        let scope = format!("{scope}.atrous");
        assert_eq!(scope_of(&rules, &format!("kernel: {text}, stride: 1"), text), scope, "{text}");
    }
}

#[test]
fn comments_nest() {
    let found = scopes(&rules(&grammar()), "/* one /* two\n layer */ net */ bias // conv\nrelu");
    let texts: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["/*", "/*", "bias", "// conv", "relu"]);
}

#[test]
fn good_specs_have_no_mistakes() {
    let rules = rules(&grammar());
    for spec in specs::all() {
        let found = scopes(&rules, &spec.text);
        let mistake = found.iter().find(|(scope, _)| scope.starts_with("invalid"));
        assert_eq!(mistake, None, "{}", spec.name);
        let is = |wanted: &str| found.iter().any(|(scope, _)| scope == wanted);
        assert!(is("entity.name.type.atrous") && is("constant.numeric.integer.atrous"), "{}", spec.name);
    }
}

#[test]
fn the_extension_finds_its_files() {
    let directory = specs::root().join("editors");
    let text = std::fs::read_to_string(directory.join("package.json")).expect("the manifest");
    let manifest: Value = serde_json::from_str(&text).expect("the manifest is JSON");
    let contributes = &manifest["contributes"];
    assert_eq!(contributes["grammars"][0]["scopeName"], grammar()["scopeName"]);
    for path in [&contributes["grammars"][0]["path"], &contributes["languages"][0]["configuration"]] {
        let text = std::fs::read_to_string(directory.join(path.as_str().expect("a path"))).expect("a file");
        serde_json::from_str::<Value>(&text).expect("the file is JSON");
    }
}
