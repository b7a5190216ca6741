//! Departments by their paths, and those that an import adds.

use std::collections::{HashMap, HashSet};

use crate::{
    domain::{DepartmentId, pinyin_keys},
    storage::departments::{DEEPEST, Department},
};

/// The tree as it is and as it will be.
pub struct Tree {
    nodes: HashMap<DepartmentId, Department>,
    children: HashMap<(Option<DepartmentId>, String), DepartmentId>,
    by_name: HashMap<String, Vec<DepartmentId>>,
    codes: HashSet<String>,
    /// To be written, parents before children.
    pub added: Vec<Department>,
}

/// Why a path leads nowhere: reason and suggestion.
pub type Astray = (String, &'static str);

impl Tree {
    pub fn of(departments: Vec<Department>) -> Self {
        let mut tree = Self {
            nodes: HashMap::new(),
            children: HashMap::new(),
            by_name: HashMap::new(),
            codes: HashSet::new(),
            added: Vec::new(),
        };
        for department in departments {
            tree.enter(department);
        }
        tree
    }

    /// The departments at the ends of the paths; what is missing on the way is added. When one path
    /// leads nowhere, nothing is.
    pub fn place_all(&mut self, paths: &[Vec<String>]) -> Result<Vec<DepartmentId>, Astray> {
        let before = self.added.len();
        let mut found = Vec::with_capacity(paths.len());
        for path in paths {
            match self.place(path) {
                Ok(id) if found.contains(&id) => {}
                Ok(id) => found.push(id),
                Err(astray) => {
                    self.undo_to(before);
                    return Err(astray);
                }
            }
        }
        Ok(found)
    }

    /// `A->B->C`, as it is written in a spreadsheet.
    pub fn path_of(&self, id: DepartmentId) -> String {
        let names: Vec<_> = self.upwards(id).map(|department| department.name.as_str()).collect();
        names.into_iter().rev().collect::<Vec<_>>().join("->")
    }

    /// A path begins at a root; where no root has its first name but one department alone does, it
    /// begins there.
    fn place(&mut self, path: &[String]) -> Result<DepartmentId, Astray> {
        let mut at: Option<DepartmentId> = None;
        for (depth, name) in path.iter().enumerate() {
            let known = self.children.get(&(at, name.clone())).copied();
            let only = || match self.by_name.get(name).map(Vec::as_slice) {
                Some([only]) if depth == 0 => Some(*only),
                _ => None,
            };
            at = Some(match known.or_else(only) {
                Some(id) => id,
                None => self.add(name, at)?,
            });
        }
        at.ok_or_else(|| ("没有部门名称".to_owned(), "例如：青溪大学->教务处"))
    }

    fn add(&mut self, name: &str, parent: Option<DepartmentId>) -> Result<DepartmentId, Astray> {
        let above: Vec<_> = parent.into_iter().flat_map(|id| self.upwards(id)).collect();
        if above.iter().any(|department| department.name == name) {
            let circle = above.iter().rev().map(|department| department.name.as_str()).chain([name]);
            return Err((
                format!("部门互为上下级：{}", circle.collect::<Vec<_>>().join("->")),
                "请核对该部门的上级，部门不能是自己的下级",
            ));
        }
        if i64::try_from(above.len()).is_ok_and(|depth| depth >= DEEPEST) {
            return Err((format!("部门超过 {DEEPEST} 级"), "请合并中间的级别"));
        }
        let department = Department {
            id: DepartmentId::new(),
            code: self.free_code(name),
            name: name.to_owned(),
            parent_id: parent,
            position: i64::try_from(self.nodes.len()).unwrap_or(i64::MAX),
        };
        let id = department.id;
        self.added.push(department.clone());
        self.enter(department);
        Ok(id)
    }

    /// 教务处 is `jwc`; a second one `jwc2`.
    fn free_code(&self, name: &str) -> String {
        let initials: String = pinyin_keys::initials(name).chars().take(20).collect();
        let stem = if initials.is_empty() { "dept".to_owned() } else { initials };
        let numbered = (2..).map(|number: u64| format!("{stem}{number}"));
        std::iter::once(stem.clone())
            .chain(numbered)
            .find(|code| !self.codes.contains(code))
            .expect("numbers do not run out")
    }

    fn enter(&mut self, department: Department) {
        self.children.insert((department.parent_id, department.name.clone()), department.id);
        self.by_name.entry(department.name.clone()).or_default().push(department.id);
        self.codes.insert(department.code.clone());
        self.nodes.insert(department.id, department);
    }

    fn undo_to(&mut self, length: usize) {
        for department in self.added.drain(length..) {
            self.children.remove(&(department.parent_id, department.name.clone()));
            if let Some(named) = self.by_name.get_mut(&department.name) {
                named.retain(|id| *id != department.id);
            }
            self.codes.remove(&department.code);
            self.nodes.remove(&department.id);
        }
    }

    /// Itself first, then its parents.
    fn upwards(&self, id: DepartmentId) -> impl Iterator<Item = &Department> {
        std::iter::successors(self.nodes.get(&id), |department| {
            department.parent_id.and_then(|parent| self.nodes.get(&parent))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<Vec<String>> {
        text.split(';').map(|path| path.split("->").map(str::to_owned).collect()).collect()
    }

    #[test]
    fn what_is_there_is_found_and_what_is_missing_is_added_once() {
        let mut tree = Tree::of(Vec::new());
        let section = tree.place_all(&path("大学->教务处->教学科")).unwrap()[0];
        let both = tree.place_all(&path("大学->教务处->教学科;大学->后勤处")).unwrap();
        assert_eq!((both[0], tree.added.len()), (section, 4));
        assert_eq!(tree.path_of(section), "大学->教务处->教学科");
        assert_eq!(tree.place_all(&path("教学科")).unwrap(), [section], "one alone has this name");
        assert_eq!(tree.added[1].code, "jwc");
        tree.place_all(&path("医院->教务处")).unwrap();
        assert_eq!(tree.added.last().unwrap().code, "jwc2");
    }

    #[test]
    fn nobody_is_their_own_superior_even_across_rows() {
        let mut tree = Tree::of(Vec::new());
        assert!(tree.place_all(&path("甲->乙->甲")).unwrap_err().0.contains("甲->乙->甲"));
        assert!(tree.added.is_empty(), "a path that leads nowhere leaves nothing");
        tree.place_all(&path("甲->乙")).unwrap();
        assert!(tree.place_all(&path("丙;乙->甲")).is_err());
        assert_eq!(tree.added.len(), 2);
    }

    #[test]
    fn twenty_levels_and_no_more() {
        let mut tree = Tree::of(Vec::new());
        let levels: Vec<String> = (1..=21).map(|level| format!("第{level}级")).collect();
        assert!(tree.place_all(&[levels[..20].to_vec()]).is_ok());
        assert!(tree.place_all(&[levels]).unwrap_err().0.contains("20"));
    }
}
