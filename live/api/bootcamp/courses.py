"""Courses: published ones for everybody, one's own as their staff; and who that staff is (B033-B053, D62)."""

from typing import Annotated

from pydantic import Field

from live.api.bootcamp.opening import open_bootcamp
from live.api.call import Call
from live.api.resource import Resource
from live.api.route import Family, IdPath, Listing, Paging, UserPath, Who
from live.problems import Problem, not_found
from persistence.entities import Entity, made_of
from persistence.models.bootcamp.course import (
    Category,
    Course,
    CourseChange,
    CourseStaff,
    CourseType,
    Difficulty,
    NewCourse,
    NewCourseStaff,
    Slug,
)
from persistence.models.bootcamp.words import Tag

family = Family("bootcamp courses", "Courses and who teaches them.")
COURSES = Resource(
    family,
    "/bootcamp/courses",
    "course",
    Entity(
        "bootcamp.courses",
        Course,
        soft=True,
        conditions={
            "tag": "{} = ANY (tags)",
            "q": "strpos(lower(concat_ws(' ', title, short_description, description)), lower({})) > 0",
            "taught": "(id = ANY ((SELECT app.my_taught_courses())::uuid[])) = {}",
            "enrolled": "(id = ANY ((SELECT app.my_courses())::uuid[])) = {}",
        },
    ),
)


class CourseFilter(Paging):
    """`taught`, `enrolled`: by oneself. `q`: what stands in its title or description."""

    slug: Slug | None = None
    category: Category | None = None
    difficulty_level: Difficulty | None = None
    course_type: CourseType | None = None
    tag: Tag | None = None
    featured: bool | None = None
    published: bool | None = None
    taught: bool | None = None
    enrolled: bool | None = None
    q: Annotated[str, Field(min_length=1, max_length=200)] | None = None


COURSES.listed("Courses that one may see, latest first.", CourseFilter)
COURSES.read("One course.")


@family.post("/bootcamp/courses", Who.INSTRUCTOR, status=201, etag=True, refuses=("conflict",))
async def create_course(call: Call, body: NewCourse) -> Course:
    """Makes a course, which one teaches from now on. Nobody else sees it until it is published."""
    row_id = call.new_id()
    async with call.writing() as connection:
        await open_bootcamp(connection, call.user)
        values = made_of(body) | {"created_by": call.user}
        row = await COURSES.entity.add(connection, call.database.keys, row_id, values)
    call.location = f"/bootcamp/courses/{row_id}"
    return row


COURSES.changed("Changes what is given.", CourseChange, refuses=("conflict",))
COURSES.removed("Hides a course; for 30 days it can be brought back by an administrator.")


@family.post("/bootcamp/courses/{course_id}/publish", Who.ACCOUNT, etag=True)
async def publish_course(call: Call, course_id: IdPath) -> Course:
    """Everybody sees it and may enrol. Its slug stays from now on."""
    return await _published(call, course_id, published=True)


@family.post("/bootcamp/courses/{course_id}/unpublish", Who.ACCOUNT, etag=True)
async def unpublish_course(call: Call, course_id: IdPath) -> Course:
    """Nobody new finds it; whoever is enrolled goes on."""
    return await _published(call, course_id, published=False)


async def _published(call: Call, course: str, *, published: bool) -> Course:
    async with call.writing() as connection:
        await COURSES.held(call, connection, course)
        row = await COURSES.entity.change(connection, call.database.keys, course, {"published": published})
        assert row is not None
    return row


@family.get("/bootcamp/courses/{course_id}/staff", Who.ACCOUNT)
async def list_course_staff(call: Call, course_id: IdPath) -> Listing[CourseStaff]:
    """Who teaches it."""
    async with call.reading() as connection:
        await COURSES.found(call, connection, course_id)
        rows = await connection.fetch(
            "SELECT course_id, user_id, role, created_at FROM bootcamp.course_staff WHERE course_id = $1 "
            "ORDER BY created_at, user_id",
            course_id,
        )
    items = tuple(CourseStaff.model_validate(dict(row)) for row in rows)
    return Listing(items=items, people=await call.people(*items))


@family.put("/bootcamp/courses/{course_id}/staff", Who.ACCOUNT)
async def appoint_course_staff(call: Call, course_id: IdPath, body: NewCourseStaff) -> CourseStaff:
    """Makes somebody an instructor or assistant of the course."""
    async with call.writing() as connection:
        await COURSES.held(call, connection, course_id)
        await open_bootcamp(connection, body.user_id)
        row = await connection.fetchrow(
            "INSERT INTO bootcamp.course_staff (course_id, user_id, role) VALUES ($1, $2, $3) "
            "ON CONFLICT (course_id, user_id) DO UPDATE SET role = excluded.role "
            "RETURNING course_id, user_id, role, created_at",
            course_id,
            body.user_id,
            body.role,
        )
    assert row is not None
    return CourseStaff.model_validate(dict(row))


@family.delete("/bootcamp/courses/{course_id}/staff/{user_id}", Who.ACCOUNT)
async def dismiss_course_staff(call: Call, course_id: IdPath, user_id: UserPath) -> None:
    """They are of its staff no more. Whoever made the course stays."""
    async with call.writing() as connection:
        course = await COURSES.held(call, connection, course_id)
        if course.created_by == user_id:
            raise Problem("forbidden", "whoever made a course teaches it")
        done = await connection.execute(
            "DELETE FROM bootcamp.course_staff WHERE course_id = $1 AND user_id = $2", course_id, user_id
        )
    if done.endswith(" 0"):
        raise not_found()
