//! From a row of cells to what it says about a person; what is wrong with it is said in full, not
//! only the first thing.

use super::columns::Column;
use crate::{
    domain::{account, kind, name},
    producers::{
        cells::{Complaints, Reading, narrow},
        sheet::{Cell, Row},
    },
};

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

/// None when anything in the row is wrong.
pub fn read(row: &Row<Column>, said: &mut Complaints) -> Option<Entry> {
    let errors = said.errors.len();
    let mut reading = Reading { row, said };
    let account = reading.account();
    let entry = Entry {
        row: row.number,
        account: account.unwrap_or_default(),
        name: reading.name(Column::Name),
        phone: reading.phone(Column::Phone),
        email: reading.email(Column::Email),
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

impl Reading<'_, Column> {
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
}
