//! Letters with everything a letter may have.

use super::september;
use crate::web::views::letter::*;

impl Letter {
    /// A notice of a meeting, with everything a letter may have.
    pub fn sample() -> Self {
        let file = |name: &str, bytes, id: &str| Attachment {
            name: name.into(),
            size: file_size(bytes),
            href: format!("/attachments/{id}"),
            is_picture: name.ends_with(".png"),
        };
        Self {
            title: "关于召开秋季学期教学工作会议的通知".into(),
            sender: "教务处".into(),
            department: Some("苏婉清 · 教务处综合科".into()),
            at: september(14, 10, 48),
            body: paragraphs(
                "各学院、有关部门：\n\n为总结上学期教学工作，部署本学期重点任务，经研究，定于 9 月 19 日\
                 （星期六）下午 2:30 在行政楼第五会议室召开 2026—2027 学年第一学期教学工作会议。\n\
                 会议将通报本科教学评估整改进展，讨论《课程思政示范课建设办法（修订稿）》，并安排期中\
                 教学检查。请各学院分管教学的副院长、教学秘书参加；确有公务不能到会的，须委托一名同志\
                 代为参加。\n请提前阅读附件材料，准时到会，会议期间将手机调至静音。",
            ),
            signature: Some("教务处".into()),
            url: None,
            attachments: vec![
                file("会议议程.pdf", 254_000, "1"),
                file("课程思政示范课建设办法（修订稿）.docx", 1_258_291, "2"),
                file("会场示意图.png", 81_920, "3"),
            ],
            is_open: true,
        }
    }

    /// A link: opened, not read.
    pub fn sample_link() -> Self {
        Self {
            title: "2026 年度教职工体检预约".into(),
            sender: "校医院".into(),
            department: None,
            body: Vec::new(),
            signature: None,
            url: Some("https://health.example.edu/booking?year=2026&who=staff".into()),
            attachments: Vec::new(),
            is_open: false,
            ..Self::sample()
        }
    }
}
