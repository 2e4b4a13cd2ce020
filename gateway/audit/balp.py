"""The ledger as IHE BALP AuditEvents (FHIR R4): what was disclosed, taken in, read, and decided by a consent.

Source: IHE ITI Basic Audit Log Patterns (BALP), profiles PrivacyDisclosure.Source and .Recipient, PatientRead (a
Read), AuthZconsent. What the ledger does not know is not made up: a network address is the party's URN, a
disclosure's person is not named. A notification bears the notifier's token and the end of its day (CAPA 7). A refusal
for another reason than a consent has no profile here: it is in the CSV.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

from domain.calendar import day_of, end_of
from domain.events import AbuseNotificationReceived, dump
from domain.reasons import Reason

PROFILE = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
DCM = "http://dicom.nema.org/resources/ontology/DCM"
TERMS = "http://terminology.hl7.org/CodeSystem/"
LIFECYCLE = f"{TERMS}iso-21089-lifecycle"
URN = "urn:ietf:rfc:3986"
OWN = "urn:kakehashi:"
TOLD = frozenset({"DISCLOSED", "STANDING", "RELEASED"})
FOR_CONSENT = frozenset(
    {
        Reason.NO_CONSENT,
        Reason.CONSENT_WITHDRAWN,
        Reason.CONSENT_EXPIRED,
        Reason.CONSENT_DOES_NOT_COVER,
        Reason.CONSENT_NOT_CHECKED,
    }
)
FAILED, DONE = "8", "0"  # AuditEvent.outcome: serious failure (as BALP's own denial), success

Event = dict[str, Any]
Line = Mapping[str, Any]


def audit_events(found: Mapping[str, Any], *, hub: str, names: Mapping[str, str]) -> Iterator[Event]:
    """The events of a ledger (as ``AuditOffice.ledger`` answers), each kind in the order of the record.

    ``hub``: the hub's identifier, hex; ``names``: agency id -> name. The same ledger gives the same events.
    """
    make = _Events(hub, names)
    told = [r for r in found["disclosures"] if r["outcome"] in TOLD]
    for _, group in groupby(sorted(told, key=_telling), key=_telling):
        lines = list(group)
        yield make.source(lines)
        if lines[0]["consent"]:
            yield make.by_consent(lines[0], DONE)
    for line in found["disclosures"]:
        if line["outcome"] == "REFUSED" and line["reason"] in FOR_CONSENT:
            yield make.by_consent(line, FAILED)
    senders = {(r["item"], r["to"]): r for r in told}
    for opening in found["openings"]:
        if opening["outcome"] == "OPENED":
            yield make.read(opening)
            if opening["received"] == "OK" and (opening["item"], opening["agency"]) in senders:
                yield make.recipient(opening, senders[opening["item"], opening["agency"]])
        elif opening["reason"] in FOR_CONSENT:
            yield make.opening_denied(opening)


def _telling(line: Line) -> tuple[int, str]:
    return line["position"], line["to"]


class _Events:
    """Makes one event of each kind."""

    def __init__(self, hub: str, names: Mapping[str, str]) -> None:
        self._hub = f"{OWN}hub:{hub}"
        self._names = names

    def source(self, lines: list[Line]) -> Event:
        """One telling to one agency, with all its items."""
        line = lines[0]
        agents = [
            self._agent("110153", line["by"], policy=line["basis"], requestor=True),
            self._agent("110152", line["to"]),
        ]
        entities = [_patient(line["case"]), *(_data(r["item"], r["section"], r["flags"]) for r in lines)]
        return self._event(
            "PrivacyDisclosure.Source", (DCM, "110106"), (LIFECYCLE, "disclose"), "R", _when(line),
            agents, entities, purpose=line["purpose"], key=(line["position"], line["to"]),
        )  # fmt: skip

    def recipient(self, opening: Line, told: Line) -> Event:
        """A door has opened what it was told and found it whole."""
        agents = [
            self._agent("110153", told["by"], policy=told["basis"]),
            self._agent("110152", opening["agency"], requestor=True),
        ]
        entities = [_patient(opening["case"]), _data(opening["item"], opening["section"], ())]
        return self._event(
            "PrivacyDisclosure.Recipient", (DCM, "110107"), (LIFECYCLE, "disclose"), "C",
            opening["received_at"], agents, entities, purpose=opening["purpose"], key=(opening["ask"],),
        )  # fmt: skip

    def read(self, opening: Line) -> Event:
        """Somebody opened an item."""
        agents = [
            self._agent("110152", opening["agency"]),
            self._agent("110153", self._hub),
            _user(f"{opening['agency']}/{opening['actor']}"),
        ]
        entities = [
            _patient(opening["case"]),
            _data(opening["item"], opening["section"], ()),
            {
                "what": {"identifier": {"value": opening["ask"]}},
                "type": {
                    "system": "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType",
                    "code": "XrequestId",
                },
            },
        ]
        return self._event(
            "PatientRead", (f"{TERMS}audit-event-type", "rest"),
            ("http://hl7.org/fhir/restful-interaction", "read"), "R", opening["at"],
            agents, entities, purpose=opening["purpose"], key=(opening["ask"],),
        )  # fmt: skip

    def by_consent(self, line: Line, outcome: str) -> Event:
        """A telling that claims a consent: whether it carried it."""
        who = line["by"], "not kept in the ledger"
        return self._authz(line, _when(line), *who, line["consent"], outcome, (line["position"], line["n"]))

    def opening_denied(self, opening: Line) -> Event:
        """A reading refused for want of a consent."""
        who = opening["agency"], f"{opening['agency']}/{opening['actor']}"
        return self._authz(opening, opening["at"], *who, (), FAILED, (opening["ask"],))

    def _authz(
        self, line: Line, at: str, agency: str, actor: str, consents: Iterable[str], outcome: str, key: Any
    ) -> Event:
        agents = [
            self._agent("110150", agency, named=False),
            _user(actor),
            {
                "type": _concept(f"{TERMS}v3-RoleClass", "PROV"),
                "who": self._party(agency),
                "requestor": False,
            },
            {
                "type": _concept(f"{TERMS}extra-security-role-type", "authserver"),
                "who": self._party(self._hub),
                "requestor": False,
            },
        ]
        said = [{"type": "Consent", "identifier": _urn(c)} for c in consents]
        entities = [_patient(line["case"])] + [
            {"what": what, "type": {"system": "http://hl7.org/fhir/resource-types", "code": "Consent"}}
            for what in said or [{"display": "no consent in force carries it"}]
        ]
        event = self._event(
            "AuthZconsent", (DCM, "110113"),
            ("https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType", "AuthZ-Consent"), "E", at,
            agents, entities, purpose=line["purpose"], key=key,
        )  # fmt: skip
        event["outcome"] = outcome
        if line["reason"] is not None and outcome == FAILED:
            event["outcomeDesc"] = line["reason"]
        return event

    def _event(
        self,
        profile: str,
        kind: tuple[str, str],
        subtype: tuple[str, str],
        action: str,
        at: str,
        agents: list[Event],
        entities: list[Event],
        *,
        purpose: str | None,
        key: tuple[Any, ...],
    ) -> Event:
        event: Event = {
            "resourceType": "AuditEvent",
            "id": str(uuid5(NAMES, "/".join(map(str, (self._hub, profile, *key))))),
            "meta": {"profile": [PROFILE + profile]},
            "type": _coding(*kind),
            "subtype": [_coding(*subtype)],
            "action": action,
            "recorded": at,
            "outcome": DONE,
            "agent": agents,
            "source": {
                "observer": self._party(self._hub),
                "type": [_coding(f"{TERMS}security-source-type", "4")],
            },
            "entity": entities,
        }
        if purpose is not None:
            event["purposeOfEvent"] = [_concept(f"{OWN}purpose", purpose)]
        return event

    def _agent(
        self,
        role: str,
        party: str,
        *,
        policy: str | None = None,
        requestor: bool = False,
        named: bool = True,
    ) -> Event:
        agent = {
            "type": _concept(DCM, role),
            "who": self._party(party) if named else {"identifier": _urn(party)},
            "requestor": requestor,
            "network": {"address": _urn(party)["value"], "type": "5"},
        }
        return agent if policy is None else agent | {"policy": [f"{OWN}basis:{policy}"]}

    def _party(self, party: str) -> Event:
        """An agency by its id and name, the hub by its URN, a notifier by the token alone."""
        who: Event = {"identifier": _urn(party)}
        return who | {"display": self._names[party]} if party in self._names else who


NAMES = UUID("6d2b8f0a-6f52-4f7d-9f2e-0b7c1d0a5e11")


def _when(line: Line) -> str:
    """When it was told; of a notification the end of its day. Basis: CAPA 7."""
    at: str = line["at"]
    if line["act"] != AbuseNotificationReceived.TOPIC:
        return at
    moment: str = dump(end_of(day_of(datetime.fromisoformat(at.replace("Z", "+00:00")))))
    return moment


def _urn(party: str) -> dict[str, str]:
    try:
        return {"system": URN, "value": f"urn:uuid:{UUID(party)}"}
    except ValueError:
        return {"system": URN, "value": party if party.startswith(OWN) else f"{OWN}party:{party}"}


def _coding(system: str, code: str) -> dict[str, str]:
    return {"system": system, "code": code}


def _concept(system: str, code: str) -> Event:
    return {"coding": [_coding(system, code)]}


def _user(actor: str) -> Event:
    """The person, by the pseudonym that her agency gave her."""
    return {
        "type": _concept(f"{TERMS}v3-ParticipationType", "IRCP"),
        "who": {"identifier": {"system": f"{OWN}actor", "value": actor}},
        "requestor": True,
    }


def _patient(case: str) -> Event:
    """The family's case: an identifier that says nothing of who it is."""
    return {
        "what": {"type": "Patient", "identifier": _urn(case)},
        "type": _coding(f"{TERMS}audit-entity-type", "1"),
        "role": _coding(f"{TERMS}object-role", "1"),
    }


def _data(item: str, section: str, flags: Iterable[str]) -> Event:
    detail = [{"type": "section", "valueString": section}]
    return {
        "what": {"identifier": _urn(item)},
        "type": _coding(f"{TERMS}audit-entity-type", "2"),
        "role": _coding(f"{TERMS}object-role", "4"),
        "detail": detail + [{"type": "flag", "valueString": flag} for flag in flags],
    }
