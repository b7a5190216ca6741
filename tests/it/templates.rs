//! Every template, strictly, with every sample, in both languages and both lights.
//!
//! `ZHIHUI_EXPORT_PAGES=1 cargo test --test it templates` also writes the pages to target/pages, to
//! be looked at: serve that folder and open one.

mod html;
mod samples;
mod sources;

use std::{fs, path::Path};

use zhihui::web::{
    frame::{assets::Assets, render::Templates},
    views::{Shell, shell::Theme},
    words::text::Lang,
};

use samples::{Kind, Sample, samples};

fn render(templates: &Templates, sample: &Sample, lang: Lang, theme: Theme) -> String {
    let shell = Shell { lang, theme, section: sample.section, ..Shell::sample() };
    let rendered = match sample.kind {
        Kind::Page => templates.render(sample.template, &shell, &sample.view),
        Kind::Part => templates.fragment(sample.template, &shell, &sample.view),
    };
    rendered.unwrap_or_else(|error| {
        let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        panic!("{} ({}): {source}", sample.name, lang.tag())
    })
}

fn each(mut look: impl FnMut(&Sample, Lang, Theme, &str)) {
    let templates = Templates::load(&Assets::load()).unwrap();
    for sample in samples() {
        for lang in Lang::ALL {
            for theme in [Theme::Light, Theme::Dark] {
                look(&sample, lang, theme, &render(&templates, &sample, lang, theme));
            }
        }
    }
}

#[test]
fn every_sample_is_sound_html_in_both_languages_and_lights() {
    let mut wrong = Vec::new();
    each(|sample, lang, theme, text| {
        for fault in html::faults(text, sample.kind == Kind::Page) {
            wrong.push(format!("{} ({}, {theme:?}): {fault}", sample.name, lang.tag()));
        }
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_page_has_a_sample() {
    let known = samples();
    for entry in fs::read_dir(sources::templates().join("pages")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let shown = known.iter().any(|sample| sample.kind == Kind::Page && sample.template == name);
        assert!(shown, "pages/{name}.hbs has no sample");
    }
}

#[test]
fn what_people_write_is_never_markup() {
    let templates = Templates::load(&Assets::load()).unwrap();
    // A letter as its sender sees it and as its readers do.
    let both =
        samples().into_iter().zip(std::iter::repeat(true)).chain(samples().into_iter().zip(std::iter::repeat(false)));
    for (mut sample, is_open) in both {
        samples::poison(&mut sample.view);
        samples::set(&mut sample.view, "is_open", is_open);
        let text = render(&templates, &sample, Lang::Chinese, Theme::Light);
        assert!(!text.contains("<b>x"), "{}: {text}", sample.name);
        let faults = html::faults(&text, false);
        let structural: Vec<_> = faults.iter().filter(|fault| !fault.contains("points")).collect();
        assert!(structural.is_empty(), "{}: {structural:#?}", sample.name);
    }
}

#[test]
fn export() {
    if std::env::var_os("ZHIHUI_EXPORT_PAGES").is_none() {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pages");
    fs::create_dir_all(root.join("static")).unwrap();
    for (name, asset) in Assets::load().iter() {
        fs::write(root.join("static").join(name), &asset.body).unwrap();
    }
    each(|sample, lang, theme, text| {
        let light = if theme == Theme::Dark { "dark" } else { "light" };
        fs::write(root.join(format!("{}.{}.{light}.html", sample.name, lang.tag())), text).unwrap();
    });
}
