//! The bad-input catalogue, line by line, for `message.send` and its siblings.

use serde_json::{Value, json};

use super::*;

fn now() -> Timestamp {
    "2026-11-21T02:03:04Z".parse().expect("a time")
}

/// A good message with some fields replaced.
fn with(changes: Value) -> Value {
    let mut message = json!({"title": "通知", "body": "正文", "audience": {"people": ["20160899"]}});
    for (name, value) in changes.as_object().expect("an object") {
        message[name] = value.clone();
    }
    message
}

fn refused(changes: Value) -> Problem {
    let shown: String = changes.to_string().chars().take(80).collect();
    read_send(&with(changes), now()).expect_err(&shown)
}

fn accepted(changes: Value) -> Draft {
    read_send(&with(changes), now()).expect("a good message")
}

/// What is changed, the code, the field, the text.
type Case = (Value, &'static str, &'static str, &'static str);

fn check(cases: impl IntoIterator<Item = Case>) {
    for (changes, code, field, detail) in cases {
        let problem = refused(changes);
        assert_eq!((problem.code, problem.field.as_str(), problem.detail.as_str()), (code, field, detail));
        assert!(!problem.english.is_empty(), "{code} says nothing in English");
    }
}

#[test]
fn texts_are_counted_and_clean() {
    check([
        // 1
        (json!({"title": ""}), "MSG_TITLE_EMPTY", "/title", "标题不能为空（空格和不可见字符不算内容）"),
        (json!({"title": " \u{3000} "}), "MSG_TITLE_EMPTY", "/title", "标题不能为空（空格和不可见字符不算内容）"),
        (json!({"title": "\u{200B}"}), "MSG_TITLE_EMPTY", "/title", "标题不能为空（空格和不可见字符不算内容）"),
        // 2, 3, 4
        (json!({"title": "字".repeat(201)}), "MSG_TITLE_LEN", "/title", "标题最多 200 字，当前 201 字，请删去 1 字"),
        (
            json!({"body": "字".repeat(10_001)}),
            "MSG_BODY_LEN",
            "/body",
            "内容最多 10000 字，当前 10001 字，请删去 1 字",
        ),
        (
            json!({"signature": "字".repeat(31)}),
            "MSG_SIGN_LEN",
            "/signature",
            "落款最多 30 字，当前 31 字，请删去 1 字",
        ),
        // 6
        (json!({"title": "通知\u{0}"}), "TEXT_CONTROL", "/title", "第 3 个字符是不可见控制字符，请删除"),
        (json!({"title": "通知\n二"}), "TEXT_CONTROL", "/title", "第 3 个字符是不可见控制字符，请删除"),
        (json!({"body": "a\u{1b}[31m"}), "TEXT_CONTROL", "/body", "第 2 个字符是不可见控制字符，请删除"),
    ]);
}

#[test]
fn links_lead_to_the_web_and_carry_nothing() {
    check([
        // 9, 10, 11
        (
            json!({"body": null, "url": "javascript:alert(1)"}),
            "LINK_SCHEME",
            "/url",
            "链接只能以 http:// 或 https:// 开头",
        ),
        (json!({"body": null, "url": "http://"}), "LINK_INVALID", "/url", "链接地址不完整：缺少域名"),
        (json!({"kind": "link", "body": null}), "FIELD_MISSING", "/url", "缺少必填字段 /url"),
        (
            json!({"kind": "link", "url": "https://a.cn", "body": null, "signature": "教务处"}),
            "LINK_NO_ATTACH",
            "/signature",
            "“链接”类型不能带附件、落款或回执",
        ),
        (
            json!({"kind": "link", "url": "https://a.cn", "body": null, "receipt": {"options": ["收到"]}}),
            "LINK_NO_ATTACH",
            "/receipt",
            "“链接”类型不能带附件、落款或回执",
        ),
        (json!({"kind": "link", "url": "https://a.cn"}), "LINK_NO_ATTACH", "/body", "“链接”类型不能带内容"),
        (
            json!({"url": "https://a.cn"}),
            "LINK_KIND",
            "/url",
            "“内容”类型不能带链接地址：请把 kind 改为 link，或把链接写在内容里",
        ),
    ]);
}

#[test]
fn recipients_and_placeholders_are_filled_in() {
    check([
        // 12, before anybody is looked up
        (json!({"audience": {}}), "RCPT_NONE", "/audience", "没有可接收的人：没有选择任何人"),
        // 15
        (
            json!({"audience": {"people": vec!["a"; 100_001]}}),
            "RCPT_LIMIT",
            "/audience",
            "一次最多 100000 人，当前 100001 人",
        ),
        // 16, 17
        (json!({"body": "在{{会议地点}}"}), "TPL_UNFILLED", "/body", "还有 1 处未填写：{{会议地点}}，未发送"),
        (
            json!({"body": "{{#each x}}"}),
            "TPL_SYNTAX",
            "/body",
            "不支持的模板写法“{{#each x}}”，可用字段：姓名、部门、工号、职务",
        ),
        (
            json!({"title": "{{{x}}}"}),
            "TPL_SYNTAX",
            "/title",
            "不支持的模板写法“{{{x}}}”，可用字段：姓名、部门、工号、职务",
        ),
        (json!({"title": "{姓名}您好"}), "TPL_SYNTAX", "/title", "{姓名} 应写成 {{姓名}}"),
        (json!({"body": "｛｛ 部门 ｝｝"}), "TPL_SYNTAX", "/body", "｛｛ 部门 ｝｝ 应写成 {{部门}}"),
    ]);
}

#[test]
fn times_are_to_come() {
    check([
        // 18, 19, 20
        (
            json!({"send_at": "2026-11-20T08:00:00+08:00"}),
            "TIME_PAST",
            "/send_at",
            "定时时间 2026-11-20 08:00 已过，请选择 2026-11-21 10:05 以后的时间",
        ),
        (json!({"send_at": "2026-02-30T08:00:00+08:00"}), "TIME_INVALID", "/send_at", "2026-02-30 不是有效日期"),
        (json!({"send_at": "9999-01-01T08:00:00+08:00"}), "TIME_RANGE", "/send_at", "最远可定时 366 天"),
        (
            json!({"send_at": "2026-12-01T08:00:00"}),
            "TIME_ZONE",
            "/send_at",
            "时间需带时区，例如 2026-11-21T10:00:00+08:00",
        ),
        (
            json!({"send_at": "2026-12-02T08:00:00Z", "expires_at": "2026-12-01T08:00:00Z"}),
            "TIME_ORDER",
            "/expires_at",
            "失效时间应晚于定时时间",
        ),
    ]);
}

#[test]
fn series_fire_and_not_too_often() {
    check([
        // 21
        (
            json!({"recurrence": {"cron": "0 8 * * Mon"}}),
            "CRON_INVALID",
            "/recurrence/cron",
            "周期表达式需 6 段（秒 分 时 日 月 周），您填写了 5 段",
        ),
        (
            json!({"recurrence": {"cron": "0 0 8 30 2 *"}}),
            "CRON_NEVER",
            "/recurrence/cron",
            "此规则永远不会触发（2 月没有 30 日）",
        ),
        (
            json!({"recurrence": {"cron": "* * * * * *"}}),
            "CRON_TOO_OFTEN",
            "/recurrence/cron",
            "周期至少间隔 5 分钟，当前最短间隔 1 秒",
        ),
        (
            json!({"recurrence": {"cron": "0 0 8 * * Mon", "timezone": "Mars"}}),
            "CRON_ZONE",
            "/recurrence/timezone",
            "未知时区“Mars”，例如 Asia/Shanghai",
        ),
    ]);
}

#[test]
fn answers_can_be_told_apart() {
    check([
        // 22
        (json!({"receipt": {"options": []}}), "RECEIPT_OPT", "/receipt/options", "请至少填写 1 个回执选项"),
        (json!({"receipt": {"options": [" "]}}), "RECEIPT_OPT", "/receipt/options/0", "回执选项不能为空"),
        (
            json!({"receipt": {"options": ["收到", "收到"]}}),
            "RECEIPT_OPT",
            "/receipt/options/1",
            "回执选项重复：“收到”",
        ),
        (
            json!({"receipt": {"options": (0..21).map(|nth| nth.to_string()).collect::<Vec<_>>()}}),
            "RECEIPT_OPT",
            "/receipt/options",
            "回执选项最多 20 个，当前 21 个",
        ),
        (
            json!({"actions": [{"id": "确认", "label": "确认"}]}),
            "ACTION",
            "/actions/0/id",
            "按钮标识只能用小写字母、数字、- 和 _，1–32 个字符",
        ),
    ]);
}

#[test]
fn people_outside_can_be_reached() {
    check([
        // 28, 29, 31
        (
            json!({"audience": {"external": [{"name": "李雷", "phone": "1380000"}]}}),
            "PHONE",
            "/audience/external/0/phone",
            "手机号应为 11 位数字，当前 7 位",
        ),
        (
            json!({"audience": {"external": [{"name": "李雷", "phone": "010-88880000"}]}}),
            "PHONE_MOBILE",
            "/audience/external/0/phone",
            "010-88880000 是固定电话，请填在“座机号”",
        ),
        (
            json!({"audience": {"external": [{"name": "李雷", "email": "a@b"}]}}),
            "EMAIL",
            "/audience/external/0/email",
            "邮箱地址不正确：@ 后应为完整域名，例如 example.edu.cn",
        ),
        (
            json!({"audience": {"external": [{"name": "李雷"}]}}),
            "EXTERNAL_ADDRESS",
            "/audience/external/0",
            "单位外的接收人需填写手机号或邮箱",
        ),
        (
            json!({"audience": {"external": [{"name": "李\n雷", "phone": "13800138000"}]}}),
            "NAME",
            "/audience/external/0/name",
            "姓名不能含有换行或制表符",
        ),
    ]);
}

#[test]
fn files_are_few_and_readable() {
    check([
        // 38
        (
            json!({"attachments": vec![json!({"name": "a.pdf", "content": "JVBERi0="}); 11]}),
            "FILE_COUNT",
            "/attachments",
            "最多 10 个附件，当前 11 个",
        ),
        (
            json!({"attachments": [{"name": "a.pdf", "content": "!"}]}),
            "FILE_ENCODING",
            "/attachments/0/content",
            "附件内容不是有效的 base64",
        ),
    ]);
}

#[test]
fn fields_are_known_and_of_their_type() {
    check([
        // 52
        (
            json!({"to": "all"}),
            "FIELD_UNKNOWN",
            "/to",
            "未知字段 to，可用字段：kind、title、body、signature、url、category、audience、send_rule、receipt、actions、send_at、expires_at、recurrence、template、attachments、attributes",
        ),
        (json!({"audience": "all"}), "FIELD_TYPE", "/audience", "/audience 应为对象"),
        (
            json!({"audience": {"people": ["a", "b", "c", 4]}}),
            "FIELD_TYPE",
            "/audience/people/3",
            "/audience/people/3 应为字符串",
        ),
        (
            json!({"audience": {"everyone": "yes"}}),
            "FIELD_TYPE",
            "/audience/everyone",
            "/audience/everyone 应为 true 或 false",
        ),
        (json!({"kind": "mail"}), "FIELD_VALUE", "/kind", "/kind 的值“mail”无效，可用：content、link"),
        (json!({"title": null}), "FIELD_MISSING", "/title", "缺少必填字段 /title"),
        (json!({"body": " "}), "MSG_BODY_EMPTY", "/body", "内容不能为空：body、url、template 至少填一项"),
    ]);
}

#[test]
fn what_is_not_an_object_is_told_so() {
    let problem = read_send(&json!([]), now()).expect_err("a list");
    assert_eq!((problem.code, problem.detail.as_str()), ("FIELD_TYPE", "请求体 应为对象"));
}

#[test]
fn emoji_are_counted_as_characters_and_never_cut() {
    let family = "👨‍👩‍👧‍👦";
    assert_eq!(text::count(family), 7);
    assert_eq!(accepted(json!({"title": family.repeat(28)})).title, family.repeat(28));
    assert_eq!(refused(json!({"title": family.repeat(200)})).detail, "标题最多 200 字，当前 1400 字，请删去 1200 字");
}

#[test]
fn text_is_cleaned_without_losing_anything_that_can_be_seen() {
    let draft = accepted(json!({"title": " 会\u{202E}议 ", "body": "一\r\n二\r三\t四\n"}));
    assert_eq!((draft.title.as_str(), draft.body.as_str()), ("会议", "一\n二\n三\t四"));
}

#[test]
fn the_kind_is_told_from_what_is_there() {
    assert_eq!(accepted(json!({})).kind.as_str(), "content");
    assert_eq!(accepted(json!({"body": null, "url": "https://a.cn"})).kind.as_str(), "link");
}

#[test]
fn the_last_option_is_the_hubs_own() {
    let receipt = accepted(json!({"receipt": {"options": ["参加", "其他"]}})).receipt.expect("a receipt");
    assert_eq!(receipt.choices().collect::<Vec<_>>(), ["参加", "其他"]);
}

#[test]
fn a_phone_number_is_kept_as_eleven_digits() {
    let draft =
        accepted(json!({"audience": {"external": [{"name": "李雷", "phone": "+86 138 0013 8000", "email": null}]}}));
    assert_eq!(draft.audience.external[0].phone.as_deref(), Some("13800138000"));
}

#[test]
fn the_example_of_the_interface_is_a_good_message() {
    let example = json!({
        "kind": "content", "title": "关于召开教学工作会议的通知", "body": "各位老师：", "signature": "教务处", "url": null,
        "category": "meeting",
        "audience": {
            "everyone": false, "people": ["20160899"], "departments": [{"code": "jwc", "recursive": true}],
            "groups": ["8f0c"], "filter": {"kind": ["staff"], "gender": null, "grade": null},
            "external": [{"name": "李雷", "phone": "13800138000", "email": null}],
            "except": {"people": [], "departments": []}
        },
        "send_rule": "urgent", "receipt": {"options": ["参加", "请假"], "due_at": "2026-11-25T18:00:00+08:00"},
        "actions": [{"id": "confirm", "label": "确认承接"}], "send_at": "2026-11-22T08:00:00+08:00", "expires_at": null,
        "recurrence": {"cron": "0 0 8 * * Mon", "timezone": "Asia/Shanghai", "until": null},
        "template": {"name": "meeting_invite", "values": {"room": "第五会议室"}},
        "attachments": [{"name": "议程.pdf", "content": "JVBERi0="}], "attributes": {"booking": "42"}
    });
    let draft = read_send(&example, now()).expect("a good message");
    assert_eq!(draft.attachments[0].media_type, "application/pdf");
    assert_eq!(draft.attributes["booking"], "42");
}

#[test]
fn the_other_commands_are_read_or_refused_by_name() {
    let id = MessageId::new();
    let read_as = |kind: &str, value: Value| name(kind).and_then(|name| read(name, &value, now()));
    assert_eq!(read_as("message.recall", json!({"id": id})), Ok(Command::Recall(id)));
    let remind = read_as("message.remind", json!({"id": id, "to": "unread"}));
    assert_eq!(remind, Ok(Command::Remind { id, to: RemindTo::Unread }));
    for (kind, value, code) in [
        ("message.recall", json!({"id": "1e9"}), "NOT_FOUND"),
        ("message.recall", json!({}), "FIELD_MISSING"),
        ("message.remind", json!({"id": id, "to": "all"}), "FIELD_VALUE"),
        ("message.remind", json!({"id": id, "to": []}), "RCPT_NONE"),
        ("message.remind", json!({"id": id, "to": 1}), "FIELD_TYPE"),
        ("task.open", json!({}), "COMMAND_UNAVAILABLE"),
        ("message.delete", json!({}), "COMMAND_UNKNOWN"),
    ] {
        assert_eq!(read_as(kind, value).map_err(|problem| problem.code), Err(code), "{kind}");
    }
}
