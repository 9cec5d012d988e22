"""The families of the bootcamp, in the order of the documentation."""

from live.api.bootcamp import (
    assignments,
    certificates,
    courses,
    discussions,
    enrollments,
    feedback,
    integrations,
    lesson_progress,
    lessons,
    modules,
    peer_reviews,
    profiles,
    projects,
    records,
    submissions,
    users,
)
from live.api.route import Family

BOOTCAMP: tuple[Family, ...] = tuple(
    each.family
    for each in (
        users,
        profiles,
        courses,
        modules,
        lessons,
        enrollments,
        lesson_progress,
        assignments,
        submissions,
        peer_reviews,
        feedback,
        projects,
        discussions,
        certificates,
        records,
        integrations,
    )
)
