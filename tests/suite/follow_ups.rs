//! What is asked after an answer: the document's next sections, another fact of the same matter, and the bank's own questions.

both_stores! {
    /// After an answer the document's next sections are offered, each in words that get it quoted.
    async fn what_the_document_says_next_is_offered(server: Server) {
        let customer = server.customer().await;
        let first = customer.says("신용대출 금리 알려줘").await;
        let offered = first.0["quick_replies"].as_array().unwrap().clone();
        assert_eq!(offered.len(), 3, "{offered:?}");
        for button in offered {
            let answer = customer.says(button["message"].as_str().unwrap()).await;
            let source = &answer.0["source_documents"][0];
            assert_eq!(source["title"], first.0["source_documents"][0]["title"], "{button}");
            assert_eq!(source["section"], button["label"]);
        }
    }

    /// Another fact of the same matter takes the place of the one that was asked for before.
    async fn another_fact_of_the_same_matter_is_told(server: Server) {
        let customer = server.customer().await;
        customer.says("신용대출 금리 알려줘").await;
        for (text, section) in [("한도는?", "신용대출 한도"), ("필요 서류는요?", "필요한 서류"), ("금리는요?", "신용대출 금리")] {
            assert_eq!(customer.says(text).await.0["source_documents"][0]["section"], section, "{text}");
        }
    }

    /// What the bank's questions and answers ask word for word, they answer.
    async fn an_entry_answers_just_its_question(server: Server) {
        let answer = server.customer().await.says("대출 금리가 얼마인가요?").await;
        assert_eq!(answer.0["source_documents"][0]["title"], "은행 업무 자주 묻는 질문");
        assert!(answer.text().contains("전세자금대출"), "{}", answer.text());
    }
}
