//! Every line of the catalogue and what keeps it: tests by their names, and what has to wait for a
//! part of the product that is not there yet.

use std::collections::BTreeSet;

use crate::tidy;

/// The line, the tests that keep it, and what of it is still to come.
type Line = (u8, &'static [&'static str], &'static str);

const DOORS: &str = "what_is_wrong_is_wrong_at_every_door";
const STRICT: &str = "what_is_not_one_strict_json_text_is_refused_at_both_doors_of_programs";
const FILES: &str = "the_name_and_the_bytes_must_agree";
const SHEET: &str = "a_file_that_is_none_says_what_it_is";
const ROWS: &str = "a_wrong_row_fails_alone_and_says_why";
const BODIES: &str = "what_is_posted_is_json_of_a_size_and_has_a_key";

#[rustfmt::skip]
const LINES: [Line; 68] = [
    (1, &[DOORS], ""),
    (2, &[DOORS], ""),
    (3, &[DOORS], ""),
    (4, &[DOORS], ""),
    (5, &[DOORS, "emoji_are_counted_as_characters_and_never_cut"], ""),
    (6, &[DOORS], ""),
    (7, &[DOORS, "text_is_cleaned_without_losing_anything_that_can_be_seen"], ""),
    (8, &[STRICT], ""),
    (9, &[DOORS, "a_link_is_http_with_a_host"], ""),
    (10, &[DOORS, "a_link_is_http_with_a_host"], ""),
    (11, &[DOORS, "a_link_brings_nothing_that_its_form_hides"], ""),
    (12, &[DOORS], ""),
    (13, &["somebody_named_twice_gets_one_copy"], ""),
    (14, &[DOORS, "nobody_and_strangers_are_refused_without_telling_who_exists",
           "whoever_is_out_of_a_modules_range_is_as_unknown_as_nobody"], ""),
    (15, &["recipients_and_placeholders_are_filled_in"], ""),
    (16, &[DOORS], ""),
    (17, &[DOORS, "a_template_language_is_refused"], ""),
    (18, &[DOORS], ""),
    (19, &[DOORS, "an_hour_that_summer_time_skips_is_no_time"], ""),
    (20, &[DOORS], ""),
    (21, &[DOORS, "an_expression_has_six_fields_fires_and_not_too_often"], ""),
    (22, &[DOORS, "the_last_option_is_the_hubs_own"], ""),
    (23, &["a_receipt_is_given_once_and_其他_needs_words", "a_recalled_message_is_gone_and_nothing_more_goes_out",
           "opening_is_reading_and_an_answer_is_given_once"], ""),
    (24, &["what_was_recalled_is_written_again_and_what_is_out_is_not", "a_message_is_recalled_and_reminded_of_by_its_own_module"],
     "the recycle bin's page"),
    (25, &["nobody_decides_twice_nor_for_others", "nobody_agrees_to_his_own_or_to_what_has_changed",
           "an_approver_sees_what_goes_out_and_decides"], ""),
    (26, &["a_rejected_broadcast_goes_to_nobody_and_needs_a_reason"], ""),
    (27, &["a_name_is_needed_short_and_taken_once_and_what_was_typed_stays",
           "groups_are_sorted_and_moved_into_folders_but_not_those_that_others_share"], ""),
    (28, &[DOORS, "what_is_unambiguous_is_normalised", "a_phone_number_is_kept_as_eleven_digits"], ""),
    (29, &[DOORS, "what_is_not_a_mobile_number_says_why"], ""),
    (30, &[], "ID numbers, with visitors"),
    (31, &[DOORS, "plain_addresses_pass_and_the_rest_does_not"], ""),
    (32, &[DOORS, "a_form_refuses_what_is_no_name", "a_cell_with_a_line_break_becomes_a_name",
           "names_and_titles_from_a_spreadsheet_stay_on_one_line"], ""),
    (33, &[SHEET], ""),
    (34, &[ROWS, "strict_means_all_or_nothing", "what_a_spreadsheet_does_to_cells_is_mended_or_named",
           "whoever_named_a_row_that_fails_fails_with_it"], ""),
    (35, &["the_same_file_twice_changes_nothing_and_a_changed_cell_changes_that", "five_thousand_rows_are_one_transaction"], ""),
    (36, &["a_department_moves_with_everything_below_it_but_not_into_itself", "no_department_lies_deeper_than_twenty"],
     "the pages of departments"),
    (37, &[DOORS, FILES], ""),
    (38, &[DOORS, "a_file_has_a_size", "files_go_with_a_message_and_are_what_they_say"], ""),
    (39, &[DOORS, "a_bomb_is_known_by_what_comes_out_of_it", "a_size_that_is_declared_is_not_believed",
           "a_path_stays_where_it_is_unpacked", "a_password_is_found", "what_it_says_of_its_files_is_held_against_the_limits"], ""),
    (40, &[DOORS, "a_picture_is_whole_or_broken", "a_picture_has_forty_million_pixels_at_most", "where_a_picture_was_taken_is_left_out",
           "what_hides_behind_the_end_is_cut_off", "what_is_kept_of_a_picture_is_the_picture"], ""),
    (41, &[FILES, "a_name_is_made_fit_to_be_shown", "a_file_belongs_to_its_message_alone_and_is_never_shown"], ""),
    (42, &[DOORS, "macros_controls_and_objects_are_found_by_their_type", "macros_of_word_excel_and_powerpoint_are_found",
           "what_is_fetched_from_elsewhere_is_found", "a_field_that_starts_a_program_is_found_in_pieces_too"],
     "the setting that allows macros"),
    (43, &[], "uploads in parts, with the whole of attachments"),
    (44, &[], "face photos"),
    (45, &[], "visitors' own page"),
    (46, &[], "meeting rooms' own page"),
    (47, &[], "codes by SMS"),
    (48, &[], "codes by SMS"),
    (49, &["whoever_is_refused_hears_the_same_words", "five_wrong_passwords_make_even_the_right_one_wait"], ""),
    (50, &["what_everybody_tries_first_is_refused", "a_megabyte_is_nobodys_password"], ""),
    (51, &["a_change_needs_the_token_and_our_own_page"], ""),
    (52, &[DOORS, STRICT, "so_many_values_are_read_and_no_more"], ""),
    (53, &[BODIES, "a_body_that_never_ends_is_not_waited_for", "whoever_does_not_finish_his_headers_is_hung_up_on",
           "two_lengths_are_one_too_many"], ""),
    (54, &["what_is_not_there_is_not_there"], ""),
    (55, &["a_list_takes_only_what_it_knows"], ""),
    (56, &["the_directory_is_searched_by_name_sound_initials_account_and_phone", "no_search_is_a_pattern_or_an_error"], ""),
    (57, &[BODIES, "a_message_is_accepted_once_for_its_key", "of_many_requests_with_one_key_one_is_carried_out"], ""),
    (58, &["what_cannot_be_carried_out_is_a_dead_letter_with_its_reason", "a_module_sees_and_replays_its_own_dead_letters",
           "a_command_in_a_foreign_name_is_refused_and_hurts_nobody"], "what the broker lets expire by itself"),
    (59, &["what_a_provider_cannot_mean_changes_nothing", "a_callback_is_believed_only_with_its_signature_and_in_its_time"], ""),
    (60, &[], "webhooks"),
    (61, &["addresses_are_checked", "contradictions_are_refused"], "the providers' own consoles"),
    (62, &["what_goes_out_comes_in_again_unchanged_and_masked_numbers_stay"], ""),
    (63, &[], "exports that are kept under a link"),
    (64, &[], "writing send rules on a page"),
    (65, &["an_answered_call_is_confirmed_by_the_right_key_and_by_nothing_else",
           "the_undertakers_phone_rings_until_he_confirms_and_then_the_deputys"], ""),
    (66, &["a_shared_group_is_used_and_not_edited_until_it_is_taken_back", "a_group_that_a_scheduled_message_uses_stays"], ""),
    (67, &["slips_of_the_pen_are_refused_with_their_line", "a_secret_may_stand_in_a_file_that_only_its_owner_reads"], ""),
    (68, &["a_database_of_a_later_version_is_left_alone"], ""),
];

#[test]
fn every_line_is_kept_or_waits_for_its_part() {
    let mut tests = BTreeSet::new();
    for file in tidy::files(&["rs"]) {
        let text = tidy::read(&file);
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            let name = line.trim_start_matches("async ").strip_prefix("fn ").and_then(|rest| rest.split('(').next());
            match name {
                Some(name) if is_test => _ = tests.insert(name.to_owned()),
                _ => {}
            }
            is_test = line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        }
    }
    for (at, (line, kept, to_come)) in (1..).zip(LINES) {
        assert_eq!(line, at);
        assert!(!kept.is_empty() || !to_come.is_empty(), "line {line} is forgotten");
        for name in kept {
            assert!(tests.contains(*name), "line {line}: there is no test {name}");
        }
    }
}
