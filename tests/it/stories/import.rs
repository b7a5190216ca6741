//! 通讯录导入导出: a spreadsheet in, every wrong cell named, the same file twice, and out again.

use calamine::{Data, Reader, Xlsx};
use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet};
use zhihui::{
    domain::{PersonId, problem::Class},
    hub::{Error, Hub},
    producers::directory::{self, Complaint, Export, Import, Report},
    storage::{
        audit, departments,
        directory::{Wanted, list},
        people,
    },
};

use crate::support::TestHub;

const HEADINGS: [&str; 12] =
    ["账号", "姓名", "手机号", "邮箱", "部门", "职务", "类别", "性别", "年级", "钉钉号", "部门负责人", "代理人账号"];
const LENIENT: Import<'_> = Import { is_strict: false, actor: "hub" };
const STRICT: Import<'_> = Import { is_strict: true, actor: "hub" };

/// A spreadsheet whose cells are all texts.
fn sheet(rows: &[&[&str]]) -> Vec<u8> {
    written(|sheet| {
        for (row, cells) in (1..).zip(rows) {
            for (column, text) in (0..).zip(*cells) {
                sheet.write_string(row, column, *text).unwrap();
            }
        }
    })
}

/// A spreadsheet with the headings and whatever else is written.
fn written(write: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, heading) in (0..).zip(HEADINGS) {
        sheet.write_string(0, column, heading).unwrap();
    }
    write(sheet);
    book.save_to_buffer().unwrap()
}

const HAN: &[&str] = &[
    "20160899",
    "韩梅梅",
    "13800138000",
    "han@example.edu",
    "青溪大学->教务处;青溪大学->后勤处",
    "处长",
    "教职工",
    "女",
    "",
    "manager4220",
    "是",
    "20160900",
];
const LI: &[&str] = &["20160900", "李雷", "13900139000", "", "青溪大学->教务处->教学科", "", "教师"];

async fn import(hub: &Hub, bytes: Vec<u8>) -> Report {
    directory::import(hub, bytes, &LENIENT).await.unwrap()
}

fn counts(report: &Report) -> (u64, u64, u64, u64) {
    (report.created, report.updated, report.unchanged, report.failed)
}

fn only(complaints: &[Complaint]) -> (u32, &str, &str, &str) {
    let [one] = complaints else { panic!("one complaint expected: {complaints:#?}") };
    (one.row, one.column, &one.value, &one.reason)
}

