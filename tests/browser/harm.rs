//! F28: whatever a file is, and however it came in, no browser carries it out on our pages.

use serde_json::json;
use zhihui::domain::message::{AttachedFile, Draft};

use crate::{
    people,
    site::Site,
    window::{DESK, Window},
};

/// Says that it ran, in whatever way it can.
const CARRIED_OUT: &str = "localStorage.ran = 1; window.ran = 1; try { parent.ran = 1; opener.ran = 1 } catch (e) {}";

/// Puts each address into the page in every way that a page could take it in, and waits for all of it.
const TAKE_IN: &str = "
    const [addresses, done] = arguments;
    const put = (tag, name, address) => new Promise(over => {
        const element = document.createElement(tag);
        if (tag === 'link') element.rel = 'stylesheet';
        element.onload = element.onerror = over;
        element[name] = address;
        document.body.append(element);
        setTimeout(over, 1500);
    });
    const all = addresses.flatMap(address => [put('script', 'src', address), put('iframe', 'src', address),
        put('object', 'data', address), put('embed', 'src', address), put('img', 'src', address),
        put('link', 'href', address)]);
    addresses.forEach(address => window.open(address));
    Promise.all(all).then(() => done(localStorage.ran || window.ran || 'nothing'));
";

fn file(name: &str, media_type: &str, bytes: &str) -> AttachedFile {
    AttachedFile { name: name.to_owned(), bytes: bytes.as_bytes().to_vec(), media_type: media_type.to_owned() }
}

/// As if every check had failed: a page, a picture with a script, a script, and a picture that is one.
fn files() -> Vec<AttachedFile> {
    let page = format!("<!doctype html><script>{CARRIED_OUT}</script>");
    let picture = format!("<svg xmlns='http://www.w3.org/2000/svg'><script>{CARRIED_OUT}</script></svg>");
    let both = format!("GIF89a/*\u{1}*/=1;{CARRIED_OUT}");
    vec![
        file("网页.html", "text/html", &page),
        file("图.svg", "image/svg+xml", &picture),
        file("程序.js", "text/javascript", CARRIED_OUT),
        file("两样.gif", "image/gif", &both),
        file("改名.pdf", "application/pdf", &page),
        file("\"><img src=x onerror=\"window.ran=1\">.pdf", "application/pdf", "%PDF-1.7"),
        file("<script>window.ran=1</script>\u{202E}fdp.exe", "application/pdf", "%PDF-1.7"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_attached_is_carried_out() {
    let site = Site::start().await;
    let office = site.department("jwc", "教务处").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    let reader = site.member("liwenbo", "李文博", office).await;
    let draft = Draft { attachments: files(), ..people::to(&reader, "附件", "请看附件。") };
    let id = site.send(&sender, draft).await;
    site.is_brought(&reader, id).await;
    for (person, page) in [(&reader, format!("/inbox/{id}")), (&sender, format!("/outbox/{id}"))] {
        let window = Window::of(&site, DESK, person).await;
        window.go(&page).await;
        window.sees("改名.pdf").await;
        window.sees("onerror").await;
        let addresses = "return [...document.querySelectorAll('a[href*=\"/files/\"]')].map(link => link.href)";
        let addresses = window.ask(addresses).await;
        assert_eq!(addresses.as_array().unwrap().len(), files().len());
        let headers = "const [addresses, done] = arguments; \
            Promise.all(addresses.map(address => fetch(address).then(answer => ['content-disposition', \
            'x-content-type-options', 'content-security-policy'].map(name => answer.headers.get(name))))).then(done)";
        for header in window.ask_later(headers, json!([addresses])).await.as_array().unwrap() {
            assert!(header[0].as_str().unwrap().starts_with("attachment; "), "{header}");
            assert_eq!(header[1], "nosniff");
            assert!(header[2].as_str().unwrap().contains("sandbox; default-src 'none'"), "{header}");
        }
        assert_eq!(window.ask_later(TAKE_IN, json!([addresses])).await, "nothing");
        assert_eq!(window.path().await, page, "and nobody is led away");
        // The page's own policy refuses most of it, and says so.
        assert!(!window.complaints().await.is_empty());
        window.close().await;
    }
    site.end().await;
}
