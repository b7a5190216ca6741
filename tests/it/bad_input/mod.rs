//! 错误输入目录, the catalogue of bad input: what is wrong with a message, put through every door
//! that it fits through; and which test keeps which line of the catalogue.

mod doors;
mod harmful;
mod inside;
mod lines;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use self::doors::{Doors, with};
use crate::support::count;

/// The line of the catalogue, what is changed in a good message, the code, a piece of the words.
type Case = (u8, Value, &'static str, &'static str);

fn texts() -> Vec<Case> {
    let family = "👨‍👩‍👧‍👦";
    vec![
        (1, json!({"title": ""}), "MSG_TITLE_EMPTY", "标题不能为空（空格和不可见字符不算内容）"),
        (1, json!({"title": "  "}), "MSG_TITLE_EMPTY", "标题不能为空（空格和不可见字符不算内容）"),
        (1, json!({"title": "\u{200B}"}), "MSG_TITLE_EMPTY", "标题不能为空（空格和不可见字符不算内容）"),
        (2, json!({"title": "字".repeat(201)}), "MSG_TITLE_LEN", "标题最多 200 字，当前 201 字，请删去 1 字"),
        (3, json!({"body": "字".repeat(10_001)}), "MSG_BODY_LEN", "内容最多 10000 字，当前 10001 字"),
        (4, json!({"signature": "字".repeat(31)}), "MSG_SIGN_LEN", "落款最多 30 字"),
        (5, json!({"title": family.repeat(200)}), "MSG_TITLE_LEN", "当前 1400 字"),
        (6, json!({"title": "通知\u{7}"}), "TEXT_CONTROL", "第 3 个字符是不可见控制字符，请删除"),
        (6, json!({"body": "a\u{1b}[31m"}), "TEXT_CONTROL", "第 2 个字符是不可见控制字符，请删除"),
        (9, json!({"body": null, "url": "javascript:alert(1)"}), "LINK_SCHEME", "链接只能以 http:// 或 https:// 开头"),
        (9, json!({"body": null, "url": "data:text/html,x"}), "LINK_SCHEME", "链接只能以"),
        (9, json!({"body": null, "url": "file:///etc/passwd"}), "LINK_SCHEME", "链接只能以"),
        (10, json!({"body": null, "url": "http://"}), "LINK_INVALID", "链接地址不完整：缺少域名"),
        (10, json!({"body": null, "url": "https:///a"}), "LINK_INVALID", "链接地址不完整"),
        (10, json!({"body": null, "url": format!("https://a.cn/{}", "a".repeat(188))}), "LINK_INVALID", "201"),
        (
            11,
            json!({"body": null, "url": "https://a.cn", "receipt": {"options": ["收到"]}}),
            "LINK_NO_ATTACH",
            "“链接”类型不能带附件、落款或回执",
        ),
        (
            11,
            json!({"body": null, "url": "https://a.cn", "attachments": [file("a.pdf", b"%PDF-1.7")]}),
            "LINK_NO_ATTACH",
            "“链接”类型不能带附件、落款或回执",
        ),
        (16, json!({"body": "在{{会议地点}}"}), "TPL_UNFILLED", "还有 1 处未填写：{{会议地点}}，未发送"),
        (17, json!({"body": "{{#each x}}"}), "TPL_SYNTAX", "不支持的模板写法“{{#each x}}”，可用字段：姓名、部门"),
        (17, json!({"body": "{{>x}}"}), "TPL_SYNTAX", "不支持的模板写法“{{>x}}”"),
        (17, json!({"title": "{{{x}}}"}), "TPL_SYNTAX", "不支持的模板写法“{{{x}}}”"),
    ]
}

