"""The journeys of users, and the tests of each, which run in a browser and in the real window."""

from collections.abc import Mapping, Sequence

JOURNEYS: Mapping[str, Sequence[str]] = {
    "the first question, to the embedded model": [
        "test_local_model::test_a_typed_question_gets_a_streamed_answer",
    ],
    "stop": [
        "test_chat::test_stop_while_the_provider_is_silent_ends_at_once_and_keeps_the_text",
        "test_chat::test_escape_stops",
    ],
    "edit a question, which makes a branch": [
        "test_conversations::test_an_edit_is_a_branch_and_the_old_one_stays",
    ],
    "have another provider answer the same question": [
        "test_servers::test_another_provider_answers_the_same_question",
    ],
    "search, and jump to what was found": [
        "test_conversations::test_what_is_searched_is_found_on_its_branch",
    ],
    "reload in mid-answer": [
        "test_reload::test_a_reload_in_mid_answer_loses_and_doubles_nothing",
    ],
    "the host is killed, and opened again": [
        "test_conversations::test_a_killed_host_loses_nothing_that_was_said",
    ],
    "add a provider with a bad key, then a good one": [
        "test_servers::test_a_bad_key_is_said_and_a_good_one_helps",
    ],
    "one's own server": ["test_servers::test_ones_own_server_answers"],
    "a rate limit, counted down": [
        "test_servers::test_a_long_wait_is_counted_down_and_can_be_cut_short",
    ],
    "a conversation that is too long": [
        "test_servers::test_a_conversation_that_is_too_long_says_what_helps",
    ],
    "summarize earlier messages, and send them again": [
        "test_compaction::test_a_summary_is_written_changed_and_undone",
        "test_compaction::test_a_summary_is_changed_and_undone_in_every_window",
        "test_long_conversation"
        "::test_a_long_conversation_opens_scrolls_is_summarized_and_sent_again",
    ],
    "an answer stops at its budget, and what was spent": [
        "test_costs::test_an_answer_stops_at_its_budget_and_goes_on_with_more",
        "test_costs::test_a_long_draft_says_its_tokens_and_price_before_it_is_sent",
        "test_costs::test_the_settings_have_what_was_spent_as_chart_table_and_file",
    ],
    "a server of MCP: its tool runs, and it is tested and switched": [
        "test_mcp::test_a_tool_of_a_server_runs_once_it_is_allowed",
        "test_mcp::test_a_server_is_tested_and_switched_off_and_on_in_the_settings",
        "test_mcp::test_a_server_asks_with_a_form_and_gets_what_was_typed",
    ],
    "what else a server gives: a picture, a resource, a prompt": [
        "test_mcp::test_a_picture_of_a_tool_is_shown_with_the_call_and_after_a_reload",
        "test_mcp::test_a_resource_is_attached_and_sent_with_the_message",
        "test_mcp::test_a_prompt_is_chosen_by_the_keys_filled_in_and_sent_by_the_person",
    ],
    "import": [
        "test_import::test_what_chatgpt_gave_out_comes_in_and_goes_on",
        "test_settings::test_a_conversation_goes_out_and_comes_in_again",
    ],
    "export": ["test_settings::test_a_conversation_goes_out_and_comes_in_again"],
    "drop a picture": [
        "test_attachments::test_a_picture_is_dropped_sent_seen_again_and_exported",
    ],
    "a file that is too large": [
        "test_attachments::test_what_cannot_be_sent_is_said_and_nothing_is_lost",
    ],
    "ask the next question while an answer comes in": [
        "test_conversations::test_what_is_queued_is_asked_when_the_answer_is_complete",
    ],
    "two windows": [
        "test_conversations::test_a_page_shows_the_answer_that_another_page_asked_for",
        "test_sharing::test_two_pages_show_one_shared_answer_and_one_may_leave",
    ],
    "a temporary chat": ["test_conversations::test_a_temporary_chat_is_on_no_disk"],
    "delete, and take it back": [
        "test_conversations::test_a_name_a_pin_and_a_deletion_with_its_way_back",
    ],
    "change the language": ["test_settings::test_a_theme_and_a_language_stay"],
    "everything by the keyboard": ["test_keyboard::test_a_visit_without_a_mouse"],
    "see what a message will send": [
        "test_wire::test_the_request_is_shown_before_it_is_sent_and_has_the_same_bytes",
    ],
    "see what an answer has sent and received": [
        "test_wire::test_what_an_answer_has_sent_and_received_is_shown",
        "test_wire::test_nothing_is_kept_while_it_is_switched_off_and_that_is_said",
    ],
    "save an answer as a recording, and play one": [
        "test_wire::test_a_recording_is_saved_and_played_by_the_keyboard",
        "test_wire::test_a_hostile_recording_does_nothing",
    ],
    "fill in a template": [
        "test_templates::test_a_template_is_filled_in_shown_and_sent_by_the_keyboard",
        "test_templates::test_the_form_of_a_message_makes_another_version_of_it",
    ],
    "keep a library of templates": [
        "test_templates::test_a_template_is_written_checked_saved_and_brought_back",
        "test_templates::test_templates_are_found_moved_deleted_imported_and_exported",
    ],
    "approve a tool's call once": ["test_tools::test_a_call_runs_once_when_it_is_allowed_once"],
    "always allow where a rule fits": [
        "test_tools::test_always_holds_where_its_rules_fit_until_it_is_revoked",
    ],
    "edit the arguments of a call": [
        "test_tools::test_arguments_are_edited_checked_and_kept_beside_those_of_the_model",
    ],
    "deny a call with a reason": [
        "test_tools::test_a_denied_call_does_not_run_and_the_model_is_told_why",
    ],
    "two windows decide about a call": [
        "test_tools::test_the_first_of_two_windows_decides_and_the_other_shows_it",
        "test_tools::test_one_of_two_calls_is_decided_in_one_window_and_gone_in_the_other",
    ],
    "a call waits in a conversation that is not open": [
        "test_tools::test_a_conversation_that_is_not_open_says_that_it_waits",
    ],
    "the page is closed while a call waits, and it is decided in another": [
        "test_tools::test_a_decision_comes_after_the_page_was_closed_and_another_was_opened",
    ],
    "write a tool": [
        "test_tools::test_a_new_tool_is_written_opened_and_seen_as_soon_as_it_is_saved",
    ],
    "the host is killed while a call waits, and it is decided later": [
        "test_tools::test_a_decision_comes_after_the_program_has_ended",
    ],
    "a tool that was edited is asked about again": [
        "test_tools::test_an_edited_tool_suspends_what_was_allowed",
    ],
    "a tool crashes": ["test_tools::test_a_tool_that_crashes_is_a_failed_call"],
    "the limit of steps": [
        "test_tools::test_the_limit_of_steps_is_said_and_the_answer_goes_on",
    ],
    "back up, and put it back": ["test_settings::test_a_backup_is_made_and_put_back"],
}
"""The tests of each journey as `FILE::TEST` in this folder, by the user's name for it."""
