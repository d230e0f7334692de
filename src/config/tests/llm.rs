//! `[llm]` and `[admin]`: what is read, and what is refused.

use std::time::Duration;

use crate::config::LlmRole;
use crate::config::tests::parse;
use crate::config::tests::refusals;

const URL: &str = "url = 'http://10.0.0.9:8000/v1/'";

#[test]
fn an_address_is_enough() {
    let text = format!("[[llm.endpoint]]\n{URL}\n[[llm.endpoint]]\nname = 'b'\nurl = 'https://llm.bank.example'");
    let endpoints = parse(&text, &[]).unwrap().llm.endpoints;
    let shown: Vec<_> = endpoints.iter().map(|endpoint| (endpoint.name.as_str(), endpoint.url.as_str())).collect();
    assert_eq!(shown, [("10.0.0.9:8000/v1", "http://10.0.0.9:8000/v1"), ("b", "https://llm.bank.example")]);
    assert_eq!((endpoints[0].roles.as_slice(), endpoints[0].weight), (LlmRole::ALL.as_slice(), 1));
}

/// The commented example of `config.toml` is one that works, and says the defaults.
#[test]
fn the_manuals_example_is_read() {
    let manual = include_str!("../../../config.toml");
    let (_, example) = manual.split_once("# [[llm.endpoint]]\n").unwrap();
    let example = example.split("\n[admin]").next().unwrap();
    let lines = example.lines().filter_map(|line| line.strip_prefix("# ")).filter(|line| line.contains(" = "));
    let mut text: String = lines.map(|line| format!("{line}\n")).collect();
    assert_eq!(text.lines().count(), 8, "every key:\n{text}");
    text.insert_str(0, "[[llm.endpoint]]\n");
    let bare = "[[llm.endpoint]]\nurl = 'http://127.0.0.1:8000/v1'";
    assert_eq!(parse(&text, &[]).unwrap().llm, parse(bare, &[]).unwrap().llm);
}

#[test]
fn the_earlier_systems_names_are_understood() {
    let openai = parse("", &[("OPENAI_API_KEY", "sk-hidden"), ("LLM_TIMEOUT", "60")]).unwrap();
    let endpoint = &openai.llm.endpoints[0];
    assert_eq!((endpoint.name.as_str(), endpoint.url.as_str()), ("openai", "https://api.openai.com/v1"));
    assert_eq!(endpoint.api_key.as_ref().unwrap().reveal(), "sk-hidden");
    assert_eq!(openai.llm.answer_timeout, Duration::from_secs(60));
    assert!(openai.effective().contains("url = \"https://api.openai.com/v1\" # environment OPENAI_API_KEY"));
    assert!(!openai.effective().contains("sk-hidden"));

    let local = [
        ("OPENAI_API_KEY", "sk-hidden"),
        ("USE_LM_STUDIO", "true"),
        ("LM_STUDIO_BASE_URL", "http://10.0.0.9:1234/v1"),
        ("LM_STUDIO_MODEL", "qwen"),
    ];
    let endpoint = &parse("", &local).unwrap().llm.endpoints[0];
    let shown = (endpoint.name.as_str(), endpoint.url.as_str(), endpoint.model.as_str());
    assert_eq!(shown, ("lm-studio", "http://10.0.0.9:1234/v1", "qwen"));
    assert!(endpoint.api_key.is_none(), "the key is for somebody else");

    assert!(parse("llm.legacy_environment = false", &local).unwrap().llm.endpoints.is_empty());
    assert!(parse("", &[("USE_LM_STUDIO", "false"), ("LM_STUDIO_MODEL", "x")]).unwrap().llm.endpoints.is_empty());
    let configured = parse(&format!("[[llm.endpoint]]\n{URL}"), &local).unwrap().llm.endpoints;
    assert_eq!((configured.len(), configured[0].url.as_str()), (1, "http://10.0.0.9:8000/v1"));
    for (variables, expected) in [
        ([("USE_LM_STUDIO", "1"), ("LM_STUDIO_BASE_URL", "10.0.0.9")], "LM_STUDIO_BASE_URL"),
        ([("USE_LM_STUDIO", "1"), ("LLM_TIMEOUT", "soon")], "LLM_TIMEOUT"),
    ] {
        let refused = refusals("", &variables);
        assert!(refused.len() == 1 && refused[0].contains(expected), "{refused:?}");
    }
}

#[test]
fn what_cannot_be_is_refused_with_what_is_allowed() {
    for (lines, expected) in [
        ("model = 'x'", "llm.endpoint.1.url: \"\" names no server"),
        ("url = 'localhost:8000'", "llm.endpoint.1.url: \"localhost:8000\" is not the address of an API"),
        ("url = 'http://a/v1?key=x'", "llm.endpoint.1.url: "),
        (&format!("{URL}\nroles = []"), "llm.endpoint.1.roles: [] gives it nothing to do"),
        (
            &format!("{URL}\nroles = ['tools']"),
            "llm.endpoint.1.roles: \"tools\" is not something a model is asked to do",
        ),
        (&format!("{URL}\nweight = 0"), "llm.endpoint.1.weight: 0 is out of range"),
        (&format!("{URL}\nca_file = 'ca.pem'"), "llm.endpoint.1.ca_file: ca_file is for a url that begins with https"),
        (&format!("{URL}\napi_key_file = '/nowhere/key'"), "llm.endpoint.1.api_key_file: reading /nowhere/key"),
        (
            &format!("{URL}\nname = 'a'\n[[llm.endpoint]]\nurl = 'http://b'\nname = 'a'"),
            "llm.endpoint.2.name: \"a\" stands twice",
        ),
    ] {
        let refused = refusals(&format!("[[llm.endpoint]]\n{lines}"), &[]);
        assert!(refused.len() == 1 && refused[0].contains(expected), "{refused:?}: {expected}");
    }
    let refused = refusals("admin.token_file = '/nowhere/token'", &[]);
    assert!(refused[0].contains("admin.token_file: reading /nowhere/token"), "{refused:?}");
}
