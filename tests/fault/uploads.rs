//! F28: a crash while a draft takes a file, and files that want to be unpacked to the end.

use std::{
    io::{Cursor, Write},
    path::Path,
    time::Duration,
};

use futures_util::{StreamExt, stream};
use reqwest::StatusCode;
use zhihui::hub::people::sign_in::Session;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::support::{Child, Installation, Set, moment, times, until};

/// What a process may hold (I16).
const MOST_KB: usize = 512 * 1024;
/// Files of one draft.
const EACH: usize = 5;
const FILE_BYTES: usize = 1024 * 1024;

/// A draft as a browser's page knows it.
#[derive(Debug, Clone, Default)]
struct Draft {
    id: String,
    saved_at: String,
    kept: Vec<String>,
}

impl Draft {
    /// What the page keeps in hidden fields.
    fn read(part: &str) -> Self {
        let values = |name: &str| -> Vec<String> {
            let field = format!("name=\"{name}\" value=\"");
            part.split(&field).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
        };
        Self { id: values("id").concat(), saved_at: values("saved_at").concat(), kept: values("kept") }
    }
}

/// One file goes up to a draft; none when nobody answered.
async fn goes_up(
    place: &Installation,
    (child, session): (&Child, &Session),
    draft: &Draft,
    (name, bytes): (&str, &[u8]),
) -> Option<(StatusCode, String)> {
    let mut body = Vec::new();
    let fields =
        [("do", "draft"), ("kind", "content"), ("title", "议程"), ("id", &draft.id), ("saved_at", &draft.saved_at)];
    for (name, value) in fields.into_iter().chain(draft.kept.iter().map(|kept| ("kept", kept.as_str()))) {
        let part = format!("--line\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!("--line\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
    body.extend([head.as_bytes(), bytes, b"\r\n--line--\r\n"].concat());
    let request = place.client.post(format!("{}/compose", child.url.as_ref()?));
    let request = request.header("cookie", format!("session={}", session.token)).header("x-csrf", &session.csrf);
    let request = request.header("x-fragment", "compose_files");
    let request = request.header("content-type", "multipart/form-data; boundary=line").body(body);
    let answer = request.timeout(Duration::from_secs(60)).send().await.ok()?;
    let status = answer.status();
    Some((status, answer.text().await.ok()?))
}

/// The page of a draft, as it is after everything.
async fn page(place: &Installation, child: &Child, session: &Session, id: &str) -> String {
    let url = format!("{}/compose/{id}", child.url.as_ref().unwrap());
    let page = place.client.get(url).header("cookie", format!("session={}", session.token)).send().await.unwrap();
    assert_eq!(page.status(), 200);
    page.text().await.unwrap()
}

fn pdf(nth: usize) -> Vec<u8> {
    let mut bytes = format!("%PDF-1.7 {nth} ").into_bytes();
    bytes.resize(FILE_BYTES, b' ');
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_keeps_every_file_that_was_confirmed_embedded() {
    crashes(Set::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_keeps_every_file_that_was_confirmed_production() {
    crashes(Set::Production).await;
}

/// Files go up one by one, and the process dies at a moment of each.
async fn crashes(set: Set) {
    let place = Installation::start(&set, 12).await;
    let session = place.signs_in(*place.people.last().unwrap()).await;
    let (kills, mut confirmed) = (times(8, 60), 0);
    let (mut draft, mut names) = (Draft::default(), Vec::new());
    // Once each just before the file has its name and before it has its row.
    let points = ["attach.before_name", "attach.after_file_before_row"];
    for nth in 0..kills {
        let mut child = place.child(points.get(nth).copied()).await;
        if nth % EACH == 0 {
            (draft, names) = (Draft::default(), Vec::new());
        }
        let (name, bytes) = (format!("{nth}.pdf"), pdf(nth));
        let up = goes_up(&place, (&child, &session), &draft, (&name, &bytes));
        let killed = async {
            if nth < points.len() {
                until(Duration::from_secs(20), || std::future::ready(!child_is_alive(&child))).await;
            } else {
                tokio::time::sleep(moment(Duration::from_millis(600))).await;
                child.signal("KILL");
            }
        };
        let (answer, ()) = tokio::join!(up, killed);
        child.kill();
        if let Some((status, part)) = answer {
            assert_eq!(status, 200, "{part}");
            (draft, confirmed) = (Draft::read(&part), confirmed + 1);
            names.push(name.clone());
        }
        let child = place.child(None).await;
        if !draft.id.is_empty() {
            let page = page(&place, &child, &session, &draft.id).await;
            for name in &names {
                assert!(page.contains(name.as_str()), "{name} was confirmed and is gone\n{page}");
            }
            // The file that nobody heard of may be there too: then the page is newer than what one has.
            draft = Draft::read(&page);
        }
        // Whoever was not answered chooses the file again.
        if !names.contains(&name) {
            let (status, part) = goes_up(&place, (&child, &session), &draft, (&name, &bytes)).await.unwrap();
            assert_eq!(status, 200, "{part}");
            (draft, names) = (Draft::read(&part), [names, vec![name]].concat());
        }
        drop(child);
    }
    let child = place.child(None).await;
    // Whether a kill leaves one behind is a matter of moments; one is there for certain.
    std::fs::write(place.hub.place.data_dir.join("attachments/half.part"), b"%PDF").unwrap();
    grow_old(&place);
    let swept = place.hub.sweep_files().await.unwrap();
    let named = place.value("select count(distinct content_hash) from attachment").await;
    assert_eq!(place.files().len() as i64, named, "each is whole, and no other is left");
    place.judge(&format!("kill -9 while files go up, {confirmed} confirmed, {swept} swept, {set:?}"), kills).await;
    assert!(swept > 0, "what was left half written is gone");
    drop(child);
    place.end().await;
}

fn child_is_alive(child: &Child) -> bool {
    Path::new(&format!("/proc/{}/exe", child.id())).read_link().is_ok()
}

/// As if nobody had kept any of it for two days.
fn grow_old(place: &Installation) {
    let then = place.hub.clock.now() - chrono::Duration::days(2);
    for entry in std::fs::read_dir(place.hub.place.data_dir.join("attachments")).unwrap() {
        let file = std::fs::File::options().write(true).open(entry.unwrap().path()).unwrap();
        file.set_modified(then.into()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_packed_into_a_file_the_hub_stays_small() {
    let place = Installation::start(&Set::Embedded, 12).await;
    let session = place.signs_in(*place.people.last().unwrap()).await;
    let child = place.child(None).await;
    let files = heavy();
    let each = times(2, 8);
    let up = |(name, bytes, wanted): (&'static str, Vec<u8>, u16)| {
        let (place, child, session) = (&place, &child, &session);
        async move {
            let (status, part) = goes_up(place, (child, session), &Draft::default(), (name, &bytes)).await.unwrap();
            // On a machine with too much to do it may have to be asked again; nothing is taken by mistake.
            assert!([wanted, 503].contains(&status.as_u16()), "{name}: {status} {part}");
        }
    };
    let all = (0..each).flat_map(|_| files.clone());
    let uploads = stream::iter(all).map(up).buffer_unordered(12).collect::<Vec<_>>().await.len();
    let high = high_water_kb(&child);
    place.judge(&format!("{uploads} heavy files, 12 at once, {} MB at most, Embedded", high / 1024), 0).await;
    assert!(high < MOST_KB, "{high} kB");
    drop(child);
    place.end().await;
}

/// As much work as an attachment can be: those that are just good enough, and those that are not.
fn heavy() -> Vec<(&'static str, Vec<u8>, u16)> {
    let zeros = vec![0; 90 * 1024 * 1024];
    let noise = noise(4 * 1024 * 1024);
    let rows = ["<x>", &"<a b=\"c\"/>".repeat(1024 * 1024), "</x>"].concat();
    let inner = packed(&[("a", &noise[..3 * 1024 * 1024], true)]);
    vec![
        ("满.zip", packed(&[("a", &zeros, false), ("b", &noise, true)]), 200),
        ("炸弹.zip", packed(&[("a", &zeros, false), ("b", &zeros, false), ("c", &noise, true)]), 422),
        ("密.zip", packed(&[("a", &zeros, false)]), 422),
        ("套.zip", packed(&[("a.zip", &inner, true), ("b", &noise[..1024], true)]), 200),
        (
            "表.xlsx",
            packed(&[
                ("[Content_Types].xml", b"<Types/>", true),
                ("xl/a.xml", rows.as_bytes(), false),
                ("xl/b", &noise, true),
            ]),
            200,
        ),
        ("长.pdf", [b"%PDF-1.7 ", &noise[..]].concat(), 200),
    ]
}

/// Each entry with whether it is stored as it is.
fn packed(entries: &[(&str, &[u8], bool)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes, is_stored) in entries {
        let way = if *is_stored { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        archive.start_file(*name, SimpleFileOptions::default().compression_method(way)).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn noise(bytes: usize) -> Vec<u8> {
    let mut noise = vec![0; bytes];
    getrandom::fill(&mut noise).unwrap();
    noise
}

/// The most that a process has ever held.
fn high_water_kb(child: &Child) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
