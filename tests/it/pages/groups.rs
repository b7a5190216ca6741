//! 群分组: folders, groups, members by every way, sharing, and what is refused.

use rust_xlsxwriter::Workbook;

use super::browser::{Browser, Page, Site};
use crate::support::people::Actor;

/// 王 keeps groups; 李 and 赵 are in his office, 钱 in the library.
pub struct Office {
    pub site: Site,
    pub wang: Browser,
    pub people: [Actor; 4],
}

impl Office {
    pub async fn open() -> Self {
        let site = Site::start().await;
        let office = site.test.department("office", None).await;
        let wing = site.test.department("wing", Some(office)).await;
        let library = site.test.department("library", None).await;
        let [wang, li, zhao, qian] = [("wang", office), ("li", office), ("zhao", wing), ("qian", library)];
        let mut people = Vec::new();
        for (account, department) in [wang, li, zhao, qian] {
            people.push(site.test.member(account, department).await);
        }
        let people: [Actor; 4] = people.try_into().unwrap();
        Self { wang: site.browser_of(&people[0]).await, site, people }
    }

    /// The address of a fresh group.
    pub async fn group(&mut self, name: &str) -> String {
        let added = self.wang.post("/groups", &[("name", name)]).await.assert(303, &[]);
        added.leads_to().split('?').next().unwrap().to_owned()
    }

    /// The id of a fresh folder.
    pub async fn folder(&mut self, name: &str) -> String {
        self.wang.post("/groups/folders", &[("do", "add"), ("name", name)]).await.assert(303, &[]);
        let page = self.wang.get("/groups").await;
        let before = page.body.split(&format!("aria-label=\"文件夹操作：{name}\"")).nth(1).unwrap();
        between(before, "name=\"id\" value=\"", "\"")
    }

    pub async fn add(&mut self, group: &str, fields: &[(&str, &str)]) -> Page {
        self.wang.post(&format!("{group}/add"), fields).await
    }
}

pub fn between(text: &str, start: &str, end: &str) -> String {
    text.split(start).nth(1).unwrap_or_default().split(end).next().unwrap_or_default().to_owned()
}

pub fn id_in(address: &str) -> &str {
    address.rsplit('/').next().unwrap()
}

/// Names in the order of a page.
fn order(page: &Page, names: &[&str]) -> Vec<String> {
    let mut found: Vec<_> =
        names.iter().filter_map(|name| Some((page.body.find(&format!(">{name}<"))?, (*name).to_owned()))).collect();
    found.sort();
    found.into_iter().map(|(_, name)| name).collect()
}

#[tokio::test]
async fn groups_are_added_edited_and_deleted_and_lie_in_folders() {
    let mut office = Office::open().await;
    office.wang.get("/groups").await.assert(200, &["还没有群分组", "添加文件夹", "添加群分组"]);
    let teaching = office.folder("教学工作").await;
    let group = office.group("班子成员").await;
    office.wang.get(&format!("{group}?done=added")).await.assert(200, &["班子成员", "分组里还没有人", "已添加分组"]);

    let save = [("do", "save"), ("name", "学院班子"), ("folder", teaching.as_str())];
    office.wang.post(&group, &save).await.assert(303, &[]);
    office.wang.get(&group).await.assert(200, &["学院班子", "教学工作"]);
    let rename = [("do", "rename"), ("id", teaching.as_str()), ("name", "教务")];
    office.wang.post("/groups/folders", &rename).await.assert(303, &[]);
    office.wang.get("/groups").await.assert(200, &["教务", "学院班子"]).lacks(&["教学工作"]);

    office.wang.post("/groups/folders", &[("do", "delete"), ("id", &teaching)]).await.assert(303, &[]);
    office.wang.get("/groups").await.assert(200, &["学院班子"]).lacks(&["教务<"]);
    let gone = office.wang.post(&group, &[("do", "delete")]).await.assert(303, &[]);
    office.wang.get(gone.leads_to()).await.assert(200, &["已删除分组", "还没有群分组"]);
    office.wang.get(&group).await.assert(404, &[]);
    office.site.test.end().await;
}

