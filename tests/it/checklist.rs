//! Every line of the checklist that is declared done, and the test that drives it as people do:
//! through HTTP, or in a browser.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use crate::tidy;

/// A letter pair of the checklist, how many lines it has, and the tests of each.
struct Section {
    code: &'static str,
    lines: usize,
    tests: &'static [(usize, &'static [&'static str])],
}

/// Those that are whole. A section comes in with its last line.
const DONE: [Section; 6] = [COMPOSE, INBOX, OUTBOX, APPROVALS, RECYCLE_BIN, GROUPS];

/// 发信
#[rustfmt::skip]
const COMPOSE: Section = Section { code: "MC", lines: 17, tests: &[
    (1, &["what_is_written_reaches_whom_it_is_for_once", "files_are_kept_with_a_draft_until_they_are_taken_out",
          "a_preview_goes_to_its_writer_over_every_channel_of_the_rule_and_is_no_message_of_his"]),
    (2, &["people_are_found_by_name_sound_account_and_phone_and_narrowed_down",
          "people_are_found_picked_and_taken_out_and_the_number_follows",
          "a_shared_group_is_used_and_not_edited_until_it_is_taken_back"]),
    (3, &["people_are_found_by_name_sound_account_and_phone_and_narrowed_down",
          "whom_it_is_for_is_picked_pasted_left_out_and_narrowed"]),
    (4, &["what_is_written_reaches_whom_it_is_for_once"]),
    (5, &["a_link_is_written_waits_for_its_time_and_counts_who_follows_it", "a_button_is_pressed_once_and_a_link_is_followed"]),
    (6, &["a_draft_waits_for_its_writer_and_is_gone_when_it_is_sent", "a_letter_is_counted_signed_and_leafed_through"]),
    (7, &["what_is_typed_arrives_as_text_and_never_as_markup", "what_people_write_is_never_markup"]),
    (8, &["a_free_signature_stands_under_the_letter_and_none_where_none_was_typed", "a_letter_is_counted_signed_and_leafed_through"]),
    (9, &["files_go_with_a_message_and_are_what_they_say", "files_go_up_when_they_are_chosen_dropped_or_pasted"]),
    (10, &["a_rule_shows_its_channels_and_delays_and_the_message_goes_out_by_the_chosen_one",
           "a_rule_that_would_reach_only_the_inbox_is_shown_and_cannot_be_chosen"]),
    (11, &["opening_is_reading_and_an_answer_is_given_once", "a_receipt_is_given_once_and_其他_needs_words"]),
    (12, &["somebody_signs_in_reads_and_answers_with_words_of_their_own",
           "a_sender_sees_who_read_and_answered_reminds_and_recalls"]),
    (13, &["a_link_is_written_waits_for_its_time_and_counts_who_follows_it",
           "a_message_is_sent_again_and_again_until_it_is_stopped"]),
    (14, &["a_draft_waits_for_its_writer_and_is_gone_when_it_is_sent",
           "what_is_written_saves_itself_and_two_windows_lose_nothing"]),
    (15, &["a_preview_goes_to_its_writer_over_every_channel_of_the_rule_and_is_no_message_of_his"]),
    (16, &["what_was_just_sent_is_taken_back_before_anybody_has_it",
           "a_head_consents_and_a_recipients_open_page_learns_of_it"]),
    (17, &["the_outbox_has_its_columns_ten_lines_and_a_jump"]),
] };

/// 收件箱
#[rustfmt::skip]
const INBOX: Section = Section { code: "MI", lines: 9, tests: &[
    (1, &["opening_is_reading_and_an_answer_is_given_once"]),
    (2, &["a_letter_is_counted_signed_and_leafed_through"]),
    (3, &["opening_is_reading_and_an_answer_is_given_once", "what_was_deleted_comes_back_when_it_is_undone"]),
    (4, &["opening_is_reading_and_an_answer_is_given_once"]),
    (5, &["many_are_tidied_at_once_and_found_by_words"]),
    (6, &["what_a_reader_deletes_lies_in_his_bin_until_he_restores_or_purges_it"]),
    (7, &["what_a_reader_deletes_lies_in_his_bin_until_he_restores_or_purges_it",
          "what_is_deleted_leaves_the_others_unread_on_the_phone_and_on_the_desk"]),
    (8, &["each_of_the_six_signs_says_what_it_means", "a_letter_is_counted_signed_and_leafed_through"]),
    (9, &["the_first_page_says_what_waits", "a_new_message_is_told_and_a_reading_too"]),
] };

/// 审批箱
#[rustfmt::skip]
const APPROVALS: Section = Section { code: "MA", lines: 9, tests: &[
    (1, &["an_approver_sees_what_goes_out_and_decides", "nobody_opens_what_is_not_theirs"]),
    (2, &["the_box_has_two_tabs_and_is_searched_by_sender_or_title"]),
    (3, &["the_box_has_two_tabs_and_is_searched_by_sender_or_title"]),
    (4, &["an_approver_sees_what_goes_out_and_decides", "a_head_consents_and_a_recipients_open_page_learns_of_it"]),
    (5, &["each_is_told_when_his_node_is_reached_and_it_goes_out_after_the_last",
          "a_message_is_returned_written_anew_and_passes_two_nodes"]),
    (6, &["a_rejected_broadcast_goes_to_nobody_and_needs_a_reason",
          "what_comes_back_from_its_sender_shows_what_has_changed_since_it_was_returned"]),
    (7, &["each_is_told_when_his_node_is_reached_and_it_goes_out_after_the_last",
          "an_administrator_adds_changes_and_orders_rules_and_each_change_is_in_the_audit"]),
    (8, &["an_approver_sees_what_goes_out_and_decides",
          "somebody_stands_in_for_a_while_and_a_request_is_passed_on_in_the_browser"]),
    (9, &["a_broadcast_waits_for_the_head_and_leaves_when_he_agrees",
          "the_last_rule_that_catches_mass_mail_goes_only_when_that_is_meant"]),
] };

/// 群分组
#[rustfmt::skip]
const GROUPS: Section = Section { code: "MG", lines: 13, tests: &[
    (1, &["one_member_comes_by_form_from_inside_or_outside", "somebody_outside_who_is_kept_twice_gets_one_message"]),
    (2, &["groups_are_added_edited_and_deleted_and_lie_in_folders"]),
    (3, &["groups_are_added_edited_and_deleted_and_lie_in_folders", "a_name_is_needed_short_and_taken_once_and_what_was_typed_stays"]),
    (4, &["groups_are_sorted_and_moved_into_folders_but_not_those_that_others_share",
          "groups_and_members_are_dragged_and_moved_by_keys"]),
    (5, &["groups_are_added_edited_and_deleted_and_lie_in_folders"]),
    (6, &["a_shared_group_is_used_and_not_edited_until_it_is_taken_back"]),
    (7, &["groups_are_added_edited_and_deleted_and_lie_in_folders", "a_group_that_a_scheduled_message_uses_stays"]),
    (8, &["one_member_comes_by_form_from_inside_or_outside"]),
    (9, &["members_come_from_the_tree_with_ticks", "people_of_a_department_are_ticked_in_the_tree"]),
    (10, &["members_come_from_a_spreadsheet_and_a_wrong_row_says_why", "a_spreadsheet_is_taken_in_by_the_browser"]),
    (11, &["members_are_copied_moved_and_taken_out_one_or_many"]),
    (12, &["members_are_copied_moved_and_taken_out_one_or_many"]),
    (13, &["a_member_is_edited_for_this_group_alone_and_members_are_sorted",
           "groups_and_members_are_dragged_and_moved_by_keys"]),
] };

/// 回收站
#[rustfmt::skip]
const RECYCLE_BIN: Section = Section { code: "MR", lines: 5, tests: &[
    (1, &["what_a_reader_deletes_lies_in_his_bin_until_he_restores_or_purges_it",
          "what_a_sender_deletes_nobody_opens_until_he_restores_it"]),
    (2, &["what_lies_there_for_its_time_is_gone"]),
    (3, &["what_a_reader_deletes_lies_in_his_bin_until_he_restores_or_purges_it",
          "what_a_sender_deletes_nobody_opens_until_he_restores_it"]),
    (4, &["what_a_reader_deletes_lies_in_his_bin_until_he_restores_or_purges_it",
          "several_are_deleted_at_once_and_what_is_under_way_stays"]),
    (5, &["what_a_reader_deletes_lies_in_his_bin_until_he_restores_or_purges_it",
          "what_a_sender_deletes_nobody_opens_until_he_restores_it"]),
] };

/// 发件箱
#[rustfmt::skip]
const OUTBOX: Section = Section { code: "MO", lines: 16, tests: &[
    (1, &["each_of_the_six_tabs_has_what_is_in_its_state_and_nothing_else", "a_message_that_was_held_goes_out_when_its_sender_says_so"]),
    (2, &["the_outbox_has_its_columns_ten_lines_and_a_jump"]),
    (3, &["a_sender_leafs_through_what_he_sent_and_reminds_whom_he_chooses"]),
    (4, &["what_a_sender_deletes_nobody_opens_until_he_restores_it"]),
    (5, &["a_sender_sees_who_read_and_answered_reminds_and_recalls"]),
    (6, &["what_was_recalled_is_written_again_and_what_is_out_is_not"]),
    (7, &["a_sender_sees_who_read_and_answered_reminds_and_recalls", "what_was_added_is_recalled_and_deleted_with_the_message"]),
    (8, &["what_was_recalled_is_written_again_and_what_is_out_is_not", "a_draft_waits_for_its_writer_and_is_gone_when_it_is_sent"]),
    (9, &["several_are_deleted_at_once_and_what_is_under_way_stays"]),
    (10, &["a_curve_shows_when_it_was_read_and_answered", "a_sender_sees_who_read_and_answered_reminds_and_recalls"]),
    (11, &["a_sender_sees_who_read_and_answered_reminds_and_recalls"]),
    (12, &["a_sender_leafs_through_what_he_sent_and_reminds_whom_he_chooses"]),
    (13, &["people_are_added_and_sent_to_again_from_the_data_page", "a_sender_has_the_recipients_as_a_spreadsheet"]),
    (14, &["a_line_of_the_recipients_has_all_that_the_manual_has_columns_for"]),
    (15, &["every_try_to_reach_somebody_stands_with_its_time_and_the_providers_words"]),
    (16, &["a_sender_has_the_recipients_as_a_spreadsheet"]),
] };

/// Where tests use the product as people and programs do.
const OUTSIDE: [&str; 3] = ["tests/it/pages", "tests/it/api", "tests/browser"];

#[test]
fn every_line_of_a_section_that_is_done_has_its_test() {
    let (tests, outside) = (tests_under(&["tests"]), tests_under(&OUTSIDE));
    for section in DONE {
        let code = section.code;
        let lines: BTreeMap<_, _> = section.tests.iter().copied().collect();
        assert_eq!(lines.len(), section.tests.len(), "{code}: a line twice");
        assert!(lines.keys().copied().eq(1..=section.lines), "{code}: lines {:?}", lines.keys());
        for (line, names) in lines {
            for name in names {
                assert!(tests.contains(*name), "{code}-{line:02}: there is no test {name}");
            }
            let proved = names.iter().any(|name| outside.contains(*name));
            assert!(proved, "{code}-{line:02} has no test in {OUTSIDE:?}: what nobody can reach is not done");
        }
    }
}

/// The names of all tests in these folders.
fn tests_under(folders: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let is_there = |file: &PathBuf| folders.iter().any(|folder| file.starts_with(folder));
    for file in tidy::files(&["rs"]).into_iter().filter(is_there) {
        let mut is_test = false;
        for line in tidy::read(&file).lines().map(str::trim) {
            let name = line.trim_start_matches("async ").strip_prefix("fn ").and_then(|rest| rest.split('(').next());
            match name {
                Some(name) if is_test => _ = found.insert(name.to_owned()),
                _ => {}
            }
            is_test = line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        }
    }
    found
}
