//! Images, audio and documents.

use super::*;

#[test]
fn media_become_parts() {
    let messages = json!([{"role": "user", "content": [
        {"type": "text", "text": "Look"},
        {"type": "image", "data": PNG, "detail": "low"},
        {"type": "image", "url": "https://host/a.jpg"},
        {"type": "audio", "data": "UklGRgAAAABXQVZF"},
        {"type": "audio", "data": "AAAA", "mime_type": "audio/mpeg"},
        {"type": "document", "data": "JVBERi0=", "name": "report.pdf"},
        {"type": "document", "file_id": "file-1"}]}]);
    let (sent, notices) = messages_sent("custom/m", &messages);
    assert_eq!(
        sent[0]["content"],
        json!([
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{PNG}"), "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://host/a.jpg"}},
        {"type": "input_audio", "input_audio": {"data": "UklGRgAAAABXQVZF", "format": "wav"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
        {"type": "file", "file": {"filename": "report.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}},
        {"type": "file", "file": {"file_id": "file-1"}}])
    );
    assert_eq!(notices, []);
}

#[test]
fn media_take_the_form_of_the_server() {
    let message = |block: Value| json!([{"role": "user", "content": [block]}]);
    let left_out = |what: &str| json!(format!("[{what} left out]"));
    let image_url = json!({"type": "image", "url": "https://host/a.jpg"});
    let pdf_url = json!({"type": "document", "url": "https://host/a.pdf"});
    let audio_url = json!({"type": "audio", "url": "https://host/a.mp3"});
    let cases = [
        ("ollama/m", &image_url, left_out("image")),
        ("deepseek/m", &image_url, left_out("image")),
        ("custom/m", &audio_url, left_out("audio")),
        ("openai/m", &pdf_url, left_out("document")),
        ("groq/m", &pdf_url, left_out("document")),
    ];
    for (name, block, content) in cases {
        let expected = json!([{"role": "user", "content": content}]);
        let notice = ("block_converted".to_owned(), "messages[0].content[0]".to_owned());
        assert_eq!(
            messages_sent(name, &message(block.clone())),
            (expected, vec![notice]),
            "{name}"
        );
    }
    let file = json!([{"type": "file", "file": {"filename": "document.pdf", "file_data": "https://host/a.pdf"}}]);
    assert_eq!(
        messages_sent("openrouter/m", &message(pdf_url.clone())),
        (json!([{"role": "user", "content": file}]), vec![])
    );
    let url = json!([{"type": "document_url", "document_url": "https://host/a.pdf"}]);
    assert_eq!(
        messages_sent("mistral/m", &message(pdf_url)),
        (json!([{"role": "user", "content": url}]), vec![])
    );
}

#[test]
fn what_is_left_out_is_remarked_upon_once() {
    let messages = json!([{"role": "user", "content": [{"type": "image", "data": PNG}]}]);
    let (sent, notices) = messages_sent("deepseek/deepseek-v4-flash", &messages);
    assert_eq!(sent, json!([{"role": "user", "content": "[image left out]"}]));
    assert_eq!(
        notices,
        [("block_converted".to_owned(), "messages[0].content[0]".to_owned())]
    );
}

#[test]
fn a_document_of_text_is_sent_as_text() {
    let messages = json!([{"role": "user", "content": [{"type": "document", "data": "SGk=", "name": "note.txt"}]}]);
    let (sent, notices) = messages_sent("openai/m", &messages);
    assert_eq!(sent, json!([{"role": "user", "content": "note.txt:\n\nHi"}]));
    assert_eq!(
        notices,
        [("block_converted".to_owned(), "messages[0].content[0]".to_owned())]
    );
}

#[test]
fn a_kind_of_content_that_is_not_listed_is_sent_with_one_notice() {
    let image = json!({"type": "image", "data": PNG});
    let messages = json!([{"role": "user", "content": [image, image]}]);
    let (sent, notices) = messages_sent("groq/llama-3.3-70b-versatile", &messages);
    assert_eq!(sent[0]["content"].as_array().unwrap().len(), 2);
    assert_eq!(
        notices,
        [("modality_unlisted".to_owned(), "messages[0].content[0]".to_owned())]
    );
    assert_eq!(messages_sent("openai/gpt-4o", &messages).1, []);
}

#[test]
fn broken_media_are_refused_with_their_path() {
    let context =
        |block: Value| json!({"messages": [{"role": "user", "content": "x"}, {"role": "user", "content": [block]}]});
    let path = "messages[1].content[0]";
    refused("custom/m", &context(json!({"type": "image"})), &json!({}), path);
    refused(
        "custom/m",
        &context(json!({"type": "image", "data": PNG, "url": "https://host"})),
        &json!({}),
        path,
    );
    refused(
        "custom/m",
        &context(json!({"type": "image", "data": ""})),
        &json!({}),
        path,
    );
    refused(
        "custom/m",
        &context(json!({"type": "document", "url": "https://host", "file_id": "f"})),
        &json!({}),
        path,
    );
    let unknown = json!({"type": "image", "data": "AAAA"});
    refused(
        "custom/m",
        &context(unknown),
        &json!({}),
        "messages[1].content[0].mime_type",
    );
}

#[test]
fn images_of_tool_results_follow_in_a_user_message() {
    let second = json!({"type": "tool_call", "id": "call_2", "name": "weather"});
    let image = json!({"type": "image", "data": PNG});
    let messages = json!([{"role": "assistant", "content": [weather_call(), second]},
        {"role": "tool_result", "tool_call_id": "call_1", "content": [{"type": "text", "text": "See"}, image]},
        {"role": "tool_result", "tool_call_id": "call_2", "content": [image]},
        {"role": "user", "content": "Well?"}]);
    let (sent, notices) = messages_sent("custom/m", &messages);
    let part = json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{PNG}")}});
    assert_eq!(
        sent[1],
        json!({"role": "tool", "content": "See", "tool_call_id": "call_1"})
    );
    assert_eq!(
        sent[2],
        json!({"role": "tool", "content": "The result is attached below.", "tool_call_id": "call_2"})
    );
    assert_eq!(
        sent[3],
        json!({"role": "user", "content": [
        {"type": "text", "text": "From the tool result call_1:"}, part, {"type": "text", "text": "From the tool result call_2:"}, part]})
    );
    assert_eq!(sent[4], json!({"role": "user", "content": "Well?"}));
    assert_eq!(notices.len(), 2);
    assert!(notices.iter().all(|(code, _)| code == "block_converted"));

    let (sent, notices) = messages_sent("openrouter/m", &messages);
    assert_eq!(sent[1]["content"], json!([{"type": "text", "text": "See"}, part]));
    assert_eq!(sent[2]["content"], json!([part]));
    assert_eq!(notices, []);
}

#[test]
fn audio_of_the_model_goes_back_by_its_id_or_transcript() {
    let audio = json!({"type": "audio", "data": "AAAA", "id": "audio_1", "transcript": "Yes"});
    let own = json!([{"role": "assistant", "content": [audio]}]);
    assert_eq!(
        messages_sent("openai/m", &own),
        (
            json!([{"role": "assistant", "content": null, "audio": {"id": "audio_1"}}]),
            vec![]
        )
    );
    let foreign = json!([{"role": "assistant", "provider": "other", "content": [audio]}]);
    let (sent, notices) = messages_sent("openai/m", &foreign);
    assert_eq!(sent, json!([{"role": "assistant", "content": "Yes"}]));
    assert_eq!(
        notices,
        [("block_converted".to_owned(), "messages[0].content[0]".to_owned())]
    );
}

#[test]
fn an_uploaded_image_is_left_out() {
    let messages = json!([{"role": "user", "content": [{"type": "image", "file_id": "file-1"}]}]);
    for name in ["openai/gpt-4o", "openrouter/m", "deepseek/m"] {
        let (sent, notices) = messages_sent(name, &messages);
        assert_eq!(sent, json!([{"role": "user", "content": "[image left out]"}]), "{name}");
        assert_eq!(
            notices,
            [("block_converted".to_owned(), "messages[0].content[0]".to_owned())]
        );
    }
}

#[test]
fn citations_of_a_document_cannot_be_asked_for() {
    let document = |citations: bool| json!([{"role": "user", "content": [{"type": "document", "file_id": "f", "citations": citations}]}]);
    let (sent, notices) = messages_sent("openai/m", &document(true));
    assert_eq!(sent[0]["content"], json!([{"type": "file", "file": {"file_id": "f"}}]));
    let expected = (
        "option_dropped".to_owned(),
        "messages[0].content[0].citations".to_owned(),
    );
    assert_eq!(notices, [expected]);
    assert_eq!(messages_sent("openai/m", &document(false)).1, []);
}
