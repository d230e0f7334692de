//! What the program says of itself: the API's description for programs and for people, the greeting, the documents.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use serde_json::json;

/// Routes that are no operation of the API: its descriptions, and the WebSocket, which OpenAPI has no word for.
const NOT_DESCRIBED: [&str; 6] = [
    "/api/v1/openapi.json",
    "/api/docs",
    "/api/docs/guide",
    "/api/docs/guide/style.css",
    "/api/docs/guide/{language}/{page}",
    "/api/v1/chat/ws/{session_id}",
];

both_stores! {
    /// `openapi.json` describes every route there is, and is a well-formed OpenAPI 3.1 document.
    async fn the_description_holds_every_route_and_is_well_formed(server: Server) {
        let document = server.http().get("/api/v1/openapi.json").await.expect(200);
        let described: BTreeSet<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        let router = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api/mod.rs")).unwrap();
        let routes = router.split(".route(\"").skip(1).map(|rest| rest.split_once('"').unwrap().0);
        let routes: BTreeSet<&str> = routes.filter(|route| !NOT_DESCRIBED.contains(route)).collect();
        assert_eq!(described, routes);
        assert_well_formed(&document);
    }

    /// What the description says exists is routed: no operation of it is not found, and none is refused its method.
    async fn every_described_operation_is_routed(server: Server) {
        let customer = server.customer().await;
        customer.says("안녕하세요").await;
        let document = server.http().get("/api/v1/openapi.json").await.expect(200);
        for (path, operations) in document["paths"].as_object().unwrap() {
            let filled = path.replace("{session_id}", customer.session()).replace("{document_id}", "loan-credit-loan");
            for method in operations.as_object().unwrap().keys().map(|method| method.to_uppercase()) {
                let query = if filled.ends_with("/events") { "?wait=0" } else { "" };
                let answer = server.http().send(server.http().request(&method, &format!("{filled}{query}"))).await;
                // A session that an operation before has closed is not found, but its routes are.
                let (answer, text) = (answer.json(), answer.text());
                let code = answer.get("code").and_then(Value::as_str).unwrap_or_default();
                assert!(!["not_found", "method_not_allowed"].contains(&code), "{method} {path}: {text}");
            }
        }
    }

    /// The page that shows the API needs nothing from anywhere else.
    async fn the_api_page_needs_nothing_from_elsewhere(server: Server) {
        let answer = server.http().get("/api/docs").await;
        assert_eq!(answer.status, 200);
        assert!(answer.header("content-type").starts_with("text/html"), "{}", answer.header("content-type"));
        let page = answer.text();
        for foreign in ["http://", "https://", "src=\"//", "href=\"//", "@import"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        for described in ["/api/v1/chat/message", "/api/v1/sessions/{session_id}/events", "ChatReply"] {
            assert!(page.contains(described), "{described}");
        }
        assert!(page.contains("<link rel=\"icon\" href=\"/favicon.svg\""), "an icon of its own");
        assert_eq!(server.http().get("/favicon.svg").await.status, 200);
    }

    /// The greeting names the bank, its words, its topics and its telephone numbers; each topic is a question it answers.
    async fn the_greeting_offers_topics_that_are_answered(server: Server) {
        let greeting = server.http().get("/api/v1/greeting").await.expect(200);
        assert_eq!(greeting["greeting"], "안녕하세요, 가온은행 AI 상담입니다. 무엇을 도와드릴까요?");
        assert_eq!(greeting["phones"]["customer_center"], "1588-0000");
        assert_eq!(greeting["hours"]["weekdays"], "09:00-18:00");
        let topics = greeting["topics"].as_array().unwrap();
        assert_eq!(topics.len(), 6);
        for topic in topics {
            let reply = server.customer().await.says(topic["message"].as_str().unwrap()).await;
            assert!(!reply.cited().is_empty(), "{topic}: {}", reply.text());
        }
    }

    /// A document that answers cite can be read by its id, with its sections; another id is not found.
    async fn a_cited_document_can_be_read(server: Server) {
        let document = server.http().get("/api/v1/knowledge/documents/loan-credit-loan").await.expect(200);
        assert_eq!(document["source"], "loan/credit-loan.md");
        assert_eq!(document["title"], "가온 신용대출과 마이너스통장 안내");
        assert_eq!((&document["effective_from"], &document["effective_until"]), (&json!("2026-01-01"), &Value::Null));
        let sections = document["sections"].as_array().unwrap();
        let limit = sections.iter().find(|section| section["heading"] == "신용대출 한도").unwrap();
        assert!(limit["lines"][0].as_str().unwrap().starts_with("가온 신용대출 한도는 최대 1억 5,000만원이며"), "{limit}");
        let ask = async |id: &str| server.http().get(&format!("/api/v1/knowledge/documents/{id}")).await;
        for unknown in ["nonsense", "loan%2Fcredit-loan.md"] {
            ask(unknown).await.expect_problem(404, "not_found");
        }
        ask("..%2Fpack.toml").await.expect_problem(400, "bad_request");
    }
}

/// The structure OpenAPI 3.1 asks for, as far as this document uses it.
fn assert_well_formed(document: &Value) {
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    let mut names = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let place = format!("{method} {path}");
            assert!(["get", "post", "put"].contains(&method.as_str()), "{place}");
            let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{place} has a name"));
            assert!(names.insert((name, method)), "{name} is the name of one operation");
            assert!(operation["summary"].is_string(), "{place} is summed up");
            assert_parameters(&place, path, operation["parameters"].as_array().map_or(&[], Vec::as_slice));
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{place} succeeds somehow");
            for (status, response) in responses {
                assert!(status.len() == 3 && status.parse::<u16>().is_ok(), "{place}: {status}");
                assert!(response["description"].is_string(), "{place}: {status} is described");
            }
        }
    }
    assert_references(document, document);
}

fn assert_parameters(place: &str, path: &str, parameters: &[Value]) {
    let in_path: BTreeSet<&str> = path.split('{').skip(1).map(|rest| rest.split_once('}').unwrap().0).collect();
    let declared = parameters.iter().filter(|parameter| parameter["in"] == "path");
    let declared: BTreeSet<&str> = declared.map(|parameter| parameter["name"].as_str().unwrap()).collect();
    assert_eq!(in_path, declared, "{place}");
    for parameter in parameters {
        assert!(parameter["in"] != "path" || parameter["required"] == true, "{place}: {parameter}");
        assert!(parameter["schema"].is_object(), "{place}: {parameter}");
    }
}

/// Every reference leads to something.
fn assert_references(document: &Value, part: &Value) {
    if let Some(reference) = part["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} stays in the document"));
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let members = part.as_object().into_iter().flat_map(serde_json::Map::values);
    for inner in members.chain(part.as_array().into_iter().flatten()) {
        assert_references(document, inner);
    }
}
