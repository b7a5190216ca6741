//! Pictures of every page, wide and narrow, light and dark, into the folder that
//! `ZHIHUI_TEST_SCREENSHOTS` names. Without it nobody asked, and nothing is drawn.

use std::path::PathBuf;

use crate::{
    site::Site,
    tour,
    window::{DESK, PHONE, Size, Window},
};

/// Longer pages are cut here.
const HIGHEST: u32 = 3000;

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_drawn_wide_and_narrow_light_and_dark() {
    let Some(folder) = std::env::var_os("ZHIHUI_TEST_SCREENSHOTS").map(PathBuf::from) else { return };
    let site = Site::demonstration().await;
    let stops = tour::stops(&site).await;
    let window = Window::open(&site, DESK).await;
    for stop in &stops {
        for (shape, size) in [("wide", DESK), ("narrow", PHONE)] {
            for (light, is_dark) in [("light", false), ("dark", true)] {
                window.resize(size).await;
                window.set_dark(is_dark).await;
                window.visit(&site, stop).await;
                window.until("document.readyState === 'complete' && document.fonts.status === 'loaded'").await;
                let picture = window.picture(Size(size.0, HIGHEST)).await;
                std::fs::write(folder.join(format!("{}-{shape}-{light}.png", stop.name)), picture).unwrap();
            }
        }
    }
    window.complaints().await;
    window.close().await;
    site.end().await;
}
