//! From a row of cells to what it says about a person; what is wrong with it is said in full, not
//! only the first thing.

use super::{
    Complaint,
    columns::Column,
    sheet::{Cell, Row},
};
use crate::domain::{Problem, account, email, kind, name, phone, pinyin_keys::half_width};

/// Characters of a title, a grade, a DingTalk id.
const LONGEST_TITLE: usize = 60;
const LONGEST_WORD: usize = 20;
const LONGEST_DINGTALK: usize = 64;

/// What a row says. None: the cell is empty, so nothing is said and nothing changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub row: u32,
    pub account: String,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    /// The primary one first; each from the top down.
    pub departments: Option<Vec<Vec<String>>>,
    pub title: Option<String>,
    pub kind: Option<String>,
    pub gender: Option<&'static str>,
    pub grade: Option<String>,
    pub dingtalk_id: Option<String>,
    pub is_head: Option<bool>,
    pub deputy: Option<String>,
}

/// What is wrong, and what was taken although it was not quite right.
#[derive(Default)]
pub struct Complaints {
    pub errors: Vec<Complaint>,
    pub warnings: Vec<Complaint>,
}

/// A row being read.
struct Reading<'a> {
    row: &'a Row,
    said: &'a mut Complaints,
}

/// None when anything in the row is wrong.
pub fn read(row: &Row, said: &mut Complaints) -> Option<Entry> {
    let errors = said.errors.len();
    let mut reading = Reading { row, said };
    let account = reading.account();
    let entry = Entry {
        row: row.number,
        account: account.unwrap_or_default(),
        name: reading.name(),
        phone: reading.phone(),
        email: reading.email(),
        departments: reading.departments(),
        title: reading.short(Column::Title, LONGEST_TITLE),
        kind: reading.kind(),
        gender: reading.gender(),
        grade: reading.short(Column::Grade, LONGEST_WORD),
        dingtalk_id: reading.short(Column::Dingtalk, LONGEST_DINGTALK),
        is_head: reading.is_head(),
        deputy: reading.text(Column::Deputy).map(narrow),
    };
    (said.errors.len() == errors).then_some(entry)
}

impl Reading<'_> {
    /// The text of a cell; a cell that cannot be used is an error.
    fn text(&mut self, column: Column) -> Option<String> {
        match self.row.cell(column) {
            Cell::Blank => None,
            Cell::Text(text) => Some(text.clone()),
            Cell::Unusable(shown, reason) => {
                let shown = shown.clone();
                let suggestion = match *reason {
                    "单元格是公式" => "请复制该列，用“选择性粘贴 → 数值”变成文字",
                    "单元格被合并" => "请取消合并，并在每一行填写",
                    _ => "请把单元格设为“文本”格式后重新填写",
                };
                self.wrong(column, &shown, (*reason).to_owned(), suggestion);
                None
            }
        }
    }

    fn account(&mut self) -> Option<String> {
        let Some(text) = self.text(Column::Account) else {
            if *self.row.cell(Column::Account) == Cell::Blank {
                self.wrong(Column::Account, "", "账号为空".to_owned(), "请填写工号或学号");
            }
            return None;
        };
        let narrow = narrow(text.clone());
        match account::check(&narrow) {
            Ok(()) => Some(narrow),
            Err(problem) => {
                self.refuse(Column::Account, &text, problem, "请去掉空格、汉字和符号");
                None
            }
        }
    }

    fn name(&mut self) -> Option<String> {
        let text = self.text(Column::Name)?;
        let clean = name::clean(&text);
        if clean != text {
            let reason = format!("含有换行、制表符或不可见字符，已改为“{clean}”");
            self.warn(Column::Name, &text.escape_debug().to_string(), reason, "请核对");
        }
        match name::check(&clean) {
            Ok(name) => Some(name),
            Err(problem) => {
                self.refuse(Column::Name, &text, problem, "请填写真实姓名");
                None
            }
        }
    }

    fn phone(&mut self) -> Option<String> {
        let text = self.text(Column::Phone)?;
        if is_scientific(&text) {
            let reason = "号码成了科学计数法，末尾的数字已经丢失".to_owned();
            self.wrong(Column::Phone, &text, reason, "请把这一列设为“文本”格式，再重新填写完整号码");
            return None;
        }
        if self.is_masked(Column::Phone, &text) {
            return None;
        }
        match phone::mobile(&text, "/phone") {
            Ok(number) => Some(number),
            Err(problem) => {
                self.refuse(Column::Phone, &text, problem, "请填写 11 位手机号；没有可留空");
                None
            }
        }
    }

    fn email(&mut self) -> Option<String> {
        let text = self.text(Column::Email)?;
        if self.is_masked(Column::Email, &text) {
            return None;
        }
        match email::address(&text, "/email") {
            Ok(address) => Some(address),
            Err(problem) => {
                self.refuse(Column::Email, &text, problem, "请填写完整的邮箱地址；没有可留空");
                None
            }
        }
    }

    /// A masked export that comes back says nothing about what is under the stars.
    fn is_masked(&mut self, column: Column, text: &str) -> bool {
        let is_masked = text.contains("***");
        if is_masked {
            self.warn(column, text, "内容已打码，保留原有值".to_owned(), "如需修改请填写完整内容");
        }
        is_masked
    }

    fn departments(&mut self) -> Option<Vec<Vec<String>>> {
        let text = self.text(Column::Department)?;
        let paths: Vec<Vec<String>> = split_paths(&text);
        if paths.is_empty() {
            self.wrong(Column::Department, &text, "没有部门名称".to_owned(), "例如：青溪大学->教务处");
            return None;
        }
        let flaw = paths.iter().find_map(|path| path_flaw(path));
        if let Some((reason, suggestion)) = flaw {
            self.wrong(Column::Department, &text, reason, suggestion);
            return None;
        }
        Some(paths)
    }

    fn short(&mut self, column: Column, longest: usize) -> Option<String> {
        let text = name::clean(&self.text(column)?);
        let length = text.chars().count();
        if length > longest {
            self.wrong(column, &text, format!("最多 {longest} 个字，当前 {length} 个字"), "请缩短");
            return None;
        }
        (!text.is_empty()).then_some(text)
    }

    fn kind(&mut self) -> Option<String> {
        let text = self.short(Column::Kind, LONGEST_WORD)?;
        let Some(kind) = kind::from_words(&text) else {
            let suggestion = "请填写教职工、学生、离退休，或本单位的其他类别";
            self.wrong(Column::Kind, &text, "通讯录中不能有单位以外的人".to_owned(), suggestion);
            return None;
        };
        if !kind::is_known(kind) {
            let suggestion = "如果不是本单位自定的类别，请改为教职工、学生或离退休";
            self.warn(Column::Kind, &text, "不是常用的类别，已按原样保存".to_owned(), suggestion);
        }
        Some(kind.to_owned())
    }

    fn gender(&mut self) -> Option<&'static str> {
        let text = self.text(Column::Gender)?;
        let gender = kind::gender_from_words(&text);
        if gender.is_none() {
            self.wrong(Column::Gender, &text, "不是“男”或“女”".to_owned(), "请填写男或女；不便填写可留空");
        }
        gender
    }

    fn is_head(&mut self) -> Option<bool> {
        let text = self.text(Column::Head)?;
        match text.to_lowercase().as_str() {
            "是" | "√" | "y" | "yes" | "1" | "true" => Some(true),
            "否" | "×" | "n" | "no" | "0" | "false" => Some(false),
            _ => {
                self.wrong(Column::Head, &text, "不是“是”或“否”".to_owned(), "请填写是或否");
                None
            }
        }
    }

    fn refuse(&mut self, column: Column, value: &str, problem: Problem, suggestion: &str) {
        self.wrong(column, value, problem.detail, suggestion);
    }

    fn wrong(&mut self, column: Column, value: &str, reason: String, suggestion: &str) {
        self.said.errors.push(complaint(self.row.number, column, value, reason, suggestion));
    }

    fn warn(&mut self, column: Column, value: &str, reason: String, suggestion: &str) {
        self.said.warnings.push(complaint(self.row.number, column, value, reason, suggestion));
    }
}

