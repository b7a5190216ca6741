//! 群分组 in a browser: dragging, keys, ticks in the tree, a spreadsheet.

use rust_xlsxwriter::Workbook;
use zhihui::domain::message::Audience;
use zhihui::hub::{Source, groups::Named};

use crate::{
    people::Person,
    site::Site,
    window::{DESK, PHONE, Window},
};

impl Site {
    /// 王 with three groups, the first of which lists three people, and a folder.
    async fn with_groups() -> (Self, Person, String) {
        let site = Self::start().await;
        let office = site.department("jwc", "教务处").await;
        let wang = site.member("wangxiaomei", "王晓梅", office).await;
        for (account, name) in [("liwenbo", "李文博"), ("zhaomin", "赵敏"), ("qianyi", "钱毅")] {
            site.member(account, name, office).await;
        }
        let source = Source::Person(wang.id);
        site.hub.add_folder(&source, "教学工作").await.unwrap();
        let mut first = None;
        for name in ["甲组", "乙组", "丙组"] {
            let id = site.hub.add_group(&source, name, None).await.unwrap();
            first.get_or_insert(id);
        }
        let id = first.unwrap();
        let people = ["liwenbo", "zhaomin", "qianyi"].map(str::to_owned).into();
        let named = Named { inside: Audience { people, ..Audience::default() }, ..Named::default() };
        site.hub.add_members(&source, id, &named).await.unwrap();
        (site, wang, format!("/groups/{id}"))
    }
}

/// The names in the list that `css` finds, in their order.
fn names(css: &str, wanted: &str) -> String {
    format!("[...document.querySelectorAll('{css}')].map(each => each.textContent).join() === '{wanted}'")
}

/// The handle of a row, by the name in it.
fn handle(name: &str) -> String {
    format!("{}//button[contains(@class, 'handle')]", row(name))
}

fn row(name: &str) -> String {
    format!("//li[@data-id][.//strong[text()='{name}'] or .//b[text()='{name}']]")
}

