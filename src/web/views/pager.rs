//! `parts/pager`: the pages of a list, one after the other and by number.

use serde::Serialize;
use url::form_urlencoded::Serializer;

/// Page numbers around the one that is open; further off stand the first and the last.
const BESIDE: i64 = 2;

/// Where one is in a list, and where one can go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pager {
    /// from 1
    pub page: i64,
    pub pages: i64,
    /// lines of all pages
    pub total: i64,
    /// There are more than are counted.
    pub is_more: bool,
    pub previous: Option<String>,
    pub next: Option<String>,
    pub numbers: Vec<PageLink>,
    /// Where a typed number goes: a path, and what narrows the list.
    pub path: String,
    pub narrowed: Vec<Narrowed>,
}

/// One number; a gap has no address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageLink {
    pub number: i64,
    pub address: Option<String>,
    pub is_current: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Narrowed {
    pub name: String,
    pub value: String,
}

/// A list that is shown in pages.
#[derive(Debug, Clone, Copy)]
pub struct Paged<'a> {
    pub path: &'a str,
    pub narrowed: &'a [(&'a str, &'a str)],
    pub total: i64,
    pub size: i64,
    /// No more than so many are counted.
    pub most: i64,
}

impl Paged<'_> {
    pub fn pages(&self) -> i64 {
        ((self.total + self.size - 1) / self.size).max(1)
    }

    /// `cursor` leads to the next page without passing over all before it. None for one page.
    pub fn at(&self, page: i64, cursor: Option<&str>) -> Option<Pager> {
        let pages = self.pages();
        if pages < 2 {
            return None;
        }
        let near = (page - BESIDE).max(1)..=(page + BESIDE).min(pages);
        let mut shown: Vec<i64> = near.collect();
        for end in [1, pages] {
            if !shown.contains(&end) {
                shown.push(end);
            }
        }
        shown.sort_unstable();
        let mut numbers = Vec::with_capacity(shown.len() + 2);
        for number in shown {
            if numbers.last().is_some_and(|last: &PageLink| last.number + 1 < number) {
                numbers.push(PageLink { number: number - 1, address: None, is_current: false });
            }
            let is_current = number == page;
            numbers.push(PageLink { number, address: Some(self.address(number, None)), is_current });
        }
        let narrowed = self.narrowed.iter().filter(|(_, value)| !value.is_empty());
        Some(Pager {
            page,
            pages,
            total: self.total,
            is_more: self.total >= self.most,
            previous: (page > 1).then(|| self.address(page - 1, None)),
            next: (page < pages).then(|| self.address(page + 1, cursor)),
            numbers,
            path: self.path.to_owned(),
            narrowed: narrowed.map(|(name, value)| Narrowed { name: (*name).into(), value: (*value).into() }).collect(),
        })
    }

    fn address(&self, page: i64, cursor: Option<&str>) -> String {
        let page = page.to_string();
        let here = [("page", page.as_str()), ("cursor", cursor.unwrap_or_default())];
        narrowed_address(self.path, &[self.narrowed, &here].concat())
    }
}

/// A list with what narrows it; what is empty is left out.
pub fn narrowed_address(path: &str, narrowed: &[(&str, &str)]) -> String {
    let mut query = Serializer::new(String::new());
    query.extend_pairs(narrowed.iter().filter(|(_, value)| !value.is_empty()));
    format!("{path}?{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_the_last_and_those_beside_are_shown_with_gaps_between() {
        let list = Paged { path: "/x", narrowed: &[("q", "a b"), ("r", "")], total: 95, size: 10, most: 1000 };
        let shown = |page| -> Vec<String> {
            let pager = list.at(page, None).expect("ten pages");
            let word = |link: &PageLink| match (&link.address, link.is_current) {
                (None, _) => "…".to_owned(),
                (_, true) => format!("[{}]", link.number),
                _ => link.number.to_string(),
            };
            pager.numbers.iter().map(word).collect()
        };
        assert_eq!(shown(1).join(" "), "[1] 2 3 … 10");
        assert_eq!(shown(5).join(" "), "1 … 3 4 [5] 6 7 … 10");
        assert_eq!(shown(10).join(" "), "1 … 8 9 [10]");
        let pager = list.at(1, Some("c")).expect("ten pages");
        assert_eq!(pager.next.as_deref(), Some("/x?q=a+b&page=2&cursor=c"));
        assert_eq!((pager.previous, pager.narrowed.len()), (None, 1));
        assert_eq!(Paged { total: 10, ..list }.at(1, None), None);
    }
}
