//! 青溪大学: its departments, and who belongs into each. It does not exist.

/// What a department is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    School,
    Office,
    Section,
    College,
    Chair,
    Class,
    Retired,
}

/// One department.
pub(super) struct Unit {
    pub code: &'static str,
    pub name: &'static str,
    /// the code of the department above; the first has none
    pub above: &'static str,
    pub sort: Sort,
}

const fn unit(code: &'static str, name: &'static str, above: &'static str, sort: Sort) -> Unit {
    Unit { code, name, above, sort }
}

/// Each stands after the one above it.
pub(super) const UNITS: [Unit; 31] = [
    unit("qx", "青溪大学", "", Sort::School),
    unit("xb", "学校办公室", "qx", Sort::Office),
    unit("xb-ms", "秘书科", "xb", Sort::Section),
    unit("jwc", "教务处", "qx", Sort::Office),
    unit("jwc-yx", "教学运行科", "jwc", Sort::Section),
    unit("jwc-ks", "考试中心", "jwc", Sort::Section),
    unit("rsc", "人事处", "qx", Sort::Office),
    unit("xsc", "学生工作处", "qx", Sort::Office),
    unit("kyc", "科研处", "qx", Sort::Office),
    unit("hqc", "后勤管理处", "qx", Sort::Office),
    unit("hqc-hy", "会议服务中心", "hqc", Sort::Section),
    unit("hqc-sd", "水电维修科", "hqc", Sort::Section),
    unit("bwc", "保卫处", "qx", Sort::Office),
    unit("xxc", "信息化管理中心", "qx", Sort::Office),
    unit("xxc-wl", "网络与安全科", "xxc", Sort::Section),
    unit("tsg", "图书馆", "qx", Sort::Office),
    unit("yy", "校医院", "qx", Sort::Office),
    unit("jsj", "计算机学院", "qx", Sort::College),
    unit("jsj-rj", "软件工程系", "jsj", Sort::Chair),
    unit("jsj-rg", "人工智能系", "jsj", Sort::Chair),
    unit("jsj-2024", "软件工程2024级", "jsj", Sort::Class),
    unit("jx", "机械工程学院", "qx", Sort::College),
    unit("jx-zz", "智能制造系", "jx", Sort::Chair),
    unit("jx-2025", "机械工程2025级", "jx", Sort::Class),
    unit("wx", "文学院", "qx", Sort::College),
    unit("wx-zw", "中国语言文学系", "wx", Sort::Chair),
    unit("wx-2023", "汉语言文学2023级", "wx", Sort::Class),
    unit("jg", "经济管理学院", "qx", Sort::College),
    unit("jg-kj", "会计系", "jg", Sort::Chair),
    unit("jg-2024", "工商管理2024级", "jg", Sort::Class),
    unit("ltx", "离退休工作处", "qx", Sort::Retired),
];

/// Where everybody of a large university studies, so that the small one's story stays as it is.
pub(super) const MORE_UNITS: [Unit; 13] = [
    unit("jj", "继续教育学院", "qx", Sort::College),
    unit("jj-fx-2023", "法学2023级", "jj", Sort::Class),
    unit("jj-fx-2024", "法学2024级", "jj", Sort::Class),
    unit("jj-fx-2025", "法学2025级", "jj", Sort::Class),
    unit("jj-hl-2023", "护理学2023级", "jj", Sort::Class),
    unit("jj-hl-2024", "护理学2024级", "jj", Sort::Class),
    unit("jj-hl-2025", "护理学2025级", "jj", Sort::Class),
    unit("jj-tm-2023", "土木工程2023级", "jj", Sort::Class),
    unit("jj-tm-2024", "土木工程2024级", "jj", Sort::Class),
    unit("jj-tm-2025", "土木工程2025级", "jj", Sort::Class),
    unit("jj-xq-2023", "学前教育2023级", "jj", Sort::Class),
    unit("jj-xq-2024", "学前教育2024级", "jj", Sort::Class),
    unit("jj-xq-2025", "学前教育2025级", "jj", Sort::Class),
];

impl Unit {
    /// What 部门负责人 is called here.
    pub fn head(&self) -> &'static str {
        match self.sort {
            Sort::School => "校长",
            Sort::Class => "辅导员",
            Sort::Chair => "系主任",
            _ if self.name.ends_with('处') => "处长",
            _ if self.name.ends_with('科') => "科长",
            _ if self.name.ends_with('馆') => "馆长",
            _ if self.name.ends_with('院') => "院长",
            _ => "主任",
        }
    }

    /// The second in charge, who is asked when the head does not answer.
    pub fn deputy(&self) -> Option<String> {
        match self.sort {
            Sort::School => Some("常务副校长".to_owned()),
            Sort::Section | Sort::Class => None,
            _ => Some(format!("副{}", self.head())),
        }
    }
}

impl Sort {
    /// What the others are, in turn; students have no titles.
    pub fn titles(self) -> &'static [&'static str] {
        match self {
            Self::School => &["党委书记", "副校长", "副校长", "总会计师"],
            Self::Office => &["综合科科长", "科员", "科员", "主管"],
            Self::Section => &["主管", "科员", "工程师"],
            Self::College => &["教学秘书", "科研秘书", "团委书记", "实验师"],
            Self::Chair => &["教授", "副教授", "讲师", "讲师", "副教授", "助教"],
            Self::Class | Self::Retired => &[],
        }
    }

    /// People beside the head and his deputy whatever the size of the university.
    pub fn least(self) -> usize {
        match self {
            Self::School | Self::College => 4,
            Self::Office | Self::Section => 3,
            Self::Chair => 5,
            Self::Class | Self::Retired => 2,
        }
    }

    /// How many of those who are left over come here, against the others.
    pub fn weight(self) -> usize {
        match self {
            Self::School => 0,
            Self::Office | Self::College => 2,
            Self::Section => 1,
            Self::Chair => 10,
            Self::Class => 40,
            Self::Retired => 8,
        }
    }

    pub fn kind(self) -> &'static str {
        match self {
            Self::Class => "student",
            Self::Retired => "retired",
            _ => "staff",
        }
    }
}

/// How many people these departments have at least.
pub(super) fn least(units: &[Unit]) -> usize {
    units.iter().map(|unit| 1 + usize::from(unit.deputy().is_some()) + unit.sort.least()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_has_three_levels_and_names_nobody_before_he_is_there() {
        let mut depths = std::collections::BTreeMap::new();
        for unit in UNITS.iter().chain(&MORE_UNITS) {
            let above = if unit.above.is_empty() { 0 } else { depths[unit.above] };
            assert!(depths.insert(unit.code, above + 1).is_none(), "{} twice", unit.code);
        }
        assert_eq!(depths.values().max(), Some(&3));
        assert!(least(&UNITS) < 200, "{}", least(&UNITS));
    }
}
