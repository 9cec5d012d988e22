"""What the server says of itself, tried by a machine: of every operation of its own OpenAPI document requests that conform to it and
requests that do not, as an administrator, an instructor and a learner. Never a failure of ours, never a status or a body that is
not declared, and nothing taken that the document does not allow.

The people and things are those of test_rights.py; ids of a request are mostly theirs, so that it gets further than to a 404.
`SCHEMA_SEED` repeats a run; how long it takes follows from EXAMPLES.
"""

import asyncio
import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import pytest

from live.api.openapi import document
from live.api.routes import FAMILIES
from tests.api.conftest import Api
from tests.api.test_rights import World, world_of

ROLES = ("Ana", "Mara", "Ada")  # a learner, an instructor, an administrator
EXAMPLES = 2  # of each operation, conforming and not
SEED = int(os.environ.get("SCHEMA_SEED") or random.randrange(2**32))
NOT_HERE = ("/auth/logout", "/auth/password", "/auth/reset", "/auth/token", "/auth/refresh", "/auth/forgotten")
"""Would end the sign-in that everything else needs, or take the time of a password each."""
ENDED = ("/end", "/cancel", "/abort")
"""What ends things for the others comes last."""


def known(world: World, parameter: str) -> str:
    """An id of this kind; of a kind that the world has none of, one of another kind."""
    name = parameter.removesuffix("_id").removesuffix("Id")
    kinds = {
        "user": world.cast["Ben"].user,
        "bootcamp_user": world.cast["Ben"].user,
        "reviewer": world.cast["Ben"].user,
        "note": world.ids["shared"],
        "courseModule": world.ids["module"],
        "peer_review": world.ids["review_Dora"],
        "lesson": world.ids["lesson"],
        "audioRecording": world.ids["mix"],
    }
    return kinds.get(name) or world.ids.get(name) or world.ids["session"]


def with_known_ids(value: Any, world: World, chance: random.Random) -> Any:
    """Where a field is an id, mostly one that there is."""
    if isinstance(value, list):
        return [with_known_ids(each, world, chance) for each in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for name, held in value.items():
        is_id = name.endswith("Id") and isinstance(held, str) and chance.random() < 0.8
        made[name] = known(world, name) if is_id else with_known_ids(held, world, chance)
    return made


@dataclass
class Fuzzer:
    """Blocking, for a thread of its own."""

    api: Api
    world: World
    seed: int
    statuses: dict[str, Counter[int]] = field(default_factory=lambda: {name: Counter() for name in ROLES})
    wrong: list[str] = field(default_factory=list)
    http: Any = field(init=False)
    """Connections that stay, as those of a browser."""

    def run(self) -> None:
        import requests
        import schemathesis

        self.http = requests.Session()

        schema: Any = schemathesis.openapi.from_dict(document(FAMILIES, self.api.url))
        operations = [found.ok() for found in schema.get_all_operations()]
        operations = [each for each in operations if not each.path.endswith(NOT_HERE)]
        random.Random(self.seed).shuffle(operations)
        operations.sort(key=lambda each: each.path.endswith(ENDED))
        for operation in operations:
            self.ask(operation, schemathesis.GenerationMode.POSITIVE)
            if list(operation.body) or list(operation.query):  # else there is nothing that might not conform
                self.ask(operation, schemathesis.GenerationMode.NEGATIVE)

    def ask(self, operation: Any, mode: Any) -> None:
        """Of the same seed the same requests, each sent by all. Headers are our own, ids in the path those that there are."""
        path = {each.name: known(self.world, each.name) for each in operation.path_parameters if "id" in each.name}
        settings = hypothesis.settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        chance = random.Random(f"{self.seed} {operation.label}")

        def once(case: Any) -> None:
            if mode.value == "positive":
                case.body = with_known_ids(case.body, self.world, chance)
            for name in ROLES:
                case.headers["Authorization"] = f"Bearer {self.world.cast[name].token}"
                answer = case.call(base_url=self.api.url, session=self.http)
                self.statuses[name][answer.status_code] += 1
                self.judge(name, case, answer)

        cases = operation.as_strategy(mode, path_parameters=path, headers={"If-Match": "*", "Authorization": "Bearer"})
        hypothesis.seed(self.seed)(settings(hypothesis.given(case=cases)(once)))()

    def judge(self, name: str, case: Any, response: Any) -> None:
        import schemathesis
        from schemathesis.core.failures import FailureGroup
        from schemathesis.specs.openapi import checks

        asked = [
            *(schemathesis.checks.not_a_server_error, checks.status_code_conformance, checks.content_type_conformance),
            *(checks.response_headers_conformance, checks.response_schema_conformance),
        ]
        if response.status_code < 400:  # whatever is refused is refused
            asked.append(checks.negative_data_rejection)
        try:
            case.validate_response(response, checks=asked)
        except FailureGroup as failure:
            told = "; ".join(f"{type(each).__name__}: {each.message}" for each in failure.exceptions)
            if "positive test case" not in told:  # it meant to send what does not conform, and did not
                self.wrong.append(
                    f"{name}: {case.operation.label} -> {response.status_code} {told}\n  {case.as_curl_command()}"[
                        :2000
                    ]
                )


@pytest.mark.filterwarnings("ignore")  # of the library's own
@pytest.mark.timeout(300)
async def test_whatever_is_sent_is_answered_as_declared(api: Api) -> None:
    print(f"seed {SEED}")
    fuzzer, began = Fuzzer(api, await world_of(api), SEED), time.monotonic()
    await asyncio.to_thread(fuzzer.run)
    for name, statuses in fuzzer.statuses.items():
        print(f"{name}: {sum(statuses.values())} answers, {dict(sorted(statuses.items()))}")
    print(f"in {time.monotonic() - began:.0f} s")
    assert fuzzer.wrong == [], f"{len(fuzzer.wrong)} with seed {SEED}:\n" + "\n".join(fuzzer.wrong[:40])
    assert all(each[200] + each[201] > 50 for each in fuzzer.statuses.values()), "most were refused"