#[tokio::test]
async fn a_name_is_needed_short_and_taken_once_and_what_was_typed_stays() {
    let mut office = Office::open().await;
    office.group("班子成员").await;
    let other = office.group("教研组").await;
    let long = "组".repeat(51);
    for (name, words) in [
        ("班子成员", "已有同名分组"),
        ("", "请填写名称"),
        ("\u{3000}\u{200B}", "请填写名称"),
        (long.as_str(), "名称最多 50 字，当前 51 字，请删去 1 字"),
    ] {
        let page = office.wang.post("/groups", &[("name", name)]).await.assert(422, &[words]);
        assert!(page.has(&format!("value=\"{name}\"")), "what was typed is gone: {name:?}");
        office.wang.post(&other, &[("do", "save"), ("name", name)]).await.assert(422, &[words]);
    }
    office.folder("教学工作").await;
    let again = office.wang.post("/groups/folders", &[("do", "add"), ("name", "教学工作")]).await;
    again.assert(422, &["已有同名文件夹"]);
    let markup = office.group("<b>x</b>").await;
    office.wang.get(&markup).await.assert(200, &["&lt;b&gt;x"]).lacks(&["<b>x</b>"]);
    office.site.test.end().await;
}

#[tokio::test]
async fn groups_are_sorted_and_moved_into_folders_but_not_those_that_others_share() {
    let mut office = Office::open().await;
    let [first, second] = [office.group("甲组").await, office.group("乙组").await];
    let folder = office.folder("教学工作").await;
    let names = ["甲组", "乙组"];
    assert_eq!(order(&office.wang.get("/groups").await, &names), ["甲组", "乙组"]);
    let sorted = [("folder", ""), ("id", id_in(&second)), ("id", id_in(&first))];
    office.wang.post("/groups/arrange", &sorted).await.assert(303, &[]);
    assert_eq!(order(&office.wang.get("/groups").await, &names), ["乙组", "甲组"]);
    let up = [("do", "up"), ("id", id_in(&first)), ("folder", "")];
    office.wang.post("/groups/arrange", &up).await.assert(303, &[]);
    assert_eq!(order(&office.wang.get("/groups").await, &names), ["甲组", "乙组"]);
    let into = [("folder", folder.as_str()), ("id", id_in(&first))];
    office.wang.post("/groups/arrange", &into).await.assert(303, &[]);
    office.wang.get(&first).await.assert(200, &["教学工作"]);

    let last = office.folder("党务").await;
    let folders = [("do", "sort"), ("id", last.as_str()), ("id", folder.as_str())];
    office.wang.post("/groups/folders", &folders).await.assert(303, &[]);
    let page = office.wang.get("/groups").await;
    assert!(page.body.find("文件夹操作：党务") < page.body.find("文件夹操作：教学工作"));

    let share = [("do", "add"), ("account", "li")];
    for group in [&first, &second] {
        office.wang.post(&format!("{group}/share"), &share).await.assert(303, &[]);
    }
    let mut li = office.site.browser_of(&office.people[1]).await;
    assert_eq!(order(&li.get("/groups").await, &names), ["甲组", "乙组"]);
    li.post("/groups/arrange", &sorted).await.assert(303, &[]);
    assert_eq!(order(&li.get("/groups").await, &names), ["乙组", "甲组"]);
    assert_eq!(order(&office.wang.get("/groups").await, &names), ["乙组", "甲组"], "in the owner's folders");
    li.post("/groups/folders", &[("do", "add"), ("name", "我的")]).await.assert(303, &[]);
    let own = between(&li.get("/groups").await.body, "name=\"id\" value=\"", "\"");
    let into = [("folder", own.as_str()), ("id", id_in(&first))];
    li.post("/groups/arrange", &into).await.assert(422, &["他人共享的分组不能移动"]);
    // Into a folder of somebody else nothing goes, and it is not said whose it is.
    let foreign = [("folder", own.as_str()), ("id", id_in(&first))];
    office.wang.post("/groups/arrange", &foreign).await.assert(404, &[]);
    office.site.test.end().await;
}

