"""Who somebody is in the bootcamp (B001-B032): oneself, whom one teaches, and nobody else."""

import pytest

from tests.api.bootcamp import Classroom, make, pointers
from tests.api.conftest import Api

ANA = {
    "bio": "Grows tea.",
    "location": {"country": "Madagascar", "city": "Antsirabe"},
    "professionalBackground": {"current_role": "farmer", "experience_years": 7},
    "designExperienceLevel": "beginner",
    "agriculturalExperience": {"farming_experience": "since childhood"},
    "languagePreferences": ["mg", "fr"],
    "timezone": "Indian/Antananarivo",
}


@pytest.mark.requirement("B001", "B002", "B005", "B006", "B007", "B008", "B009", "B010", "B011", "B012", "B014")
async def test_somebody_opens_the_bootcamp_and_changes_what_they_tell_of_themselves(api: Api) -> None:
    ana = await api.person("Ana")
    made = await make(ana, "/bootcamp/users", **ANA)
    assert made["id"] == ana.user
    assert {name: made[name] for name in ANA} == ANA
    assert made["fataplusUserId"] != ana.user
    assert (await ana.post("/bootcamp/users", {})).code == "conflict"
    path = f"/bootcamp/users/{ana.user}"
    changed = await ana.change(path, {"bio": None, "timezone": "UTC"})
    assert (changed.status, changed.json["timezone"], "bio" in changed.json) == (200, "UTC", False)
    assert changed.json["location"] == ANA["location"]
    assert (await ana.send("PATCH", path, {})).code == "precondition_required"


@pytest.mark.requirement("B005", "B011", "B012", "W253")
async def test_every_fault_is_named_at_its_place(api: Api) -> None:
    ana = await api.person("Ana")
    faulty = {
        "avatarUrl": "http://example.org/me.png",
        "timezone": "Mars/Olympus",
        "languagePreferences": ["english"],
        "location": {"planet": "Mars"},
        "designExperienceLevel": "wizard",
        "fataplusUserId": ana.user,
    }
    assert pointers(await ana.post("/bootcamp/users", faulty)) == {
        "/avatarUrl",
        "/timezone",
        "/languagePreferences/0",
        "/location/planet",
        "/designExperienceLevel",
        "/fataplusUserId",
    }


@pytest.mark.requirement("B001", "B096")
async def test_others_are_seen_by_whoever_teaches_them_and_by_administrators(api: Api) -> None:
    room = await Classroom.open(api)
    ana, _enrolled = await room.learner("Ana")
    theo = await room.assistant()
    ben, colleague = await api.person("Ben"), await api.person("Nora")
    path = f"/bootcamp/users/{ana.user}"
    seen = [(await each.get(path)).status for each in (ana, room.mara, theo, await api.ada(), ben, colleague)]
    assert seen == [200, 200, 200, 200, 404, 404]
    listed = (await room.mara.get("/bootcamp/users")).json
    assert ana.user in {each["id"] for each in listed["items"]}
    assert listed["people"][ana.user] == {"name": "Ana"}
    assert (await ben.get("/bootcamp/users")).json["items"] == []
    assert (await room.mara.change(path, {"bio": "Hers"})).code == "forbidden"


@pytest.mark.requirement("B021", "B022", "B025", "B026", "B027", "B028", "B029", "B030", "D61", "D80")
async def test_a_profile_is_made_once_and_changed_by_its_person(api: Api) -> None:
    ana = await api.person("Ana")
    made = await make(
        ana,
        "/bootcamp/profiles",
        portfolioUrl="https://example.org/ana",
        designToolsProficiency={"figma": 8, "adobe_xd": 0},
        agriculturalDomains={"crop_management": True, "livestock": False},
        learningGoals=["Ask better"],
        preferredLearningStyle="visual",
        availabilityHours={"tuesday": [[14, 17.5], [9, 12]], "monday": [9, 17]},
        mentorshipAvailability=True,
    )
    assert made["availabilityHours"] == {"monday": [[9, 17]], "tuesday": [[9, 12], [14, 17.5]]}
    assert made["designToolsProficiency"] == {"figma": 8, "adobe_xd": 0}
    assert (await ana.post("/bootcamp/profiles", {})).code == "conflict"
    path = f"/bootcamp/profiles/{made['id']}"
    changed = await ana.change(path, {"portfolioUrl": None})
    assert (changed.status, "portfolioUrl" in changed.json, changed.json["learningGoals"]) == (
        200,
        False,
        ["Ask better"],
    )
    ben = await api.person("Ben")
    assert [(await ben.get(path)).status, (await ben.delete(path)).status] == [404, 404]
    assert [(await ana.delete(path)).status, (await ana.get(path)).status] == [204, 404]


@pytest.mark.requirement("B022", "B025", "B026", "B029", "D80")
async def test_a_profile_s_faults(api: Api) -> None:
    ana = await api.person("Ana")
    faulty = {
        "githubUrl": "javascript:alert(1)",
        "designToolsProficiency": {"figma": 11, "sketch": "6"},
        "agriculturalDomains": {"livestock": 1},
        "availabilityHours": {"monday": [17, 9], "friday": [[9, 12], [11, 13]], "sunday": [0, 25]},
    }
    assert pointers(await ana.post("/bootcamp/profiles", faulty)) == {
        "/githubUrl",
        "/designToolsProficiency/figma",
        "/designToolsProficiency/sketch",
        "/agriculturalDomains/livestock",
        "/availabilityHours/monday",
        "/availabilityHours/friday",
        "/availabilityHours/sunday/0/1",
    }
    assert pointers(await ana.post("/bootcamp/profiles", {"availabilityHours": {"someday": [1, 2]}})) != set()
