"""Where blockers are red that no case is red for: they are about what is no file of a release, or about other layouts."""

from __future__ import annotations

__all__ = ["ELSEWHERE"]

ELSEWHERE = {
    "P01": "unit/checks/predeploy/test_git.py::test_a_plain_folder_cannot_be_released",
    "P02": "unit/checks/predeploy/test_when.py::test_commit_of_another_branch_is_red",
    "P03": "unit/checks/predeploy/test_when.py::test_light_tag_is_none",
    "P04": "unit/checks/predeploy/test_ci.py::test_what_is_red_or_runs_still_is_red",
    "P08": "unit/checks/predeploy/test_bytecode.py::test_the_impostor_is_caught",
    "P25": "unit/checks/predeploy/test_tools.py::test_missing_tools_are_named",
    "P26": "unit/checks/predeploy/test_tools.py::test_there_is_too_little_room",
    "P27": "unit/checks/predeploy/test_tools.py::test_room_of_a_dead_daemon_is_not_known",
    "P29": "integration/backups/test_postgres.py::test_a_backup_that_cannot_be_made_is_red",
    "P30": "docker/test_backup_proofs.py::test_what_is_not_as_it_was_kept_is_named",
    "P36": "unit/checks/predeploy/test_serving.py::test_a_red_baseline_is_named",
    "P37": "unit/checks/predeploy/test_serving.py::test_a_lost_image_is_named",
    "P38": "unit/checks/predeploy/test_serving.py::test_a_held_environment_is_red",
    "P39": "unit/checks/predeploy/test_attestations.py::test_what_was_said_is_green_and_the_rest_is_red",
    "P40": "unit/checks/predeploy/test_when.py::test_time_outside_of_the_windows_is_red",
    "P43": "unit/checks/predeploy/test_compose.py::test_a_container_name_that_somebody_else_holds_is_red",
    "B03": "integration/checks/test_build.py::test_the_impostor_is_red",
    "B08": "integration/checks/test_build.py::test_a_file_that_is_lost_is_red",
    "B10": "unit/checks/build/test_image_size.py::test_limit_is_the_teams_own",
    "B13": "unit/checks/build/test_secrets.py::test_each_secret_of_an_image_is_named_in_prod",
    "B17": "docker/test_evils.py::test_each_evil_of_a_release_is_named",
    "B18": "docker/test_compose_trial.py::test_name_that_nobody_has_is_red_before_nginx_fails_to_start",
    "B23": "integration/checks/test_commands.py::test_a_command_of_the_build_knows_the_release",
    "D02": "integration/checks/test_postdeploy.py::test_an_unhealthy_instance_is_red",
    "D04": "integration/checks/test_postdeploy.py::test_an_instance_of_another_release_is_red",
    "D05": "integration/checks/test_postdeploy.py::test_code_that_was_changed_is_red",
    "D13": "integration/checks/test_database.py::test_a_database_that_refuses_is_red",
    "D14": "integration/checks/test_store.py::test_a_store_that_answered_before_and_does_not_now_is_red",
    "D16": "integration/checks/test_heartbeat.py::test_a_worker_that_does_nothing_is_red",
    "D19": "integration/checks/test_pages.py::test_page_that_a_visitor_would_not_like_is_red",
    "D23": "integration/checks/test_database.py::test_the_database_says_what_it_must",
    "D24": "integration/checks/test_webhooks.py::test_webhook_that_takes_anything_is_red",
    "D29": "integration/checks/test_front_page.py::test_front_page",
    "D36": "integration/checks/test_visitor.py::test_a_login_that_lets_nobody_in_is_red",
    "D34": "docker/test_each.py::test_the_broken_one_of_two_is_named",
}