#[tokio::test]
async fn one_member_comes_by_form_from_inside_or_outside() {
    let mut office = Office::open().await;
    let group = office.group("评审组").await;
    let told = office.add(&group, &[("who", "li")]).await.assert(303, &[]);
    office.wang.get(told.leads_to()).await.assert(200, &["已添加 1 人", ">li<"]);
    office.add(&group, &[("who", "nobody")]).await.assert(422, &["没有找到“nobody”", "value=\"nobody\""]);
    let outsider = [("outside", "1"), ("name", "陈启航"), ("phone", "+86 139 0002 0001"), ("note", "校外专家")];
    office.add(&group, &outsider).await.assert(303, &[]);
    office.wang.get(&group).await.assert(200, &["陈启航", "13900020001", "校外专家", "单位外", "2 人"]);
    for (fields, words) in [
        ([("name", "陈"), ("phone", "13900020001"), ("email", "")], "姓名应为 2–60 字，当前 1 字"),
        ([("name", "陈启航"), ("phone", ""), ("email", "")], "需填写手机号或邮箱"),
        ([("name", "陈启航"), ("phone", "1380000"), ("email", "")], "手机号应为 11 位数字，当前 7 位"),
        ([("name", "陈启航"), ("phone", "010-88880000"), ("email", "")], "是固定电话"),
        ([("name", "陈启航"), ("phone", ""), ("email", "a@b")], "邮箱地址不正确"),
    ] {
        let page = office.add(&group, &[&[("outside", "1")][..], &fields].concat()).await.assert(422, &[words]);
        assert!(page.has("value=\"陈"), "what was typed is gone: {words}");
    }
    // Sealed where it is kept.
    let file = office.site.test.dir.path().join("zhihui.db");
    if let Ok(bytes) = std::fs::read(&file) {
        let holds = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
        assert!(!holds(b"13900020001"));
    }
    office.site.test.end().await;
}

#[tokio::test]
async fn members_come_from_the_tree_with_ticks() {
    let mut office = Office::open().await;
    let group = office.group("全员").await;
    let tree = office.wang.get(&format!("{group}/add?by=tree")).await;
    let tree = tree.assert(200, &["value=\"office\"", "value=\"wing\"", "value=\"library\""]);
    assert!(!tree.has("value=\"qian\""));
    let opened = office.wang.get(&format!("{group}/add?by=tree&open=library")).await;
    opened.assert(200, &["value=\"qian\""]);
    let people = office.wang.get_part("people", &format!("{group}/add?by=tree&open=office")).await;
    people.assert(200, &["value=\"li\""]).lacks(&["<html", "value=\"qian\""]);
    office.wang.get(&format!("{group}/add?by=tree&q=zha")).await.assert(200, &["value=\"zhao\""]);

    let ticks = [("by", "tree"), ("department", "office"), ("account", "qian")];
    let told = office.add(&group, &ticks).await.assert(303, &[]);
    office.wang.get(told.leads_to()).await.assert(200, &["已添加 4 人", ">zhao<", ">qian<"]);
    office.add(&group, &ticks).await.assert(303, &[]);
    office.wang.get(&group).await.assert(200, &["4 人"]);
    office.add(&group, &[("by", "tree")]).await.assert(422, &["没有选择任何人"]);
    office.add(&group, &[("by", "tree"), ("department", "nowhere")]).await.assert(422, &["不在您的可见范围内"]);
    office.site.test.end().await;
}

fn book(rows: &[[&str; 5]]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, *cell).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

const HEADINGS: [&str; 5] = ["工号", "姓名", "手机号", "邮箱", "备注"];

