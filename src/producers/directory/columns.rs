//! The columns of the directory's spreadsheet: what they are called, and how to fill them in.

use crate::producers::sheet::Heading;

/// In the order of the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    Account,
    Name,
    Phone,
    Email,
    Department,
    Title,
    Kind,
    Gender,
    Grade,
    Dingtalk,
    Head,
    Deputy,
}

/// How a column is presented in the template.
pub struct Guide {
    pub label: &'static str,
    /// Other headings that mean the same, half width and lower case.
    pub others: &'static [&'static str],
    /// The heading must be there; its cells may still be empty.
    pub is_required: bool,
    pub width: f64,
    pub how: &'static str,
    pub example: &'static str,
}

impl Column {
    pub const ALL: [Self; 12] = [
        Self::Account,
        Self::Name,
        Self::Phone,
        Self::Email,
        Self::Department,
        Self::Title,
        Self::Kind,
        Self::Gender,
        Self::Grade,
        Self::Dingtalk,
        Self::Head,
        Self::Deputy,
    ];

    pub const fn guide(self) -> Guide {
        let (label, others, width, how, example): (_, &'static [&'static str], _, _, _) = match self {
            Self::Account => (
                "账号",
                &["工号", "学号", "工号/学号", "学号/工号", "用户名"],
                14.0,
                "必填。英文字母和数字，一经建立不能修改；以它识别同一个人，重复导入不会产生重复人员",
                "20160899",
            ),
            Self::Name => ("姓名", &["名字", "人员姓名"], 12.0, "新增人员必填。2 到 60 个字", "韩梅梅"),
            Self::Phone => (
                "手机号",
                &["手机", "手机号码", "移动电话", "联系电话"],
                14.0,
                "中国大陆 11 位手机号；没有则收不到短信和电话。请把单元格设为“文本”格式",
                "13800138000",
            ),
            Self::Email => (
                "邮箱",
                &["电子邮箱", "邮件", "邮箱地址", "email", "e-mail"],
                24.0,
                "电子邮箱地址",
                "han@example.edu.cn",
            ),
            Self::Department => (
                "部门",
                &["所属部门", "部门路径", "所在部门", "机构"],
                32.0,
                "从最上级写起，用“->”分隔；属于多个部门用“;”分隔，第一个为主职。没有的部门会自动建立，最多 20 级",
                "青溪大学->教务处->教学科;青溪大学->后勤处",
            ),
            Self::Title => ("职务", &["职位", "岗位"], 14.0, "最多 60 个字", "副处长"),
            Self::Kind => {
                ("类别", &["人员类别", "身份"], 10.0, "教职工、学生、离退休等；新增人员留空为教职工", "教职工")
            }
            Self::Gender => ("性别", &[], 8.0, "选填。男或女", "女"),
            Self::Grade => ("年级", &[], 10.0, "选填。学生的年级", "2024"),
            Self::Dingtalk => (
                "钉钉号",
                &["钉钉", "钉钉id", "钉钉userid", "钉钉用户id"],
                16.0,
                "选填。钉钉通讯录中的 userid",
                "manager4220",
            ),
            Self::Head => (
                "部门负责人",
                &["负责人", "是否负责人", "是否部门负责人"],
                12.0,
                "选填。是或否；指主职部门的负责人，他会收到本部门的审批",
                "是",
            ),
            Self::Deputy => (
                "代理人账号",
                &["代理人"],
                14.0,
                "选填。本人不处理时改催的人的账号，须已存在或在同一文件中",
                "20160900",
            ),
        };
        Guide { label, others, is_required: (self as usize) <= (Self::Kind as usize), width, how, example }
    }
}

impl Heading for Column {
    const ALL: &'static [Self] = &Self::ALL;

    fn label(self) -> &'static str {
        self.guide().label
    }

    fn others(self) -> &'static [&'static str] {
        self.guide().others
    }

    fn is_required(self) -> bool {
        self.guide().is_required
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_is_understood_however_it_is_written() {
        for (heading, column) in [
            ("账号", Some(Column::Account)),
            (" 工号\n", Some(Column::Account)),
            ("* 姓名", Some(Column::Name)),
            ("Ｅｍａｉｌ", Some(Column::Email)),
            ("\u{FEFF}＊账　号\u{200B}", Some(Column::Account)),
            ("备注", None),
            ("", None),
        ] {
            assert_eq!(Column::named(heading), column, "{heading:?}");
        }
    }

    #[test]
    fn no_heading_means_two_columns() {
        let mut seen = std::collections::HashSet::new();
        for column in Column::ALL {
            let guide = column.guide();
            for name in guide.others.iter().chain([&guide.label]) {
                assert!(seen.insert(*name), "{name}");
            }
        }
    }
}
