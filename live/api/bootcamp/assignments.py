"""Assignments of lessons, for whoever is enrolled (B109-B122)."""

from live.api.resource import Resource
from live.api.route import Family, Paging
from persistence.entities import Entity
from persistence.models.bootcamp.assignment import Assignment, AssignmentChange, AssignmentType, NewAssignment
from rooms.ids import AnyId

family = Family("bootcamp assignments", "What is asked for in a lesson.")
ASSIGNMENTS = Resource(
    family, "/bootcamp/assignments", "assignment", Entity("bootcamp.assignments", Assignment, soft=True)
)


class AssignmentFilter(Paging):
    lesson_id: AnyId
    assignment_type: AssignmentType | None = None


ASSIGNMENTS.listed("The assignments of a lesson.", AssignmentFilter)
ASSIGNMENTS.read("One assignment.")
ASSIGNMENTS.made("Adds an assignment to a lesson that one teaches.", NewAssignment)
ASSIGNMENTS.changed("Changes what is given.", AssignmentChange)
ASSIGNMENTS.removed("Hides an assignment.")