#[tokio::test]
async fn members_come_from_a_spreadsheet_and_a_wrong_row_says_why() {
    let mut office = Office::open().await;
    let group = office.group("评审组").await;
    let template = office.wang.get("/groups/template").await.assert(200, &[]);
    assert!(template.headers["content-type"].to_str().unwrap().contains("spreadsheetml"));
    assert!(template.headers["content-disposition"].to_str().unwrap().contains(".xlsx"));
    let import = format!("{group}/import");
    let rows = [
        HEADINGS,
        ["li", "", "", "", "组长"],
        ["", "陈启航", "13900020001", "", ""],
        ["nobody", "", "", "", ""],
        ["zhao", "别人", "", "", ""],
        ["", "沈若琳", "1380000", "", ""],
        ["", "没有号码", "", "", ""],
        ["", "重复的人", "13900020001", "", ""],
        ["", "彼得", "", "peter@example.com", ""],
    ];
    let strict = office.wang.upload(&import, &[("strict", "1")], &[("a.xlsx", &book(&rows))]).await;
    strict.assert(200, &["有 5 行有误，没有导入任何人员"]);
    office.wang.get(&group).await.assert(200, &["0 人"]);
    let said = office.wang.upload(&import, &[], &[("a.xlsx", &book(&rows))]).await.assert(
        200,
        &[
            "已导入 3 人，0 人原已在分组中，5 行有误未导入",
            "没有这个工号的人",
            "姓名与这个工号的人不同",
            "手机号应为 11 位数字，当前 7 位",
            "单位外人员没有手机号和邮箱",
            "与第 3 行是同一个人",
        ],
    );
    assert!(said.has("<td data-th=\"行号\">4</td>") && said.has("<td data-th=\"列名\">工号</td>"));
    office.wang.get(&group).await.assert(200, &["陈启航", "组长", "peter@example.com", "3 人"]);
    let again = office.wang.upload(&import, &[], &[("a.xlsx", &book(&rows))]).await;
    again.assert(200, &["已导入 0 人，3 人原已在分组中"]);
    for (name, bytes, words) in [
        ("a.xlsx", b"%PDF-1.7".to_vec(), "文件不是 xlsx：它是 PDF"),
        ("a.xlsx", book(&[["姓名", "手机号", "", "", ""]]), "缺少“工号”、“邮箱”列；请下载最新模板"),
        ("a.xlsx", book(&[HEADINGS]), "没有可导入的数据行"),
    ] {
        office.wang.upload(&import, &[], &[(name, &bytes)]).await.assert(422, &[words]);
    }
    office.wang.upload(&import, &[], &[]).await.assert(422, &["没有可导入的数据行"]);
    office.site.test.end().await;
}

/// The ids of those who are listed, by name.
async fn ids(browser: &mut Browser, group: &str, names: &[&str]) -> Vec<String> {
    let page = browser.get(group).await;
    let id = |name: &&str| {
        let row = page.body.split("<li data-id=\"").skip(1).find(|row| row.contains(&format!("<b>{name}</b>")));
        row.unwrap_or_else(|| panic!("{name} is not listed")).split('"').next().unwrap().to_owned()
    };
    names.iter().map(id).collect()
}

#[tokio::test]
async fn members_are_copied_moved_and_taken_out_one_or_many() {
    let mut office = Office::open().await;
    let [from, to] = [office.group("甲组").await, office.group("乙组").await];
    office.add(&from, &[("by", "tree"), ("account", "li"), ("account", "zhao"), ("account", "qian")]).await;
    let people = ids(&mut office.wang, &from, &["li", "zhao", "qian"]).await;
    let members = format!("{from}/members");
    let copy = [("do", "copy"), ("to", id_in(&to)), ("person", &people[0]), ("person", &people[1])];
    let told = office.wang.post(&members, &copy).await.assert(303, &[]);
    office.wang.get(told.leads_to()).await.assert(200, &["已复制 2 人", "3 人"]);
    office.wang.get(&to).await.assert(200, &[">li<", ">zhao<", "2 人"]);
    let one = [("do", "move"), ("to", id_in(&to)), ("person", people[2].as_str())];
    office.wang.post(&members, &one).await.assert(303, &[]);
    office.wang.get(&from).await.assert(200, &["2 人"]).lacks(&[">qian<"]);
    office.wang.get(&to).await.assert(200, &["3 人", ">qian<"]);
    let many = [("do", "move"), ("to", id_in(&to)), ("person", &people[0]), ("person", &people[1])];
    let told = office.wang.post(&members, &many).await.assert(303, &[]);
    office.wang.get(told.leads_to()).await.assert(200, &["已移动 0 人，2 人原已在那个分组中", "分组里还没有人"]);

    let there = format!("{to}/members");
    office.wang.post(&there, &[("do", "delete"), ("person", &people[0])]).await.assert(303, &[]);
    office.wang.get(&to).await.assert(200, &["2 人"]).lacks(&[">li<"]);
    let rest = [("do", "delete"), ("person", people[1].as_str()), ("person", people[2].as_str())];
    office.wang.post(&there, &rest).await.assert(303, &[]);
    office.wang.get(&to).await.assert(200, &["分组里还没有人"]);
    office.wang.post(&there, &rest).await.assert(422, &["请先勾选成员"]);
    office.wang.post(&there, &[("do", "copy"), ("person", &people[0])]).await.assert(422, &["请选择要放入的分组"]);
    let same = [("do", "copy"), ("to", id_in(&to)), ("person", people[0].as_str())];
    office.wang.post(&there, &same).await.assert(422, &["请选择另一个分组"]);

    // Whose numbers are in a shared group is its owner's to say.
    office.add(&from, &[("by", "tree"), ("account", "zhao")]).await;
    office.wang.post(&format!("{from}/share"), &[("do", "add"), ("account", "li")]).await.assert(303, &[]);
    let mut li = office.site.browser_of(&office.people[1]).await;
    let own = li.post("/groups", &[("name", "我的")]).await;
    let own = id_in(own.leads_to().split('?').next().unwrap()).to_owned();
    let copy = [("do", "copy"), ("to", own.as_str()), ("person", people[1].as_str())];
    li.post(&members, &copy).await.assert(404, &[]);
    office.site.test.end().await;
}

