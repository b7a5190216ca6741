//! Names for people who do not exist: common surnames, and given names as they are given.

use std::collections::HashSet;

use super::dice::Dice;

/// The commoner, the more often: each line is as likely as the next.
const SURNAMES: [&str; 7] = [
    "王李张刘陈",
    "杨黄赵吴周徐",
    "孙马朱胡郭何林高罗",
    "郑梁谢宋唐许邓韩冯曹彭曾",
    "萧田董潘袁蔡蒋余于杜叶程魏苏吕丁",
    "任沈姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏",
    "邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严覃武",
];
const DOUBLE_SURNAMES: [&str; 4] = ["欧阳", "上官", "司马", "诸葛"];
/// The first character of a given name serves everybody.
const FIRST: &str = "文思子晓志建嘉梓若清云宇明海春秋景书天一知承怀安亦以沐泽雨瑞修存";
const LAST_MALE: &str = "伟强磊军杰涛斌鹏辉峰超勇刚平健航轩然博远舟恒毅川诚哲桓霖松骁";
const LAST_FEMALE: &str = "芳娜敏静丽娟艳霞玲燕琳婷雪颖萱怡涵桐溪薇宁瑶岚莹月妍珊蓉悦晴";
/// So often a name that somebody has is tried again before two people share one.
const TRIES: usize = 20;

/// Gives everybody a name of his own as long as there are enough.
pub(super) struct Names {
    dice: Dice,
    given: HashSet<String>,
}

impl Names {
    pub fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed), given: HashSet::new() }
    }

    /// A name that somebody has already.
    pub fn take(&mut self, name: &str) {
        self.given.insert(name.to_owned());
    }

    pub fn next(&mut self, is_female: bool) -> String {
        for _ in 0..TRIES {
            let name = self.draw(is_female);
            if self.given.insert(name.clone()) {
                return name;
            }
        }
        self.draw(is_female)
    }

    fn draw(&mut self, is_female: bool) -> String {
        let surname = if self.dice.percent(1) {
            (*self.dice.pick(&DOUBLE_SURNAMES)).to_owned()
        } else {
            let line = *self.dice.pick(&SURNAMES);
            self.character(line).to_string()
        };
        let last = self.character(if is_female { LAST_FEMALE } else { LAST_MALE });
        // One in four has a single character.
        if self.dice.percent(25) {
            return format!("{surname}{last}");
        }
        let first = self.character(FIRST);
        format!("{surname}{first}{last}")
    }

    fn character(&mut self, from: &str) -> char {
        let characters: Vec<char> = from.chars().collect();
        *self.dice.pick(&characters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names_differ_and_are_the_same_every_time() {
        let mut one = Names::new(7);
        let mut again = Names::new(7);
        let names: Vec<_> = (0..400).map(|nth| one.next(nth % 2 == 0)).collect();
        assert!(names.iter().all(|name| crate::domain::name::check(name).is_ok()), "{names:?}");
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), 400);
        assert_eq!(names, (0..400).map(|nth| again.next(nth % 2 == 0)).collect::<Vec<_>>());
    }
}
