"""Modules of courses: the syllabus, for whoever sees the course (B054-B065)."""

from live.api.resource import Resource
from live.api.route import Family, Paging
from persistence.entities import Entity
from persistence.models.bootcamp.course import CourseModule, CourseModuleChange, NewCourseModule
from rooms.ids import AnyId

family = Family("bootcamp modules", "The modules of a course, in their order.")
MODULES = Resource(
    family,
    "/bootcamp/modules",
    "course_module",
    Entity("bootcamp.modules", CourseModule, order=("module_order", "asc"), soft=True),
)


class CourseModuleFilter(Paging):
    course_id: AnyId


MODULES.listed("The modules of a course.", CourseModuleFilter)
MODULES.read("One module.")
MODULES.made("Adds a module to a course that one teaches.", NewCourseModule, refuses=("conflict",))
MODULES.changed("Changes what is given.", CourseModuleChange, refuses=("conflict",))
MODULES.removed("Hides a module with its lessons.")
