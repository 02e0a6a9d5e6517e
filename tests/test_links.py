"""Links for people without an account are unguessable, single-purpose, and tell nothing."""

from __future__ import annotations

import base64
import string

import pytest

from app import links
from app.settings import new_key
from app.vault import Vault

ALPHABET = string.ascii_letters + string.digits + "-_"


@pytest.fixture
def vault() -> Vault:
    return Vault([new_key()])


def test_token_leads_back_to_the_hash_that_was_stored(vault: Vault) -> None:
    token, token_hash = links.make_token(vault)

    assert links.read_token(vault, token) == token_hash


def test_tokens_are_never_alike(vault: Vault) -> None:
    made = {links.make_token(vault) for _ in range(200)}

    assert len({token for token, _ in made}) == len({token_hash for _, token_hash in made}) == 200


def test_token_is_a_random_id_and_a_signature_and_nothing_else(vault: Vault) -> None:
    token, token_hash = links.make_token(vault)

    assert len(base64.urlsafe_b64decode(token[:22] + "==")) == 16
    assert len(base64.urlsafe_b64decode(token[22:] + "==")) == 16
    assert token_hash not in token


def test_no_changed_character_is_forgiven(vault: Vault) -> None:
    token, _ = links.make_token(vault)

    for place, character in enumerate(token):
        others = [one for one in ALPHABET if one != character]
        changed = (token[:place] + one + token[place + 1 :] for one in others)
        assert not any(links.read_token(vault, one) for one in changed)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1],
        lambda token: token[:22],
        lambda token: token + "A",
        lambda token: token + "\n",
        lambda token: " " + token[1:],
        lambda token: token[:-1] + "=",
        lambda token: token[:-1] + "é",
        lambda token: token[22:] + token[:22],
        lambda _: "",
        lambda _: "A" * 44,
    ],
)
def test_token_of_another_form_is_unknown(vault: Vault, spoil: object) -> None:
    token, _ = links.make_token(vault)
    assert callable(spoil)

    assert links.read_token(vault, spoil(token)) is None


def test_token_is_good_for_its_own_purpose_only(vault: Vault) -> None:
    survey, _ = links.make_token(vault)
    opt_out = links.opt_out_token(vault, survey)

    assert links.read_token(vault, survey, links.OPT_OUT) is None
    assert links.read_token(vault, opt_out, links.SURVEY) is None


def test_way_out_belongs_to_the_same_invitation(vault: Vault) -> None:
    survey, token_hash = links.make_token(vault)

    opt_out = links.opt_out_token(vault, survey)

    assert links.read_token(vault, opt_out, links.OPT_OUT) == token_hash


def test_way_out_is_not_made_of_somebody_elses_token(vault: Vault) -> None:
    foreign, _ = links.make_token(Vault([new_key()]))

    with pytest.raises(ValueError, match="not a survey token"):
        links.opt_out_token(vault, foreign)


def test_links_in_sent_mails_outlive_a_key_rotation() -> None:
    old, new = new_key(), new_key()
    token, token_hash = links.make_token(Vault([old]))

    assert links.read_token(Vault([new, old]), token) == token_hash
    assert links.read_token(Vault([new]), token) is None


def test_addresses_are_made_without_a_web_framework() -> None:
    assert links.survey_url("https://kintsugi.example.com", "abc") == "https://kintsugi.example.com/s/abc"
    assert links.opt_out_url("https://kintsugi.example.com", "abc") == "https://kintsugi.example.com/s/abc/stop"
