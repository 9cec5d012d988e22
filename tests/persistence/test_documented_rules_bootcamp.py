"""The bootcamp's rules one by one: what every check of its tables refuses, asked with the triggers off so that nothing else can be
what refuses; that no check is forgotten here; and the relations and the readings of the document that no column says."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from tests.databases import Cluster
from tests.persistence.checks import filled_database, without_triggers
from tests.persistence.documents import BOOTCAMP, tables
from tests.persistence.test_bootcamp import School, school  # noqa: F401  a fixture

requirement = pytest.mark.requirement

# Nothing refers to anything here: foreign keys are triggers, too, and they are off.
WHOLE = """
INSERT INTO users (id, fataplus_user_id) VALUES (gen_random_uuid(), gen_random_uuid());
INSERT INTO user_profiles (user_id) VALUES (gen_random_uuid());
INSERT INTO courses (title, slug, description, estimated_duration_hours) VALUES ('Soil', 'soil', 'What grows where.', 8);
INSERT INTO course_staff (course_id, user_id) VALUES (gen_random_uuid(), gen_random_uuid());
INSERT INTO modules (course_id, title, module_order) VALUES (gen_random_uuid(), 'Ground', 1);
INSERT INTO lessons (module_id, title, lesson_order) VALUES (gen_random_uuid(), 'Clay', 1);
INSERT INTO enrollments (user_id, course_id) VALUES (gen_random_uuid(), gen_random_uuid());
INSERT INTO lesson_progress (enrollment_id, lesson_id) VALUES (gen_random_uuid(), gen_random_uuid());
INSERT INTO assignments (lesson_id, title, description) VALUES (gen_random_uuid(), 'Draw', 'It.');
INSERT INTO submissions (assignment_id, user_id, status, submitted_at) VALUES (gen_random_uuid(), gen_random_uuid(), 'submitted', now());
INSERT INTO peer_reviews (submission_id, reviewer_id) VALUES (gen_random_uuid(), gen_random_uuid());
INSERT INTO instructor_feedback (submission_id, instructor_id) VALUES (gen_random_uuid(), gen_random_uuid());
INSERT INTO design_projects (title, description) VALUES ('Barn', 'Red');
INSERT INTO project_teams (project_id, user_id) VALUES (gen_random_uuid(), gen_random_uuid());
INSERT INTO design_assets (project_id, uploaded_by, file_name, file_url)
  VALUES (gen_random_uuid(), gen_random_uuid(), 'a.png', 'https://example.org/a');