pub fn complaint(row: u32, column: Column, value: &str, reason: String, suggestion: &str) -> Complaint {
    let value = value.chars().take(200).collect();
    Complaint { row, column: column.label(), value, reason, suggestion: suggestion.to_owned() }
}

/// `A->B;C`: several paths, each from the top down. Full-width marks and arrows will do too.
fn split_paths(text: &str) -> Vec<Vec<String>> {
    let plain = text.replace('；', ";").replace(['→', '⟶'], "->").replace(['－', '—'], "-").replace('＞', ">");
    plain
        .split(';')
        .map(|path| path.split("->").map(name::clean).collect::<Vec<_>>())
        .filter(|path| path.iter().any(|name| !name.is_empty()))
        .collect()
}

/// What is wrong with a path in itself.
fn path_flaw(path: &[String]) -> Option<(String, &'static str)> {
    if path.iter().any(String::is_empty) {
        return Some(("“->”的前面或后面没有部门名称".to_owned(), "例如：青溪大学->教务处"));
    }
    if let Some(name) = path.iter().find(|name| name.contains('/')) {
        return Some((format!("部门名称“{name}”含有“/”"), "请用“->”分隔上下级部门"));
    }
    // 50 Latin letters or 25 Chinese characters (checklist DIR-05).
    let width = |name: &str| name.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
    if let Some(name) = path.iter().find(|name| width(name) > 50) {
        return Some((format!("部门名称“{name}”过长"), "最多 25 个汉字或 50 个字母"));
    }
    None
}

/// `1.38E+10`, as a spreadsheet shows a long number that it has cut.
fn is_scientific(text: &str) -> bool {
    let Some((digits, power)) = text.split_once(['e', 'E']) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    is_number(digits) && is_number(power.trim_start_matches('+'))
}

/// Half width, without blanks.
fn narrow(text: String) -> String {
    text.chars().map(half_width).filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn departments_are_split_however_the_marks_are_written() {
        let wanted = vec![vec!["甲".to_owned(), "乙（东）".to_owned()], vec!["丙".to_owned()]];
        for text in ["甲->乙（东）;丙", " 甲 -> 乙（东） ； 丙 ; ", "甲→乙（东）；丙", "甲－＞乙（东）；丙"]
        {
            assert_eq!(split_paths(text), wanted, "{text}");
        }
        assert!(path_flaw(&split_paths("甲->->乙")[0]).is_some());
        assert!(path_flaw(&split_paths("甲/乙")[0]).is_some());
        assert!(path_flaw(&["部".repeat(26)]).is_some());
    }

    #[test]
    fn a_number_that_lost_its_end_is_noticed() {
        assert!(is_scientific("1.38E+10") && is_scientific("1.38001e10"));
        assert!(!is_scientific("13800138000") && !is_scientific("e@x.com") && !is_scientific("E10"));
    }
}