fn people() -> Vec<Case> {
    let outside = |external: Value| json!({"audience": {"external": [external]}});
    let mail = |address: &str| outside(json!({"name": "李雷", "email": address}));
    vec![
        (12, json!({"audience": {}}), "RCPT_NONE", "没有可接收的人：没有选择任何人"),
        (
            12,
            json!({"audience": {"people": ["gone1", "gone2", "gone3"]}}),
            "RCPT_NONE",
            "没有可接收的人：所选 3 人均已停用",
        ),
        (14, json!({"audience": {"people": ["li", "nobody"]}}), "RCPT_NOT_VISIBLE", "“nobody”"),
        (28, outside(json!({"name": "李雷", "phone": "1380000"})), "PHONE", "手机号应为 11 位数字，当前 7 位"),
        (29, outside(json!({"name": "李雷", "phone": "010-88880000"})), "PHONE_MOBILE", "010-88880000 是固定电话"),
        (31, mail("a@b"), "EMAIL", "@ 后应为完整域名"),
        (31, mail("a@x.com\r\nBcc: b@x.com"), "EMAIL", "邮箱地址"),
        (31, mail(&format!("{}@x.com", "a".repeat(400))), "EMAIL", "邮箱地址"),
        (32, outside(json!({"name": "李\n雷", "phone": "13800138000"})), "NAME", "姓名不能含有换行或制表符"),
    ]
}

fn times_and_answers() -> Vec<Case> {
    let many: Vec<_> = (0..21).map(|nth| format!("第 {nth} 项")).collect();
    let cron = |expression: &str| json!({"recurrence": {"cron": expression}});
    vec![
        (18, json!({"send_at": "2020-01-01T08:00:00+08:00"}), "TIME_PAST", "定时时间 2020-01-01 08:00 已过，请选择"),
        (19, json!({"send_at": "2027-02-30T08:00:00+08:00"}), "TIME_INVALID", "2027-02-30 不是有效日期"),
        (19, json!({"send_at": "2026-12-01T25:00:00+08:00"}), "TIME_INVALID", "不是有效时间"),
        (19, json!({"send_at": "9999-01-01T08:00:00+08:00"}), "TIME_RANGE", "最远可定时 366 天"),
        (20, json!({"send_at": "2026-12-01T08:00:00"}), "TIME_ZONE", "时间需带时区，例如 2026-11-21T10:00:00+08:00"),
        (21, cron("0 8 * * Mon"), "CRON_INVALID", "周期表达式需 6 段（秒 分 时 日 月 周），您填写了 5 段"),
        (21, cron("0 0 8 30 2 *"), "CRON_NEVER", "此规则永远不会触发（2 月没有 30 日）"),
        (21, cron("* * * * * *"), "CRON_TOO_OFTEN", "周期至少间隔"),
        (22, json!({"receipt": {"options": ["收到", "收到"]}}), "RECEIPT_OPT", "回执选项重复：“收到”"),
        (22, json!({"receipt": {"options": many}}), "RECEIPT_OPT", "回执选项最多 20 个，当前 21 个"),
        (22, json!({"receipt": {"options": []}}), "RECEIPT_OPT", "请至少填写 1 个回执选项"),
    ]
}

fn files() -> Vec<Case> {
    let one = |name: &str, bytes: &[u8]| json!({"attachments": [file(name, bytes)]});
    vec![
        (7, one("fdp.\u{202E}exe.pdf", b"%PDF-1.7"), "NAME_BIDI", "文件名含有方向控制字符"),
        (37, one("议程.pdf", b"MZ a program"), "FILE_TYPE", "文件内容是程序，不是 PDF，已拒绝"),
        (37, one("a.jpg", b"<html>"), "FILE_TYPE", "文件内容是网页，不是 JPG 图片，已拒绝"),
        (37, one("a.pdf.exe", b"MZ"), "FILE_TYPE", "不支持的文件类型“exe”"),
        (37, one("议程", b"%PDF-1.7"), "FILE_TYPE", "不支持的文件类型"),
        (38, one("a.pdf", b""), "FILE_EMPTY", "附件是空的"),
        (38, json!({"attachments": vec![file("a.pdf", b"%PDF-1.7"); 11]}), "FILE_COUNT", "最多 10 个附件，当前 11 个"),
    ]
}

