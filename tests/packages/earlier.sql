-- The earlier system's database (wire contract, section 10): one conversation that is over, one that waits for an agent, one message
-- that no client could have sent, and a user who may read and nothing else.
CREATE DATABASE aicc_db CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
USE aicc_db;
CREATE TABLE chat_sessions (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, session_id VARCHAR(255) NOT NULL UNIQUE, created_at DATETIME, updated_at DATETIME,
    is_active INT NOT NULL DEFAULT 1, is_human_required_flow INT NOT NULL DEFAULT 0, customer_consent_received INT NOT NULL DEFAULT 0,
    info_collection_complete INT NOT NULL DEFAULT 0, collected_info TEXT, triage_decision VARCHAR(50), context_intent VARCHAR(100),
    unclear_count INT NOT NULL DEFAULT 0, out_of_domain_count INT NOT NULL DEFAULT 0, handover_status VARCHAR(20),
    handover_requested_at DATETIME, handover_accepted_at DATETIME, assigned_agent_id VARCHAR(100)
);
CREATE TABLE chat_messages (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, session_id VARCHAR(255) NOT NULL, role ENUM('USER', 'ASSISTANT') NOT NULL, message TEXT,
    intent VARCHAR(20), suggested_action VARCHAR(20), source_documents TEXT, created_at DATETIME, KEY (session_id)
);
INSERT INTO chat_sessions (session_id, created_at, updated_at, is_active, handover_status, handover_requested_at) VALUES
    ('kiosk-17', '2026-11-27 01:00:00', '2026-11-27 10:02:00', 1, NULL, NULL),
    ('kiosk-18', '2026-11-27 02:00:00', '2026-11-27 11:05:00', 1, 'pending', '2026-11-27 11:05:00');
INSERT INTO chat_messages (session_id, role, message, intent, suggested_action, created_at) VALUES
    ('kiosk-17', 'USER', '카드를 새로 만들고 싶은데 제 전화번호는 010-1234-5678입니다', 'INFO_REQ', NULL, '2026-11-27 10:00:00'),
    ('Kiosk-17', 'ASSISTANT', '가까운 영업점이나 앱에서 신청하실 수 있습니다.', NULL, 'CONTINUE', '2026-11-27 10:00:02'),
    ('kiosk-18', 'USER', '상담원과 이야기하고 싶어요', 'HUMAN_REQ', NULL, '2026-11-27 11:04:00'),
    ('kiosk-18', 'ASSISTANT', '상담원을 연결해 드리겠습니다.', NULL, 'HANDOVER', '2026-11-27 11:05:00'),
    ('nobody', 'USER', '들리시나요', NULL, NULL, '2026-11-27 12:00:00');
CREATE USER 'mover'@'127.0.0.1' IDENTIFIED BY 'read-only';
GRANT SELECT ON aicc_db.chat_sessions TO 'mover'@'127.0.0.1';
GRANT SELECT ON aicc_db.chat_messages TO 'mover'@'127.0.0.1';
