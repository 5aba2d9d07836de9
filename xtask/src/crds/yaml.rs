//! JSON as YAML that people can read. Texts that could be taken for something else are quoted as JSON quotes them, which YAML reads alike.

use serde_json::Value;

/// The value as a document.
pub(crate) fn document(value: &Value) -> String {
    let mut text = String::new();
    block(value, 0, &mut text);
    text
}

/// A value that has lines of its own, each so deep.
fn block(value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                text.push_str(&format!("{indent}{}:", scalar(name)));
                nested(field, depth + 1, text);
            }
        }
        Value::Array(items) => {
            for item in items {
                let mut lines = String::new();
                block(item, depth + 1, &mut lines);
                text.push_str(&format!("{indent}- {}", lines.trim_start_matches(' ')));
            }
        }
        _ => text.push_str(&format!("{indent}{}\n", inline(value))),
    }
}

/// What follows a name: on the same line if it has no lines of its own.
fn nested(value: &Value, depth: usize, text: &mut String) {
    let empty = value.as_object().is_some_and(serde_json::Map::is_empty)
        || value.as_array().is_some_and(Vec::is_empty);
    if !empty && (value.is_object() || value.is_array()) {
        text.push('\n');
        block(value, depth, text);
    } else {
        text.push_str(&format!(" {}\n", inline(value)));
    }
}

fn inline(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), scalar)
}

/// A text, quoted unless it is a plain word that is no number, truth value or null.
fn scalar(text: &str) -> String {
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    let special = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        .contains(&text.to_ascii_lowercase().as_str());
    if word && !special { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_and_objects_are_indented_and_doubtful_texts_quoted() {
        let value =
            json!({"name": "shop", "list": [{"a": 1, "b": ["x", "no"]}, 2], "none": {}, "yes": "1s: it is"});
        let lines = [
            "list:",
            "  - a: 1",
            "    b:",
            "      - x",
            "      - \"no\"",
            "  - 2",
            "name: shop",
            "none: {}",
            "\"yes\": \"1s: it is\"",
            "",
        ];
        assert_eq!(document(&value), lines.join("\n"));
    }
}
