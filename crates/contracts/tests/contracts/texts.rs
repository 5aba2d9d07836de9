//! Texts with a form of their own, and what of them a log may show.

use contracts::{Address, CountryCode, CustomerId, Email, Name, OrderId, Reference, Sku, Style};
use proptest::prelude::*;

#[test]
fn a_sku_has_letters_digits_dots_dashes_and_underscores_only() {
    for good in ["TEA-100", "a", "x_1.2"] {
        assert_eq!(good.parse::<Sku>().unwrap().as_str(), good);
    }
    let long = "x".repeat(65);
    for bad in ["", "a b", "a/b", "é", "a\n", &long] {
        assert!(bad.parse::<Sku>().is_err(), "{bad:?}");
    }
}

#[test]
fn an_email_address_looks_like_one() {
    for good in ["ada@example.org", "a.b+c@sub.example.co.uk"] {
        assert!(good.parse::<Email>().is_ok(), "{good}");
    }
    for bad in
        ["", "ada", "ada@", "@example.org", "a b@example.org", "ada@example", "ada@ex..org", "a@b@c.org"]
    {
        assert!(bad.parse::<Email>().is_err(), "{bad:?}");
    }
}

#[test]
fn a_name_is_not_blank_and_has_no_control_characters() {
    assert!("Ada Lovelace".parse::<Name>().is_ok());
    assert!("李".parse::<Name>().is_ok());
    let long = "x".repeat(201);
    for bad in ["", "   ", "a\tb", "a\u{0}", &long] {
        assert!(bad.parse::<Name>().is_err(), "{bad:?}");
    }
}

#[test]
fn countries_references_and_ids_have_their_forms() {
    assert!("GB".parse::<CountryCode>().is_ok());
    assert!("gb".parse::<CountryCode>().is_err());
    assert!("web-4711".parse::<Reference>().is_ok());
    assert!("web 4711".parse::<Reference>().is_err());
    assert!("0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10".parse::<OrderId>().is_ok());
    assert!("4711".parse::<CustomerId>().is_err());
}

#[test]
fn debug_output_shows_nothing_of_a_person() {
    let address = Address {
        line1: "12 St James's Square".parse().unwrap(),
        postal_code: "SW1Y 4JH".parse().unwrap(),
        city: "London".parse().unwrap(),
        country: "GB".parse().unwrap(),
    };
    let email: Email = "ada@example.org".parse().unwrap();
    let name: Name = "Ada Lovelace".parse().unwrap();
    let shown = format!("{address:?} {email:?} {name:?}");
    for secret in ["12 St", "SW1Y", "London", "ada@", "Ada", "Lovelace"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_style_is_known_by_its_name() {
    for style in Style::ALL {
        assert_eq!(style.as_str().parse(), Ok(style));
    }
    let error = "soap".parse::<Style>().unwrap_err().to_string();
    assert!(error.contains("soap") && error.contains("rest"), "{error}");
}

proptest! {
    #[test]
    fn parsers_take_any_text_without_panicking(text in any::<String>()) {
        let _ = (text.parse::<Sku>(), text.parse::<Email>(), text.parse::<Name>(), text.parse::<Reference>());
        let _ = (text.parse::<CountryCode>(), text.parse::<OrderId>(), text.parse::<Style>());
    }

    #[test]
    fn what_was_parsed_comes_back_from_the_wire(text in "[A-Za-z0-9._-]{1,64}") {
        let sku: Sku = text.parse().unwrap();
        let json = serde_json::to_string(&sku).unwrap();
        prop_assert_eq!(serde_json::from_str::<Sku>(&json).unwrap(), sku);
    }
}