INSERT INTO discussions (author_id, title, content) VALUES (gen_random_uuid(), 'Clay', 'Red?');
INSERT INTO discussion_replies (discussion_id, author_id, content) VALUES (gen_random_uuid(), gen_random_uuid(), 'Yes.');
INSERT INTO certificate_templates (template_name) VALUES ('Plain');
INSERT INTO certificates (user_id, course_id, certificate_number) VALUES (gen_random_uuid(), gen_random_uuid(), 'FP-2026-000001-1');
INSERT INTO learning_analytics (user_id, event_type) VALUES (gen_random_uuid(), 'lesson_started');
INSERT INTO platform_metrics (metric_date, metric_type, metric_value) VALUES ('2026-01-01', 'daily_active_users', 1);
INSERT INTO fataplus_integration (user_id, fataplus_user_id) VALUES (gen_random_uuid(), gen_random_uuid());
INSERT INTO external_service_tokens (user_id, service_name) VALUES (gen_random_uuid(), 'figma');
"""

# fmt: off
REFUSED = [
    # table: change; the check that refuses it; the requirements whose rule that is
    pytest.param("users", "timezone = 'Mars/Olympus'", "check_timezone", marks=requirement("B012")),
    pytest.param("user_profiles", "design_tools_proficiency = '[]'", "check_tools", marks=requirement("B025")),
    pytest.param("user_profiles", "agricultural_domains = '[]'", "check_domains", marks=requirement("B026")),
    pytest.param("user_profiles", "availability_hours = '[]'", "check_availability", marks=requirement("B029")),
    pytest.param("courses", "title = ' '", "check_course_title", marks=requirement("B034")),
    pytest.param("courses", "slug = 'Not kebab'", "check_slug", marks=requirement("B035")),
    pytest.param("courses", "estimated_duration_hours = 0", "check_course_duration", marks=requirement("B041")),
    pytest.param("courses", "published = true, published_at = NULL", "check_published_at", marks=requirement("B046", "B047")),
    pytest.param("course_staff", "role = 'owner'", "check_course_role", marks=requirement("D62")),
    pytest.param("modules", "title = ''", "check_module_title", marks=requirement("B056")),
    pytest.param("modules", "module_order = 0", "check_module_order", marks=requirement("B058")),
    pytest.param("modules", "estimated_duration_hours = 0", "check_module_duration", marks=requirement("B059")),
    pytest.param("lessons", "title = ''", "check_lesson_title", marks=requirement("B068")),
    pytest.param("lessons", "lesson_order = 0", "check_lesson_order", marks=requirement("B070")),
    pytest.param("lessons", "content_url = 'javascript:1'", "check_content_url", marks=requirement("B072")),
    pytest.param("lessons", "content_duration_minutes = -1", "check_content_duration", marks=requirement("B073")),
    pytest.param("lessons", "reading_time_minutes = -1", "check_reading_time", marks=requirement("B074")),
    pytest.param("lessons", "interactive_elements = '[]'", "check_interactive", marks=requirement("B075")),
    pytest.param("lessons", "resources = '{}'", "check_resources", marks=requirement("B076")),
    pytest.param("enrollments", "progress_percentage = 100.01", "check_enrollment_progress", marks=requirement("B087")),
    pytest.param("enrollments", "progress_percentage = -0.01", "check_enrollment_progress", marks=requirement("B087")),
    pytest.param("enrollments", "time_spent_minutes = -1", "check_enrollment_time", marks=requirement("B090")),
    pytest.param("enrollments", "completion_date = now()", "check_completion_date", marks=requirement("B086")),
    pytest.param("enrollments", "enrollment_status = 'completed', completion_date = now(), progress_percentage = 99",
                 "check_completed_progress", marks=requirement("B084", "B087")),
    pytest.param("enrollments", "certificate_issued = true", "check_certificate_issued", marks=requirement("B092", "B093")),
    pytest.param("enrollments", "certificate_issued_at = now()", "check_certificate_issued", marks=requirement("B092", "B093")),
    pytest.param("lesson_progress", "time_spent_minutes = -1", "check_lesson_time", marks=requirement("B103")),
    pytest.param("lesson_progress", "attempts_count = -1", "check_attempts", marks=requirement("B104")),
    pytest.param("lesson_progress", "best_score = 100.01", "check_best_score", marks=requirement("B105")),
    pytest.param("lesson_progress", "status = 'in_progress', started_at = NULL", "check_started_at", marks=requirement("B101")),
    pytest.param("lesson_progress", "status = 'completed', started_at = now(), completed_at = NULL",
                 "check_lesson_completed_at", marks=requirement("B102")),
    pytest.param("assignments", "title = ' '", "check_assignment_title", marks=requirement("B111")),
    pytest.param("assignments", "max_score = 0", "check_max_score", marks=requirement("B115")),
    pytest.param("assignments", "passing_score = max_score + 1", "check_passing_score", marks=requirement("B116")),
    pytest.param("assignments", "time_limit_minutes = 0", "check_time_limit", marks=requirement("B118")),
    pytest.param("assignments", "submission_format = '[]'", "check_submission_format", marks=requirement("B119")),
    pytest.param("assignments", "rubric = '[]'", "check_rubric", marks=requirement("B120")),
    pytest.param("submissions", "submission_content = '[]'", "check_submission_content", marks=requirement("B126")),
    pytest.param("submissions", "score = -0.01", "check_score", marks=requirement("B129")),
    pytest.param("submissions", "revision_count = -1", "check_revisions", marks=requirement("B133")),
    pytest.param("submissions", "submitted_at = NULL", "check_submitted_at", marks=requirement("B127", "D65")),
    pytest.param("submissions", "status = 'draft'", "check_submitted_at", marks=requirement("B127", "D65")),
    pytest.param("submissions", "status = 'graded', graded_at = now()", "check_graded", marks=requirement("B132")),
    pytest.param("submissions", "graded_by = user_id", "check_grader", marks=requirement("B131", "D65")),
    pytest.param("submissions", "status = 'draft', submitted_at = NULL, final_submission = true", "check_final", marks=requirement("B134")),
    pytest.param("peer_reviews", "review_criteria = '[]'", "check_criteria", marks=requirement("B207")),
    pytest.param("peer_reviews", "overall_score = 5.01", "check_overall_score", marks=requirement("B208", "D66")),
    pytest.param("peer_reviews", "overall_score = -0.01", "check_overall_score", marks=requirement("B208", "D66")),
    pytest.param("instructor_feedback", "rubric_scores = '[]'", "check_rubric_scores", marks=requirement("B220")),
    pytest.param("instructor_feedback", "feedback_type = 'final_assessment'", "check_final_grade", marks=requirement("B219", "B221")),
    pytest.param("design_projects", "title = ''", "check_project_title", marks=requirement("B138")),
    pytest.param("design_projects", "max_team_size = 0", "check_team_size", marks=requirement("B144")),
    pytest.param("design_projects", "technologies = array_fill('x'::text, '{51}')", "check_technologies", marks=requirement("B147")),
    pytest.param("design_projects", "deliverables = '{}'", "check_deliverables", marks=requirement("B148")),
    pytest.param("design_projects", "timeline_weeks = 0", "check_timeline", marks=requirement("B149")),
    pytest.param("design_projects", "project_type = 'individual', max_team_size = 2", "check_individual", marks=requirement("B143", "B144", "D68")),
    pytest.param("design_projects", "project_type = 'pair', max_team_size = 3", "check_pair", marks=requirement("B143", "B144", "D68")),
    pytest.param("project_teams", "contribution_score = 5.01", "check_contribution", marks=requirement("B160", "D66")),
    pytest.param("design_assets", "file_name = '../a'", "check_asset_name", marks=requirement("B167")),
    pytest.param("design_assets", "file_url = 'file:///etc/passwd'", "check_asset_url", marks=requirement("B168")),
    pytest.param("design_assets", "file_size_bytes = -1", "check_asset_size", marks=requirement("B169")),
    pytest.param("design_assets", "version = 0", "check_asset_version", marks=requirement("B171")),
    pytest.param("design_assets", "tags = array_fill('x'::text, '{51}')", "check_asset_tags", marks=requirement("B174")),
    pytest.param("discussions", "title = ' '", "check_discussion_title", marks=requirement("B184")),
    pytest.param("discussions", "content = ' '", "check_discussion_content", marks=requirement("B185")),
    pytest.param("discussions", "is_resolved = true", "check_resolved", marks=requirement("B188", "B190")),
    pytest.param("discussions", "view_count = -1", "check_view_count", marks=requirement("B191")),
    pytest.param("discussions", "reply_count = -1", "check_reply_count", marks=requirement("B192")),
    pytest.param("discussion_replies", "parent_reply_id = id", "check_reply_parent", marks=requirement("B198")),
    pytest.param("discussion_replies", "content = ''", "check_reply_content", marks=requirement("B199")),
    pytest.param("discussion_replies", "helpful_votes = -1", "check_helpful_votes", marks=requirement("B201")),
    pytest.param("certificate_templates", "template_name = ''", "check_template_name", marks=requirement("B242")),
    pytest.param("certificate_templates", "primary_color = 'green'", "check_primary_color", marks=requirement("B247")),
    pytest.param("certificate_templates", "secondary_color = '#12345'", "check_secondary_color", marks=requirement("B248")),
    pytest.param("certificate_templates", "layout_config = '[]'", "check_layout", marks=requirement("B249")),
    pytest.param("certificates", "certificate_number = 'FP-1'", "check_certificate_number", marks=requirement("B230")),
    pytest.param("certificates", "expiry_date = issue_date", "check_expiry", marks=requirement("B232")),
    pytest.param("certificates", "is_revoked = true", "check_revoked", marks=requirement("B235", "B236", "B237")),
    pytest.param("certificates", "revoked_at = now(), revoked_reason = 'x'", "check_revoked", marks=requirement("B235", "B236", "B237")),
    pytest.param("certificates", "metadata = '[]'", "check_certificate_metadata", marks=requirement("B238")),
    pytest.param("learning_analytics", "event_data = '[]'", "check_event_data", marks=requirement("B258")),
    pytest.param("learning_analytics", "session_duration_minutes = -1", "check_session_duration", marks=requirement("B259")),
    pytest.param("learning_analytics", "browser_info = '{\"plugins\": 9}'", "check_browser_info", marks=requirement("B261")),
    pytest.param("learning_analytics", "ip_address = '192.0.2.1'", "check_ip_network", marks=requirement("B262", "D76")),
    pytest.param("learning_analytics", "ip_address = '192.0.2.1/24'", "check_ip_network", marks=requirement("B262", "D76")),
    pytest.param("learning_analytics", "ip_address = '2001:db8::/64'", "check_ip_network", marks=requirement("B262", "D76")),
    pytest.param("platform_metrics", "metric_type = 'Daily users'", "check_metric_type", marks=requirement("B268", "D77")),
    pytest.param("platform_metrics", "metadata = '[]'", "check_metric_metadata", marks=requirement("B270")),
    pytest.param("fataplus_integration", "sync_errors = array_fill('x'::text, '{21}')", "check_sync_errors", marks=requirement("B282")),
    pytest.param("fataplus_integration", "errors_in_a_row = 6", "check_errors_in_a_row", marks=requirement("B281")),
    pytest.param("external_service_tokens", "service_name = 'Fig ma'", "check_service_name", marks=requirement("B289")),
    pytest.param("external_service_tokens", "is_active = false, access_token_enc = '\\x00'", "check_inactive_tokens", marks=requirement("B294")),
]
# fmt: on


@pytest.fixture(scope="module")
def filled(cluster: Cluster) -> Iterator[str]:
    """The dsn of one database for all tests here: a row in every table, changes are rolled back."""
    with filled_database(cluster, WHOLE, "bootcamp, app") as dsn:
        yield dsn


@pytest.fixture
async def owner(filled: str) -> AsyncIterator[asyncpg.Connection]:
    async with without_triggers(filled, "bootcamp, app") as connection:
        yield connection


@pytest.mark.parametrize(("table", "change", "constraint"), REFUSED)
async def test_a_check_refuses(owner: asyncpg.Connection, table: str, change: str, constraint: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as error:
        await owner.execute(f"UPDATE {table} SET {change}")
    assert error.value.constraint_name == constraint


async def test_no_check_is_forgotten(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT c.conrelid::regclass || ' ' || c.conname AS name FROM pg_constraint c "
        "JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname = 'bootcamp' AND c.contype = 'c'"
    )
    assert {row["name"] for row in rows} == {f"{param.values[0]} {param.values[2]}" for param in REFUSED}


async def test_every_documented_table_has_a_row_here(owner: asyncpg.Connection) -> None:
    for table in tables(BOOTCAMP):
        assert await owner.fetchval(f"SELECT count(*) FROM {table}"), table