fn shapes() -> Vec<Case> {
    vec![
        (52, json!({"to": "all"}), "FIELD_UNKNOWN", "未知字段 to"),
        (52, json!({"audience": {"people": ["a", "b", "c", 4]}}), "FIELD_TYPE", "/audience/people/3 应为字符串"),
        (52, json!({"audience": "all"}), "FIELD_TYPE", "/audience 应为对象"),
        (52, json!({"title": 7}), "FIELD_TYPE", "/title 应为字符串"),
    ]
}

fn file(name: &str, bytes: &[u8]) -> Value {
    json!({"name": name, "content": STANDARD.encode(bytes)})
}

#[tokio::test]
async fn what_is_wrong_is_wrong_at_every_door() {
    let mut doors = Doors::open().await;
    let (mut typed, mut went_up) = (0, 0);
    for (line, changes, code, words) in
        [texts(), people(), times_and_answers(), files(), harmful::cases(), inside::cases(), shapes()].concat()
    {
        let message = with(&changes);
        let over_http = doors.http(message.to_string()).await;
        assert_eq!(over_http.1, code, "line {line}: {changes} {over_http:?}");
        assert!(over_http.3.contains(words), "line {line}: {over_http:?}");
        assert_eq!(doors.queue(message.to_string()).await, over_http, "line {line}: {changes}");
        if let Some((status, page)) = doors.form(&message).await {
            typed += 1;
            assert_eq!(u64::from(status), over_http.0, "line {line}: {changes}");
            assert!(page.contains(words), "line {line}: no “{words}” in {page}");
        }
        if changes["attachments"].is_array() && code != "LINK_NO_ATTACH" {
            went_up += 1;
            let (status, part) = doors.draft(&message).await;
            assert_eq!(u64::from(status), over_http.0, "line {line}: {changes}");
            assert!(part.contains(words), "line {line}: no “{words}” in {part}");
        }
    }
    assert!(typed > 30, "{typed} of them were typed into the form");
    assert!(went_up > 70, "{went_up} files went up to drafts");
    assert_eq!(count(&doors.site.test.db, "select count(*) from attachment").await, 0, "nothing of all that is kept");
    // Eleven were each good, and kept before they were counted.
    doors.site.test.clock.advance(chrono::Duration::hours(25));
    assert_eq!(doors.site.test.sweep_files().await.unwrap(), 1);
    assert_eq!(std::fs::read_dir(doors.site.test.place.data_dir.join("attachments")).unwrap().count(), 0);
    doors.site.test.end().await;
}

#[tokio::test]
async fn what_is_not_one_strict_json_text_is_refused_at_both_doors_of_programs() {
    let mut doors = Doors::open().await;
    let good = with(&json!({})).to_string();
    let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
    for (line, bytes, code) in [
        (8, [good.as_bytes(), b"\xff"].concat(), "BODY_ENCODING"),
        (52, b"{".to_vec(), "JSON_SYNTAX"),
        (52, Vec::new(), "JSON_SYNTAX"),
        (52, b"[]".to_vec(), "FIELD_TYPE"),
        (52, format!("{good} {good}").into_bytes(), "JSON_SYNTAX"),
        (52, good.replacen('{', "{\"title\":\"x\",", 1).into_bytes(), "JSON_DUPLICATE"),
        (52, format!("{{\"attributes\":{deep}}}").into_bytes(), "JSON_DEPTH"),
        (52, b"{\"title\":1e400}".to_vec(), "JSON_NUMBER"),
    ] {
        let over_http = doors.http(bytes.clone()).await;
        assert_eq!(over_http.1, code, "line {line}");
        assert_eq!(doors.queue(bytes).await, over_http, "line {line}");
    }
    // A byte order mark says nothing, and some systems put one before everything.
    let marked = format!("\u{FEFF}{good}");
    assert_eq!(doors.http(marked.clone()).await.1, "");
    assert_eq!(doors.queue(marked).await.1, "");
    doors.site.test.end().await;
}