const GROUPS: &str = ".kept strong";
const LOOSE: &str = ".shelf > section:first-child strong";
const FOLDER: &str = ".shelf > section[data-id] strong";
const MEMBERS: &str = ".members .who b";

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_members_are_dragged_and_moved_by_keys() {
    let (site, wang, group) = Site::with_groups().await;
    let window = Window::of(&site, DESK, &wang).await;
    window.go("/groups").await;
    window.until(&names(GROUPS, "甲组,乙组,丙组")).await;
    window.drag(&handle("丙组"), &row("甲组"), false).await;
    window.sees("已移到第 1 位").await;
    window.go("/groups").await;
    window.until(&names(GROUPS, "丙组,甲组,乙组")).await;
    // Into a folder, with a finger.
    window.drag(&handle("甲组"), "//h2[.='教学工作']", true).await;
    window.sees("已移到第 1 位").await;
    window.go("/groups").await;
    window.until(&names(FOLDER, "甲组")).await;
    window.until(&names(LOOSE, "丙组,乙组")).await;
    // By keys: from the end of a list into the next one, and the focus stays.
    let press = |name: &str, key: &str| {
        format!(
            "const row = [...document.querySelectorAll('[data-id]')].find(row => row.querySelector('strong, .who b') && row.querySelector('strong, .who b').textContent === '{name}' && row.tagName === 'LI');
             const handle = row.querySelector('.handle');
             handle.focus();
             handle.dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', altKey: true, bubbles: true, cancelable: true}}));"
        )
    };
    window.ask(&press("乙组", "ArrowDown")).await;
    window.until(&names(FOLDER, "乙组,甲组")).await;
    window.until("document.querySelectorAll('.shelf > section')[1].querySelector('.hint').offsetParent === null").await;
    window.until("document.activeElement.closest('li').querySelector('strong').textContent === '乙组'").await;
    window.sees("已移到第 1 位").await;
    window.go("/groups").await;
    window.until(&names(FOLDER, "乙组,甲组")).await;

    // What is empty now says so.
    window.ask(&press("丙组", "ArrowDown")).await;
    window.until("document.querySelector('.shelf > section .hint').offsetParent !== null").await;

    window.resize(PHONE).await;
    window.go(&group).await;
    window.until(&names(MEMBERS, "李文博,赵敏,钱毅")).await;
    window.drag(&handle("钱毅"), &row("李文博"), true).await;
    window.sees("已移到第 1 位").await;
    window.go(&group).await;
    window.until(&names(MEMBERS, "钱毅,李文博,赵敏")).await;
    window.ask(&press("钱毅", "ArrowDown")).await;
    window.sees("已移到第 2 位").await;
    window.go(&group).await;
    window.until(&names(MEMBERS, "李文博,钱毅,赵敏")).await;
    // Buttons for many wait until somebody is chosen.
    window.until("document.querySelector('.picks .danger').disabled").await;
    window.press(".members li:first-child input[name=person]").await;
    window.until("!document.querySelector('.picks .danger').disabled").await;
    window.sees("已选 1 人").await;
    window.ask("window.confirm = () => true").await;
    window.press_in_the_middle(".picks .danger").await;
    window.sees("已删除 1 人").await;
    window.until(&names(MEMBERS, "钱毅,赵敏")).await;
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_a_department_are_ticked_in_the_tree() {
    let (site, wang, group) = Site::with_groups().await;
    let window = Window::of(&site, DESK, &wang).await;
    window.go(&format!("{group}/add?by=tree")).await;
    window.press("[data-people]").await;
    window.press("input[name=account][value=wangxiaomei]").await;
    window.press("main form .btn.primary").await;
    window.sees("已添加 1 人").await;
    window.until(&names(MEMBERS, "李文博,赵敏,钱毅,王晓梅")).await;
    // A ticked department takes everybody, so that nobody in it is asked about.
    window.go(&format!("{group}/add?by=tree")).await;
    window.press("input[name=department]").await;
    window.press("[data-people]").await;
    window.until("document.querySelector('input[name=account]').disabled").await;
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spreadsheet_is_taken_in_by_the_browser() {
    let (site, wang, group) = Site::with_groups().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("评审专家.xlsx");
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let rows = [["工号", "姓名", "手机号", "邮箱"], ["", "陈启航", "13900020001", ""], ["", "沈若琳", "1380000", ""]];
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    book.save(&file).unwrap();
    let window = Window::of(&site, PHONE, &wang).await;
    window.go(&format!("{group}/add?by=file")).await;
    // The field itself has the browser's own words and is not seen; its button has those of the page, and
    // whoever comes by keys stands on it.
    window.until("getComputedStyle(document.querySelector('input[type=file]')).opacity === '0'").await;
    window.until("document.querySelector('.pick').innerText.replace(/\\s+/g, ' ') === '选择文件 未选择文件'").await;
    window.ask("document.querySelector('input[type=file]').focus()").await;
    window.until("getComputedStyle(document.querySelector('.pick')).outlineStyle === 'solid'").await;
    window.choose_file("input[type=file]", &file).await;
    window.until("document.querySelector('.pick small').textContent === '评审专家.xlsx'").await;
    window.press_in_the_middle("main form .btn.primary").await;
    window.sees("已导入 1 人").await;
    window.sees("手机号应为 11 位数字，当前 7 位").await;
    window.go(&group).await;
    window.sees("陈启航").await;
    window.sees("13900020001").await;
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_kept_without_scripts() {
    let (site, wang, group) = Site::with_groups().await;
    let window = Window::open_without_scripts(&site, PHONE).await;
    window.sign_in(&site, &wang).await;
    window.go("/groups").await;
    window.press(".kept li:last-child .by-hand button[value=up]").await;
    window.until(&names(GROUPS, "甲组,丙组,乙组")).await;
    window.press(".pull:last-of-type summary").await;
    window.fill(".pull:last-of-type input[name=name]", "丁组").await;
    window.press(".pull:last-of-type button").await;
    window.sees("分组里还没有人").await;
    window.go(&format!("{group}/add")).await;
    window.fill("input[name=who]", "wangxiaomei").await;
    window.press("main form .btn.primary").await;
    window.sees("已添加 1 人").await;
    window.press(".members li:first-child input[name=person]").await;
    window.press(".picks button[value=delete]").await;
    window.sees("已删除 1 人").await;
    // The browser's own field for files, and nothing drawn for it.
    window.go(&format!("{group}/add?by=file")).await;
    window.until("getComputedStyle(document.querySelector('input[type=file]')).opacity === '1'").await;
    window.until("!document.querySelector('.pick').offsetParent").await;
    window.close().await;
    site.end().await;
}
