"""Sessions of browsers: a cookie for a token, as good as the token and no better."""

from __future__ import annotations

from lineage_server.auth.principal import LOCAL
from lineage_server.auth.tokens import NewToken
from tests.support.served import Served

SESSION = "/api/v1/session"
ME = {"query": "{ me { subject } }"}


async def test_a_session_says_who_asks_until_one_signs_out(guarded: Served) -> None:
    token = await guarded.token("kim")
    http = guarded.http
    assert (await http.post("/graphql", json=ME)).status_code == 401
    entered = await http.post(SESSION, headers={"authorization": f"Bearer {token}"})
    assert entered.status_code == 204
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    assert (await http.post("/graphql", json=ME)).json()["data"]["me"]["subject"] == "kim"
    other = await guarded.token("max")  # what a program says counts first
    told = await http.post("/graphql", json=ME, headers={"authorization": f"Bearer {other}"})
    assert told.json()["data"]["me"]["subject"] == "max"
    assert (await http.delete(SESSION)).status_code == 204
    assert (await http.post("/graphql", json=ME)).status_code == 401


async def test_a_session_ends_with_its_token(guarded: Served) -> None:
    new = NewToken(name="soon over", subject="kim")
    token, text = await guarded.services.tokens.create(LOCAL, new)
    headers = {"authorization": f"Bearer {text}"}
    assert (await guarded.http.post(SESSION, headers=headers)).status_code == 204
    await guarded.services.tokens.revoke(LOCAL, token.uid)
    refused = await guarded.http.post("/graphql", json=ME)
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (
        401,
        "UNAUTHENTICATED",
    )


async def test_pages_of_others_get_nothing_done_with_a_session(guarded: Served) -> None:
    token = await guarded.token("kim")
    await guarded.http.post(SESSION, headers={"authorization": f"Bearer {token}"})
    for origin in ("http://evil.example", "http://127.0.0.1:8888"):
        answer = await guarded.http.post("/graphql", json=ME, headers={"origin": origin})
        assert answer.status_code == 403, origin
    same = await guarded.http.post("/graphql", json=ME, headers={"origin": "http://127.0.0.1"})
    assert same.status_code == 200


async def test_over_tls_the_cookie_stays_there(guarded: Served) -> None:
    token = await guarded.token("kim")
    told = {"authorization": f"Bearer {token}", "x-forwarded-proto": "https"}
    assert "secure" in (await guarded.http.post(SESSION, headers=told)).headers["set-cookie"].lower()


async def test_without_a_token_there_is_no_session(served: Served) -> None:
    answer = await served.http.post(SESSION)
    assert (answer.status_code, answer.json()["error"]) == (400, "BAD_INPUT")
