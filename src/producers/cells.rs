//! The cells of a row that is being read: texts, names, numbers and addresses, whatever kind of file
//! they stand in; what is wrong with them is said in full, not only the first thing.

use serde::Serialize;

use super::sheet::{Cell, Heading, Row};
use crate::domain::{Problem, email, name, phone, width::half_width};

/// What is wrong with one cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Complaint {
    /// As the spreadsheet numbers its rows.
    pub row: u32,
    /// The heading of the column.
    pub column: &'static str,
    pub value: String,
    pub reason: String,
    pub suggestion: String,
}

/// What became of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    /// Rows, not errors: a row may have several.
    pub failed: u64,
    pub errors: Vec<Complaint>,
    /// What was taken in, but not quite as it stood.
    pub warnings: Vec<Complaint>,
}

/// What is wrong, and what was taken although it was not quite right.
#[derive(Default)]
pub struct Complaints {
    pub errors: Vec<Complaint>,
    pub warnings: Vec<Complaint>,
}

/// A row being read.
pub struct Reading<'a, C> {
    pub row: &'a Row<C>,
    pub said: &'a mut Complaints,
}

impl<C: Heading> Reading<'_, C> {
    /// The text of a cell; a cell that cannot be used is an error.
    pub fn text(&mut self, column: C) -> Option<String> {
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

    pub fn name(&mut self, column: C) -> Option<String> {
        let text = self.text(column)?;
        let clean = name::clean(&text);
        if clean != text {
            let reason = format!("含有换行、制表符或不可见字符，已改为“{clean}”");
            self.warn(column, &text.escape_debug().to_string(), reason, "请核对");
        }
        match name::check(&clean) {
            Ok(name) => Some(name),
            Err(problem) => {
                self.refuse(column, &text, problem, "请填写真实姓名");
                None
            }
        }
    }

    pub fn phone(&mut self, column: C) -> Option<String> {
        let text = self.text(column)?;
        if is_scientific(&text) {
            let reason = "号码成了科学计数法，末尾的数字已经丢失".to_owned();
            self.wrong(column, &text, reason, "请把这一列设为“文本”格式，再重新填写完整号码");
            return None;
        }
        if self.is_masked(column, &text) {
            return None;
        }
        match phone::mobile(&text, "/phone") {
            Ok(number) => Some(number),
            Err(problem) => {
                self.refuse(column, &text, problem, "请填写 11 位手机号；没有可留空");
                None
            }
        }
    }

    pub fn email(&mut self, column: C) -> Option<String> {
        let text = self.text(column)?;
        if self.is_masked(column, &text) {
            return None;
        }
        match email::address(&text, "/email") {
            Ok(address) => Some(address),
            Err(problem) => {
                self.refuse(column, &text, problem, "请填写完整的邮箱地址；没有可留空");
                None
            }
        }
    }

    /// A masked export that comes back says nothing about what is under the stars.
    fn is_masked(&mut self, column: C, text: &str) -> bool {
        let is_masked = text.contains("***");
        if is_masked {
            self.warn(column, text, "内容已打码，保留原有值".to_owned(), "如需修改请填写完整内容");
        }
        is_masked
    }

    pub fn short(&mut self, column: C, longest: usize) -> Option<String> {
        let text = name::clean(&self.text(column)?);
        let length = text.chars().count();
        if length > longest {
            self.wrong(column, &text, format!("最多 {longest} 个字，当前 {length} 个字"), "请缩短");
            return None;
        }
        (!text.is_empty()).then_some(text)
    }

    pub fn refuse(&mut self, column: C, value: &str, problem: Problem, suggestion: &str) {
        self.wrong(column, value, problem.detail, suggestion);
    }

    pub fn wrong(&mut self, column: C, value: &str, reason: String, suggestion: &str) {
        self.said.errors.push(complaint(self.row.number, column, value, reason, suggestion));
    }

    pub fn warn(&mut self, column: C, value: &str, reason: String, suggestion: &str) {
        self.said.warnings.push(complaint(self.row.number, column, value, reason, suggestion));
    }
}

pub fn complaint<C: Heading>(row: u32, column: C, value: &str, reason: String, suggestion: &str) -> Complaint {
    let value = value.chars().take(200).collect();
    Complaint { row, column: column.label(), value, reason, suggestion: suggestion.to_owned() }
}

/// `1.38E+10`, as a spreadsheet shows a long number that it has cut.
fn is_scientific(text: &str) -> bool {
    let Some((digits, power)) = text.split_once(['e', 'E']) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    is_number(digits) && is_number(power.trim_start_matches('+'))
}

/// Half width, without blanks.
pub fn narrow(text: String) -> String {
    text.chars().map(half_width).filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_lost_its_end_is_noticed() {
        assert!(is_scientific("1.38E+10") && is_scientific("1.38001e10"));
        assert!(!is_scientific("13800138000") && !is_scientific("e@x.com") && !is_scientific("E10"));
    }
}