#[tokio::test]
async fn a_member_is_edited_for_this_group_alone_and_members_are_sorted() {
    let mut office = Office::open().await;
    let [group, other] = [office.group("甲组").await, office.group("乙组").await];
    let outsider = [("outside", "1"), ("name", "陈启航"), ("phone", "13900020001")];
    for group in [&group, &other] {
        office.add(group, &outsider).await.assert(303, &[]);
    }
    office.add(&group, &[("by", "tree"), ("account", "li"), ("account", "zhao")]).await;
    let people = ids(&mut office.wang, &group, &["陈启航", "li", "zhao"]).await;
    let page = format!("{group}/members/{}", people[0]);
    office.wang.get(&page).await.assert(200, &["value=\"陈启航\"", "value=\"13900020001\""]);
    let wrong = [("name", "陈启航"), ("phone", "1390002"), ("note", "改一改")];
    office.wang.post(&page, &wrong).await.assert(422, &["当前 7 位", "value=\"1390002\"", "value=\"改一改\""]);
    let edit = [("name", "陈启杭"), ("phone", "13900020009"), ("email", "chen@example.com"), ("note", "专家")];
    office.wang.post(&page, &edit).await.assert(303, &[]);
    office.wang.get(&group).await.assert(200, &["陈启杭", "13900020009", "chen@example.com", "专家"]);
    office.wang.get(&other).await.assert(200, &["陈启航", "13900020001"]).lacks(&["陈启杭", "专家"]);
    // Of people inside only the note is the group's.
    let inside = format!("{group}/members/{}", people[1]);
    office.wang.get(&inside).await.assert(200, &["以通讯录为准"]).lacks(&["name=\"phone\""]);
    office.wang.post(&inside, &[("name", "别人"), ("note", "组长")]).await.assert(303, &[]);
    office.wang.get(&group).await.assert(200, &[">li<", "组长"]).lacks(&["别人"]);

    let names = ["陈启杭", "li", "zhao"];
    assert_eq!(order(&office.wang.get(&group).await, &names), names);
    let people = ids(&mut office.wang, &group, &names).await;
    let sort = [("do", "sort"), ("person", &people[2]), ("person", &people[0]), ("person", &people[1])]
        .map(|(a, b)| (a, b as &str));
    office.wang.post(&format!("{group}/members"), &sort).await.assert(303, &[]);
    assert_eq!(order(&office.wang.get(&group).await, &names), ["zhao", "陈启杭", "li"]);
    let up = [("do", "up"), ("person", people[1].as_str())];
    office.wang.post(&format!("{group}/members"), &up).await.assert(303, &[]);
    assert_eq!(order(&office.wang.get(&group).await, &names), ["zhao", "li", "陈启杭"]);
    office.site.test.end().await;
}
