"""The ledger as IHE BALP AuditEvents (FHIR R4): disclosures, their receipt, readings, and decisions by consent.

Source: IHE BALP, profiles PrivacyDisclosure.Source and .Recipient, PatientRead (a
Read), AuthZconsent. Nothing is invented that the ledger does not hold: a network address is the party's URN, the person
behind a disclosure is not named. A notification bears the notifier's token and the end of its day (CAPA 7). A refusal
for another reason than consent has no profile; it is in the CSV.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

from domain.calendar import day_of, end_of
from domain.events import NOTIFICATIONS, dump
from domain.reasons import Reason

PROFILE = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
DCM = "http://dicom.nema.org/resources/ontology/DCM"
TERMS = "http://terminology.hl7.org/CodeSystem/"
LIFECYCLE = f"{TERMS}iso-21089-lifecycle"
URN = "urn:ietf:rfc:3986"
URN_PREFIX = "urn:kakehashi:"
DISCLOSED_OUTCOMES = frozenset({"DISCLOSED", "STANDING", "RELEASED"})
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

Json = dict[str, Any]
LedgerEntry = Mapping[str, Any]


def audit_events(ledger: Mapping[str, Any], *, hub: str, names: Mapping[str, str]) -> Iterator[Json]:
    """The events of a ledger (in the form of ``AuditOffice.ledger``), each kind in the order of the record.

    ``hub``: the hub's identifier, hex; ``names``: agency id -> name. The same ledger gives the same events.
    """
    builder = _EventBuilder(hub, names)
    disclosed = [r for r in ledger["disclosures"] if r["outcome"] in DISCLOSED_OUTCOMES]
    for _, group in groupby(sorted(disclosed, key=_message_and_recipient), key=_message_and_recipient):
        entries = list(group)
        yield builder.source(entries)
        if entries[0]["consent"]:
            yield builder.by_consent(entries[0], DONE)
    for entry in ledger["disclosures"]:
        if entry["outcome"] == "REFUSED" and entry["reason"] in FOR_CONSENT:
            yield builder.by_consent(entry, FAILED)
    disclosure_of = {(r["item"], r["to"]): r for r in disclosed}
    for opening in ledger["openings"]:
        if opening["outcome"] == "OPENED":
            yield builder.read(opening)
            if opening["received"] == "OK" and (opening["item"], opening["agency"]) in disclosure_of:
                yield builder.recipient(opening, disclosure_of[opening["item"], opening["agency"]])
        elif opening["reason"] in FOR_CONSENT:
            yield builder.opening_denied(opening)


def _message_and_recipient(entry: LedgerEntry) -> tuple[int, str]:
    return entry["position"], entry["to"]


class _EventBuilder:
    """Builds the event of each kind."""

    def __init__(self, hub: str, names: Mapping[str, str]) -> None:
        self._hub_urn = f"{URN_PREFIX}hub:{hub}"
        self._display_names = names

    def source(self, entries: list[LedgerEntry]) -> Json:
        """One disclosure to one agency, with all its items."""
        entry = entries[0]
        agents = [
            self._agent("110153", entry["by"], policy=entry["basis"], requestor=True),
            self._agent("110152", entry["to"]),
        ]
        entities = [
            _case_entity(entry["case"]),
            *(_item_entity(r["item"], r["section"], r["flags"]) for r in entries),
        ]
        return self._event(
            "PrivacyDisclosure.Source", (DCM, "110106"), (LIFECYCLE, "disclose"), "R", _public_time(entry),
            agents, entities, purpose=entry["purpose"], key=(entry["position"], entry["to"]),
        )  # fmt: skip

    def recipient(self, opening: LedgerEntry, disclosure: LedgerEntry) -> Json:
        """A door has opened a disclosed item and verified it."""
        agents = [
            self._agent("110153", disclosure["by"], policy=disclosure["basis"]),
            self._agent("110152", opening["agency"], requestor=True),
        ]
        entities = [_case_entity(opening["case"]), _item_entity(opening["item"], opening["section"], ())]
        return self._event(
            "PrivacyDisclosure.Recipient", (DCM, "110107"), (LIFECYCLE, "disclose"), "C",
            opening["received_at"], agents, entities, purpose=opening["purpose"], key=(opening["command_id"],),
        )  # fmt: skip

    def read(self, opening: LedgerEntry) -> Json:
        """A person opened an item."""
        agents = [
            self._agent("110152", opening["agency"]),
            self._agent("110153", self._hub_urn),
            _user_agent(f"{opening['agency']}/{opening['actor']}"),
        ]
        entities = [
            _case_entity(opening["case"]),
            _item_entity(opening["item"], opening["section"], ()),
            {
                "what": {"identifier": {"value": opening["command_id"]}},
                "type": {
                    "system": "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType",
                    "code": "XrequestId",
                },
            },
        ]
        return self._event(
            "PatientRead", (f"{TERMS}audit-event-type", "rest"),
            ("http://hl7.org/fhir/restful-interaction", "read"), "R", opening["at"],
            agents, entities, purpose=opening["purpose"], key=(opening["command_id"],),
        )  # fmt: skip

    def by_consent(self, entry: LedgerEntry, outcome: str) -> Json:
        """A disclosure that claims a consent, and whether the consent permitted it."""
        who = entry["by"], "not kept in the ledger"
        return self._consent_decision(
            entry, _public_time(entry), *who, entry["consent"], outcome, (entry["position"], entry["n"])
        )

    def opening_denied(self, opening: LedgerEntry) -> Json:
        """A reading that was refused because no consent permits it."""
        who = opening["agency"], f"{opening['agency']}/{opening['actor']}"
        return self._consent_decision(opening, opening["at"], *who, (), FAILED, (opening["command_id"],))

    def _consent_decision(
        self,
        entry: LedgerEntry,
        at: str,
        agency: str,
        actor: str,
        consents: Iterable[str],
        outcome: str,
        key: Any,
    ) -> Json:
        agents = [
            self._agent("110150", agency, named=False),
            _user_agent(actor),
            {
                "type": _concept(f"{TERMS}v3-RoleClass", "PROV"),
                "who": self._party(agency),
                "requestor": False,
            },
            {
                "type": _concept(f"{TERMS}extra-security-role-type", "authserver"),
                "who": self._party(self._hub_urn),
                "requestor": False,
            },
        ]
        consent_refs = [{"type": "Consent", "identifier": _urn(c)} for c in consents]
        entities = [_case_entity(entry["case"])] + [
            {"what": what, "type": {"system": "http://hl7.org/fhir/resource-types", "code": "Consent"}}
            for what in consent_refs or [{"display": "no consent in force carries it"}]
        ]
        event = self._event(
            "AuthZconsent", (DCM, "110113"),
            ("https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType", "AuthZ-Consent"), "E", at,
            agents, entities, purpose=entry["purpose"], key=key,
        )  # fmt: skip
        event["outcome"] = outcome
        if entry["reason"] is not None and outcome == FAILED:
            event["outcomeDesc"] = entry["reason"]
        return event

    def _event(
        self,
        profile: str,
        kind: tuple[str, str],
        subtype: tuple[str, str],
        action: str,
        at: str,
        agents: list[Json],
        entities: list[Json],
        *,
        purpose: str | None,
        key: tuple[Any, ...],
    ) -> Json:
        event: Json = {
            "resourceType": "AuditEvent",
            "id": str(uuid5(NAMES, "/".join(map(str, (self._hub_urn, profile, *key))))),
            "meta": {"profile": [PROFILE + profile]},
            "type": _coding(*kind),
            "subtype": [_coding(*subtype)],
            "action": action,
            "recorded": at,
            "outcome": DONE,
            "agent": agents,
            "source": {
                "observer": self._party(self._hub_urn),
                "type": [_coding(f"{TERMS}security-source-type", "4")],
            },
            "entity": entities,
        }
        if purpose is not None:
            event["purposeOfEvent"] = [_concept(f"{URN_PREFIX}purpose", purpose)]
        return event

    def _agent(
        self,
        role: str,
        party: str,
        *,
        policy: str | None = None,
        requestor: bool = False,
        named: bool = True,
    ) -> Json:
        agent = {
            "type": _concept(DCM, role),
            "who": self._party(party) if named else {"identifier": _urn(party)},
            "requestor": requestor,
            "network": {"address": _urn(party)["value"], "type": "5"},
        }
        return agent if policy is None else agent | {"policy": [f"{URN_PREFIX}basis:{policy}"]}

    def _party(self, party: str) -> Json:
        """An agency by its id and name, the hub by its URN, a notifier by the token only."""
        who: Json = {"identifier": _urn(party)}
        return who | {"display": self._display_names[party]} if party in self._display_names else who


NAMES = UUID("6d2b8f0a-6f52-4f7d-9f2e-0b7c1d0a5e11")


def _public_time(entry: LedgerEntry) -> str:
    """The time of the disclosure; for a notification the end of its day. Basis: CAPA 7."""
    at: str = entry["at"]
    if entry["act"] not in {notification.TOPIC for notification in NOTIFICATIONS}:
        return at
    moment: str = dump(end_of(day_of(datetime.fromisoformat(at.replace("Z", "+00:00")))))
    return moment


def _urn(party: str) -> dict[str, str]:
    try:
        return {"system": URN, "value": f"urn:uuid:{UUID(party)}"}
    except ValueError:
        return {
            "system": URN,
            "value": party if party.startswith(URN_PREFIX) else f"{URN_PREFIX}party:{party}",
        }


def _coding(system: str, code: str) -> dict[str, str]:
    return {"system": system, "code": code}


def _concept(system: str, code: str) -> Json:
    return {"coding": [_coding(system, code)]}


def _user_agent(actor: str) -> Json:
    """The person, by the pseudonym that the agency assigned."""
    return {
        "type": _concept(f"{TERMS}v3-ParticipationType", "IRCP"),
        "who": {"identifier": {"system": f"{URN_PREFIX}actor", "value": actor}},
        "requestor": True,
    }


def _case_entity(case: str) -> Json:
    """The family's case: an identifier that reveals nothing about the family."""
    return {
        "what": {"type": "Patient", "identifier": _urn(case)},
        "type": _coding(f"{TERMS}audit-entity-type", "1"),
        "role": _coding(f"{TERMS}object-role", "1"),
    }


def _item_entity(item: str, section: str, flags: Iterable[str]) -> Json:
    detail = [{"type": "section", "valueString": section}]
    return {
        "what": {"identifier": _urn(item)},
        "type": _coding(f"{TERMS}audit-entity-type", "2"),
        "role": _coding(f"{TERMS}object-role", "4"),
        "detail": detail + [{"type": "flag", "valueString": flag} for flag in flags],
    }
