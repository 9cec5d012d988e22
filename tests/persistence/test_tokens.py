"""Sign-ins, API tokens and hand-over links: renewed, spent, revoked, stolen (attacks 1, 10)."""

from datetime import timedelta

from persistence.models.user import AccountStatus, UserAdministration
from persistence.tokens import Issued, TokenKind
from tests.persistence.workshop import Workshop


async def issue(workshop: Workshop, kind: TokenKind = TokenKind.REFRESH) -> Issued:
    return await workshop.tokens.issue(workshop.ana, kind)


async def test_a_sign_in_renews_itself_within_its_family(workshop: Workshop) -> None:
    first = await issue(workshop)
    second = await workshop.tokens.renew(first.secret)
    assert second is not None
    assert (second.user, second.family) == (workshop.ana, first.family)
    assert second.secret != first.secret
    assert await workshop.tokens.living([first.family]) == {first.family}


async def test_two_tabs_may_renew_with_the_same_secret_at_the_same_moment(workshop: Workshop) -> None:
    first = await issue(workshop)
    assert await workshop.tokens.renew(first.secret) is not None
    again = await workshop.tokens.renew(first.secret)
    assert again is not None
    assert await workshop.tokens.renew(again.secret) is not None


async def test_a_secret_used_again_later_ends_the_whole_family(workshop: Workshop) -> None:
    stolen = await issue(workshop)
    current = await workshop.tokens.renew(stolen.secret)
    assert current is not None
    await workshop.execute("UPDATE tokens SET replaced_at = replaced_at - interval '61 seconds'")
    assert await workshop.tokens.renew(stolen.secret) is None
    assert await workshop.tokens.renew(current.secret) is None
    assert await workshop.tokens.living([current.family]) == set()


async def test_the_family_s_age_is_its_youngest_secret_s(workshop: Workshop) -> None:
    first = await issue(workshop)
    assert await workshop.tokens.renew(first.secret) is not None
    await workshop.execute("UPDATE tokens SET expires_at = now() WHERE token_hash = sha256($1)", first.secret.encode())
    assert await workshop.tokens.living([first.family]) == {first.family}


async def test_an_expired_or_unknown_secret_renews_nothing(workshop: Workshop) -> None:
    expired = await workshop.tokens.issue(workshop.ana, TokenKind.REFRESH, lifetime=timedelta(seconds=-1))
    api = await issue(workshop, TokenKind.API)
    for secret in (expired.secret, api.secret, "guess"):
        assert await workshop.tokens.renew(secret) is None


async def test_an_api_token_names_its_owner_until_revoked(workshop: Workshop) -> None:
    token = await issue(workshop, TokenKind.API)
    assert await workshop.tokens.owner(token.secret, TokenKind.API) == (workshop.ana, token.family)
    assert await workshop.tokens.owner(token.secret, TokenKind.REFRESH) is None
    await workshop.tokens.revoke_family(token.family)
    assert await workshop.tokens.owner(token.secret, TokenKind.API) is None


async def test_a_hand_over_link_is_good_once(workshop: Workshop) -> None:
    link = await issue(workshop, TokenKind.RESET)
    assert await workshop.tokens.owner(link.secret, TokenKind.RESET) == (workshop.ana, link.family)
    assert await workshop.tokens.spend(link.secret) == workshop.ana
    assert await workshop.tokens.spend(link.secret) is None
    refresh = await issue(workshop)
    assert await workshop.tokens.spend(refresh.secret) is None


async def test_attack_10_a_change_of_password_ends_every_sign_in_but_one_s_own(workshop: Workshop) -> None:
    own, other, api = await issue(workshop), await issue(workshop), await issue(workshop, TokenKind.API)
    somebody_s = await workshop.tokens.issue(workshop.ben, TokenKind.REFRESH)
    await workshop.tokens.revoke_all(workshop.ana, but=own.family)
    families = [own.family, other.family, api.family, somebody_s.family]
    assert await workshop.tokens.living(families) == {own.family, somebody_s.family}
    await workshop.tokens.revoke_all(workshop.ana)
    assert await workshop.tokens.living(families) == {somebody_s.family}


async def test_attack_10_a_suspension_ends_what_was_issued_without_touching_it(workshop: Workshop) -> None:
    refresh, api = await issue(workshop), await issue(workshop, TokenKind.API)
    await workshop.directory.change(workshop.ana, UserAdministration(status=AccountStatus.SUSPENDED))
    assert await workshop.tokens.renew(refresh.secret) is None
    assert await workshop.tokens.owner(api.secret, TokenKind.API) is None
    assert await workshop.tokens.living([refresh.family, api.family]) == set()
    await workshop.directory.change(workshop.ana, UserAdministration(status=AccountStatus.ACTIVE))
    assert await workshop.tokens.living([refresh.family]) == {refresh.family}


async def test_a_secret_is_stored_as_a_hash_and_never_printed(workshop: Workshop) -> None:
    token = await issue(workshop)
    assert token.secret not in await workshop.value("SELECT to_jsonb(t)::text FROM tokens t")
    assert token.secret not in repr(token)


async def test_sweeping_forgets_what_expired_long_ago(workshop: Workshop) -> None:
    kept = await issue(workshop)
    await workshop.tokens.issue(workshop.ana, TokenKind.RESET, lifetime=-timedelta(days=8))
    await workshop.tokens.sweep()
    assert await workshop.value("SELECT count(*) FROM tokens") == 1
    assert await workshop.tokens.renew(kept.secret) is not None
