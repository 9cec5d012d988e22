"""A course of the bootcamp for tests: Mara leads it, Theo assists, Ana and Ben are enrolled; written as the server itself would."""

from dataclasses import dataclass
from uuid import uuid4

from persistence.connection import Connection
from persistence.database import Database
from rooms.ids import UserId


@dataclass(frozen=True)
class Course:
    database: Database
    id: str
    slug: str
    module: str
    lesson: str

    async def execute(self, statement: str, *arguments: object) -> None:
        async with self.database.transaction() as connection:
            await connection.execute(statement, *arguments)

    async def enrol(self, *users: UserId) -> None:
        async with self.database.transaction() as connection:
            for user in users:
                await opened(connection, user)
                await connection.execute(
                    "INSERT INTO bootcamp.enrollments (user_id, course_id) VALUES ($1, $2)", user, self.id
                )

    async def complete(self, user: UserId) -> None:
        """As if every lesson of it was completed."""
        await self.execute(
            "UPDATE bootcamp.enrollments SET enrollment_status = 'in_progress', progress_percentage = 100 "
            "WHERE user_id = $1 AND course_id = $2",
            user,
            self.id,
        )
        await self.execute(
            "UPDATE bootcamp.enrollments SET enrollment_status = 'completed', completion_date = clock_timestamp() "
            "WHERE user_id = $1 AND course_id = $2",
            user,
            self.id,
        )


async def opened(connection: Connection, user: UserId) -> None:
    await connection.execute(
        "INSERT INTO bootcamp.users (id, fataplus_user_id) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
        user,
        str(uuid4()),
    )


async def open_course(
    database: Database, leads: UserId, *learners: UserId, assists: UserId | None = None, title: str = "Soil basics"
) -> Course:
    course, module, lesson = (str(uuid4()) for _ in range(3))
    slug = f"soil-{course[:8]}"
    async with database.transaction() as connection:
        await opened(connection, leads)
        await connection.execute(
            "INSERT INTO bootcamp.courses (id, title, slug, description, estimated_duration_hours, published, created_by) "
            "VALUES ($1, $2, $3, 'What grows where.', 8, true, $4)",
            course,
            title,
            slug,
            leads,
        )
        await connection.execute(
            "INSERT INTO bootcamp.modules (id, course_id, title, module_order) VALUES ($1, $2, 'Ground', 1)",
            module,
            course,
        )
        await connection.execute(
            "INSERT INTO bootcamp.lessons (id, module_id, title, lesson_order) VALUES ($1, $2, 'Clay', 1)",
            lesson,
            module,
        )
        if assists is not None:
            await opened(connection, assists)
            await connection.execute(
                "INSERT INTO bootcamp.course_staff (course_id, user_id, role) VALUES ($1, $2, 'assistant')",
                course,
                assists,
            )
    made = Course(database, course, slug, module, lesson)
    await made.enrol(*learners)
    return made