async fn code(hub: &Hub, bytes: Vec<u8>) -> (&'static str, String) {
    match directory::import(hub, bytes, &LENIENT).await {
        Err(Error::Problem(problem)) => (problem.code, problem.detail),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_file_brings_people_departments_posts_and_deputies() {
    let test = TestHub::start().await;
    let report = import(&test, sheet(&[HAN, LI])).await;
    assert_eq!((counts(&report), &*report.errors, &*report.warnings), ((2, 0, 0, 0), &[][..], &[][..]));

    let mut tx = test.db.read().await.unwrap();
    let han = people::find_by_account(&mut tx, "20160899").await.unwrap().unwrap();
    let li = people::find_by_account(&mut tx, "20160900").await.unwrap().unwrap();
    assert_eq!(han.phone(&test.sealer).unwrap().as_deref(), Some("13800138000"));
    assert_eq!(
        (han.kind.as_str(), han.gender.as_deref(), han.title.as_deref()),
        ("staff", Some("female"), Some("处长"))
    );
    assert_eq!((han.deputy_id, li.kind.as_str()), (Some(li.id), "staff"));
    let tree = departments::list_tree(&mut tx).await.unwrap();
    let seen: Vec<_> =
        tree.iter().map(|each| (each.name.as_str(), each.code.as_str(), each.depth, each.people)).collect();
    assert_eq!(
        seen,
        [("青溪大学", "qxdx", 1, 2), ("教务处", "jwc", 2, 2), ("后勤处", "hqc", 2, 1), ("教学科", "jxk", 3, 1)]
    );
    assert_eq!(departments::list_heads(&mut tx, tree[1].id).await.unwrap(), [han.id]);
    assert!(departments::list_heads(&mut tx, tree[2].id).await.unwrap().is_empty());
    let found = list(&mut tx, &Wanted { text: "hmm", ..Wanted::default() }, None, 10).await.unwrap();
    assert_eq!(found[0].department.as_deref(), Some("教务处"), "the first department is the primary one");
}

#[tokio::test]
async fn the_same_file_twice_changes_nothing_and_a_changed_cell_changes_that() {
    let test = TestHub::start().await;
    import(&test, sheet(&[HAN, LI])).await;
    let again = import(&test, sheet(&[HAN, LI])).await;
    assert_eq!(counts(&again), (0, 0, 2, 0));

    let changed = import(&test, sheet(&[&["20160899", "", "", "", "青溪大学->后勤处", "", ""], LI])).await;
    assert_eq!(counts(&changed), (0, 1, 1, 0));
    let mut tx = test.db.read().await.unwrap();
    let han = people::find_by_account(&mut tx, "20160899").await.unwrap().unwrap();
    assert_eq!((han.name.as_str(), han.title.as_deref()), ("韩梅梅", Some("处长")), "empty cells change nothing");
    assert!(han.phone_sealed.is_some());
    let tree = departments::list_tree(&mut tx).await.unwrap();
    assert_eq!(tree.iter().map(|each| each.people).collect::<Vec<_>>(), [2, 1, 1, 1]);
    drop(tx);
    let mut tx = test.db.read().await.unwrap();
    let entries = audit::list_of(&mut tx, "directory", 10).await.unwrap();
    assert_eq!(entries.iter().filter(|entry| entry.verb == "directory.import").count(), 3);
}

#[tokio::test]
async fn a_wrong_row_fails_alone_and_says_why() {
    let test = TestHub::start().await;
    for (cells, column, reason) in [
        (&["", "张三", "", "", "甲", "", ""][..], "账号", "账号为空"),
        (&["工号1", "张三", "", "", "甲", "", ""], "账号", "英文字母和数字"),
        (&["a1", "", "", "", "甲", "", ""], "姓名", "没有姓名"),
        (&["a1", "12345", "", "", "甲", "", ""], "姓名", "不能只有数字"),
        (&["a1", "张三", "1380000", "", "甲", "", ""], "手机号", "当前 7 位"),
        (&["a1", "张三", "1.38E+10", "", "甲", "", ""], "手机号", "科学计数法"),
        (&["a1", "张三", "010-88880000", "", "甲", "", ""], "手机号", "固定电话"),
        (&["a1", "张三", "", "a@b", "甲", "", ""], "邮箱", "邮箱地址不正确"),
        (&["a1", "张三", "", "", "甲->乙->甲", "", ""], "部门", "互为上下级"),
        (&["a1", "张三", "", "", "甲->", "", ""], "部门", "没有部门名称"),
        (&["a1", "张三", "", "", "甲/乙", "", ""], "部门", "“/”"),
        (&["a1", "张三", "", "", "甲", "", "外部"], "类别", "单位以外"),
        (&["a1", "张三", "", "", "甲", "", "", "未知"], "性别", "“男”或“女”"),
        (&["a1", "张三", "", "", "甲", "", "", "", "", "", "也许"], "部门负责人", "“是”或“否”"),
        (&["a1", "张三", "", "", "甲", "", "", "", "", "", "", "zz9"], "代理人账号", "没有这个账号"),
        (&["a1", "张三", "", "", "甲", "", "", "", "", "", "", "a1"], "代理人账号", "本人"),
    ] {
        let report = import(&test, sheet(&[cells, LI])).await;
        let (row, at, _, why) = only(&report.errors);
        assert_eq!((row, at, report.failed), (2, column, 1), "{report:?}");
        assert!(why.contains(reason), "{why} / {reason}");
        assert!(!report.errors[0].suggestion.is_empty());
        assert_eq!(report.created + report.unchanged, 1, "the other row is in");
    }
    let deep = (1..=21).map(|level| format!("第{level}级")).collect::<Vec<_>>().join("->");
    let report = import(&test, sheet(&[&["a1", "张三", "", "", &deep, "", ""]])).await;
    assert!(only(&report.errors).3.contains("20 级"));
    let mut tx = test.db.read().await.unwrap();
    assert_eq!(departments::list(&mut tx).await.unwrap().len(), 3, "failed rows leave no departments");
}

#[tokio::test]
async fn strict_means_all_or_nothing() {
    let test = TestHub::start().await;
    let bytes = sheet(&[HAN, LI, &["20160901", "王五", "123", "", "乙", "", ""]]);
    let report = directory::import(&test, bytes.clone(), &STRICT).await.unwrap();
    assert_eq!((counts(&report), only(&report.errors).0), ((0, 0, 0, 1), 4));
    let mut tx = test.db.read().await.unwrap();
    assert_eq!(people::count_active(&mut tx).await.unwrap(), 0);
    assert!(departments::list(&mut tx).await.unwrap().is_empty());
    drop(tx);
    assert_eq!(counts(&import(&test, bytes).await), (2, 0, 0, 1));
}

#[tokio::test]
async fn whoever_named_a_row_that_fails_fails_with_it() {
    let test = TestHub::start().await;
    let report = import(
        &test,
        sheet(&[
            &["a1", "张三", "", "", "甲", "", "", "", "", "", "", "a2"],
            &["a2", "李四", "", "", "乙->丙->乙", "", ""],
            &["a3", "王五", "", "", "甲", "", "", "", "", "", "", "a1"],
            &["a1", "张三", "", "", "甲", "", ""],
        ]),
    )
    .await;
    let rows: Vec<_> = report.errors.iter().map(|error| (error.row, error.column)).collect();
    assert_eq!(rows, [(2, "代理人账号"), (3, "部门"), (4, "代理人账号"), (5, "账号")]);
    assert_eq!(counts(&report), (0, 0, 0, 4));
}

#[tokio::test]
async fn what_a_spreadsheet_does_to_cells_is_mended_or_named() {
    let test = TestHub::start().await;
    let bytes = written(|sheet| {
        // 1: numbers, full-width digits, a line break in the name.
        sheet.write_number(1, 0, 20_160_901.0).unwrap();
        sheet.write_string(1, 1, "欧阳\n娜娜").unwrap();
        sheet.write_number(1, 2, 13_800_138_001.0).unwrap();
        sheet.write_string(1, 4, "甲").unwrap();
        sheet.write_string(2, 0, "２０１６０９０２").unwrap();
        sheet.write_string(2, 1, "单田芳").unwrap();
        sheet.write_string(2, 2, "+86 １３８ 0013 8002 ").unwrap();
        sheet.write_string(2, 4, "甲").unwrap();
        // 3: a formula; 4 and 5: one department merged over two rows; 6: nothing at all.
        sheet.write_string(3, 0, "a3").unwrap();
        sheet.write_formula(3, 1, Formula::new("=\"张\"&\"三\"").set_result("张三")).unwrap();
        sheet.write_string(4, 0, "a4").unwrap();
        sheet.write_string(4, 1, "赵六").unwrap();
        sheet.write_string(5, 0, "a5").unwrap();
        sheet.write_string(5, 1, "孙七").unwrap();
        sheet.merge_range(4, 4, 5, 4, "乙", &Format::new()).unwrap();
        sheet.write_blank(6, 1, &Format::new().set_bold()).unwrap();
    });
    let report = import(&test, bytes).await;
    assert_eq!(counts(&report), (3, 0, 0, 2), "{report:#?}");
    let errors: Vec<_> = report.errors.iter().map(|error| (error.row, error.column, error.reason.as_str())).collect();
    assert_eq!(errors, [(4, "姓名", "单元格是公式"), (6, "部门", "单元格被合并")]);
    let (row, column, value, _) = only(&report.warnings);
    assert_eq!((row, column, value), (2, "姓名", "欧阳\\n娜娜"));
    let mut tx = test.db.read().await.unwrap();
    for (account, name, phone) in [("20160901", "欧阳 娜娜", "13800138001"), ("20160902", "单田芳", "13800138002")]
    {
        let person = people::find_by_account(&mut tx, account).await.unwrap().unwrap();
        assert_eq!((person.name.as_str(), person.phone(&test.sealer).unwrap().as_deref()), (name, Some(phone)));
    }
}

#[tokio::test]
async fn columns_stand_in_any_order_below_a_title_and_under_other_names() {
    let test = TestHub::start().await;
    let mut book = Workbook::new();
    book.add_worksheet().set_name("封面").unwrap();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "青溪大学通讯录").unwrap();
    for (column, heading) in (2..).zip(["备注", "类别", "职位", "所属部门", "Email", "手机", "姓名*", "\u{FEFF}工号"])
    {
        sheet.write_string(2, column, heading).unwrap();
    }
    for (column, text) in (2..).zip(["x", "学生", "", "甲", "", "", "韩梅梅", "\u{FEFF}s1"]) {
        sheet.write_string(3, column, text).unwrap();
    }
    assert_eq!(counts(&import(&test, book.save_to_buffer().unwrap()).await), (1, 0, 0, 0));
}

#[tokio::test]
async fn what_nobody_sees_around_a_word_is_no_part_of_it() {
    let test = TestHub::start().await;
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    let headings = ["\u{FEFF}　账　号　", "＊姓 名\u{200B}", "手机号\n", "邮箱", "部门\u{FEFF}", "职务", "　类别"];
    for (column, heading) in (0..).zip(headings) {
        page.write_string(0, column, heading).unwrap();
    }
    let han =
        ["\u{FEFF}20160899　", "　韩梅梅\u{FEFF}", "138 0013 8000\u{200B}", "　", "　青溪大学 -> 教务处　", "", ""];
    for (column, text) in (0..).zip(han) {
        page.write_string(1, column, text).unwrap();
    }
    // a row of nothing but that is no row
    page.write_string(2, 0, "　\u{FEFF}").unwrap();
    let report = import(&test, book.save_to_buffer().unwrap()).await;
    assert_eq!((counts(&report), &*report.errors), ((1, 0, 0, 0), &[][..]));
    let mut tx = test.db.read().await.unwrap();
    let han = people::find_by_account(&mut tx, "20160899").await.unwrap().unwrap();
    assert_eq!((han.name.as_str(), han.phone(&test.sealer).unwrap().as_deref()), ("韩梅梅", Some("13800138000")));
    let tree = departments::list_tree(&mut tx).await.unwrap();
    assert_eq!(tree.iter().map(|each| each.name.as_str()).collect::<Vec<_>>(), ["青溪大学", "教务处"]);
}

#[tokio::test]
async fn a_file_that_is_none_says_what_it_is() {
    let test = TestHub::start().await;
    let gbk = b"\xd5\xcb\xba\xc5,\xd0\xd5\xc3\xfb\r\n1,\xd5\xc5\xc8\xfd\r\n";
    for (bytes, wanted, words) in [
        (Vec::new(), "IMPORT_EMPTY", "没有可导入"),
        (sheet(&[]), "IMPORT_EMPTY", "没有可导入"),
        (directory::template().unwrap(), "IMPORT_EMPTY", "没有可导入"),
        ("账号,姓名\n1,张三\n".as_bytes().to_vec(), "IMPORT_FORMAT", "CSV 或纯文本（UTF-8"),
        ("\u{FEFF}账号,姓名\n1,张三\n".as_bytes().to_vec(), "IMPORT_FORMAT", "CSV 或纯文本（UTF-8"),
        (gbk.to_vec(), "IMPORT_FORMAT", "GBK"),
        (vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "IMPORT_FORMAT", ".xls"),
        (b"<html><table>".to_vec(), "IMPORT_FORMAT", "网页"),
        (b"%PDF-1.7".to_vec(), "IMPORT_FORMAT", "PDF"),
        (b"PK\x03\x04 and then nothing".to_vec(), "IMPORT_FORMAT", "损坏"),
        (vec![0, 159, 146, 150], "IMPORT_FORMAT", "无法识别"),
    ] {
        let (code, detail) = code(&test, bytes).await;
        assert_eq!(code, wanted, "{detail}");
        assert!(detail.contains(words), "{detail}");
    }
    let mut book = Workbook::new();
    book.add_worksheet().write_row(0, 0, ["账号", "手机号", "邮箱", "部门", "职务", "类别"]).unwrap();
    assert_eq!(
        code(&test, book.save_to_buffer().unwrap()).await,
        ("IMPORT_TEMPLATE", "缺少“姓名”列；请下载最新模板".to_owned())
    );
    let Err(Error::Problem(large)) = directory::import(&test, vec![b'P'; directory::LARGEST + 1], &LENIENT).await
    else {
        panic!("too large")
    };
    assert_eq!((large.code, large.class), ("IMPORT_SIZE", Class::TooLarge));
}

#[tokio::test]
async fn what_goes_out_comes_in_again_unchanged_and_masked_numbers_stay() {
    let test = TestHub::start().await;
    let formula: &[&str] = &["a1", "=cmd|'/c calc'!A1", "", "", "青溪大学", "@SUM(1)", "学生", "", "2024"];
    import(&test, sheet(&[HAN, LI, formula])).await;
    for is_masked in [false, true] {
        let what = Export { is_masked, department: None, actor: "hub" };
        let bytes = directory::export(&test, &what).await.unwrap();
        let report = import(&test, bytes.clone()).await;
        assert_eq!(counts(&report), (0, 0, 3, 0), "{report:#?}");
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
        let cells = book.worksheet_range("通讯录").unwrap();
        let phone = if is_masked { "138****8000" } else { "13800138000" };
        assert!(cells.used_cells().any(|(_, _, cell)| *cell == Data::String(phone.to_owned())));
        assert!(cells.used_cells().any(|(_, _, cell)| *cell == Data::String("=cmd|'/c calc'!A1".to_owned())));
        assert_eq!(book.worksheet_formula("通讯录").unwrap().used_cells().count(), 0);
        let codes = book.worksheet_range("部门代码").unwrap();
        let office = codes.rows().find(|row| row[1] == Data::String("jwc".to_owned())).unwrap();
        assert_eq!(office[0].to_string(), "青溪大学->教务处", "the codes that programs name are in the book");
    }
    let mut tx = test.db.read().await.unwrap();
    let office = departments::find_by_code(&mut tx, "jwc").await.unwrap().unwrap();
    drop(tx);
    let what = Export { is_masked: true, department: Some(office.id), actor: "hub" };
    let bytes = directory::export(&test, &what).await.unwrap();
    let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
    assert_eq!(book.worksheet_range("通讯录").unwrap().height(), 3, "the headings and two people");
}

#[tokio::test]
async fn the_template_names_every_column_and_says_how_to_fill_it() {
    let test = TestHub::start().await;
    let path = test.dir.path().join("模板.xlsx");
    directory::write_template(&path).unwrap();
    let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(std::fs::read(&path).unwrap())).unwrap();
    assert_eq!(book.sheet_names(), ["通讯录", "填写说明"]);
    let cells = book.worksheet_range("通讯录").unwrap();
    let headings: Vec<_> = cells.rows().next().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(headings, HEADINGS);
    let guide = book.worksheet_range("填写说明").unwrap();
    for heading in HEADINGS {
        let line = guide.rows().find(|row| row[0] == Data::String(heading.to_owned())).unwrap();
        assert!(line[1].to_string().chars().count() > 5, "{heading}");
    }
}

#[tokio::test]
async fn five_thousand_rows_are_one_transaction() {
    let test = TestHub::start().await;
    let rows: Vec<[String; 7]> = (0..5_000)
        .map(|n| {
            let text = |text: &str| text.to_owned();
            let phone = format!("138{n:08}");
            [
                format!("s{n:05}"),
                text("王小明"),
                phone,
                format!("s{n}@example.edu"),
                format!("青溪大学->学院{}", n % 40),
                text(""),
                text("学生"),
            ]
        })
        .collect();
    let texts: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let slices: Vec<&[&str]> = texts.iter().map(Vec::as_slice).collect();
    let bytes = sheet(&slices);
    assert_eq!(counts(&import(&test, bytes.clone()).await), (5_000, 0, 0, 0));
    assert_eq!(counts(&import(&test, bytes).await), (0, 0, 5_000, 0));
    let mut tx = test.db.read().await.unwrap();
    assert_eq!(people::count_active(&mut tx).await.unwrap(), 5_000);
    let page = people::list_page(&mut tx, None, 2).await.unwrap();
    assert!(page[0].id > PersonId(uuid::Uuid::nil()) && page[1].id > page[0].id);
    assert_eq!(departments::list(&mut tx).await.unwrap().len(), 41);
}
