"""A case story played through the pages of the doors alone: each message by its form, each reading by clicks.

What is before a story (keys, offices, members, contracts, training, oaths) is recorded as every rehearsal records it; from the
first message on, nothing is sent but what a person sends from a page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from domain.codes import Section
from domain.time_text import parse_time_text
from gateway.agency.forms.children import ALL
from gateway.agency.forms.fill import local_input_value
from gateway.agency.forms.kinds import Field, Form, InputKind
from gateway.agency.forms.table import FORMS
from gateway.rehearsal.scenario.fields.case import case_fields
from gateway.rehearsal.scenario.fields.context import BY_NAME
from gateway.rehearsal.scenario.hub_events import check_hub_event
from gateway.rehearsal.scenario.must_hold import SentenceResult, evaluate_sentences, probes
from gateway.rehearsal.scenario.player import HUB_EVENTS
from gateway.rehearsal.scenario.referral_answers import REFERRAL_EVENTS, answers
from gateway.rehearsal.scenario.run import Check, OpenableSections, Run
from gateway.rehearsal.scenario.setup import record_oath, renew_training
from gateway.rehearsal.scenario.story import Expect, Step
from tests.browser.door_user import WAIT_SECONDS, DoorUser

FORM_OF_EVENT: Mapping[str, str] = {
    "AbuseNotificationReceived": "intake",
    "CaseConferenceConvened": "conference",
    "ClosingConsultationHeld": "closing-consultation",
    "ClosingEvaluationRecorded": "evaluation",
    "ConferenceMinutesRecorded": "minutes",
    "ConsentGiven": "consent",
    "ContractorReinstated": "reinstate",
    "ContractorRequirementVerified": "contractor-requirement",
    "DisclosureHeld": "disclosure",
    "DisclosureMade": "disclosure",
    "EligibilityDetermined": "eligibility",
    "EmergencyTriaged": "triage",
    "FamilyInformationProvided": "referral",
    "FollowOnServiceAccepted": "follow-on-accepted",
    "FollowOnServiceArranged": "follow-on",
    "HeldDisclosureReleased": "release",
    "HomeVisitCompleted": "visited",
    "IndicatorAssessmentRecorded": "assessment",
    "InformationRequestAnswered": "answer",
    "InformationRequested": "question",
    "NetworkCaseRegistered": "registration",
    "NetworkCaseRegistrationRequested": "registration-request",
    "NotificationForwarded": "forward",
    "PlanReviewed": "plan-review",
    "ProgrammeNotificationReceived": "programme-notice",
    "SafetyConfirmed": "safety",
    "SubjectAccessDecided": "access-decision",
    "SubjectAccessRequested": "access-request",
    "SupportClosed": "close",
    "SupportCommenced": "commence",
    "SupportPlanApproved": "plan-approval",
    "SupportPlanFormulated": "plan",
    "SupportPlanProposed": "plan-proposal",
    "SupportWorkerAssigned": "assign",
    "SupportWorkerUnassigned": "unassign",
    "TrainingModuleCompleted": "training",
    "VisitReportSubmitted": "visit-report",
}
"""Event -> key of the form by which a person sends it."""
BUTTON_OF_EVENT = {"ReferralAcknowledged": "referral.acknowledged", "ReferralRead": "referral.read"}
PROGRAMME_FORMS = frozenset({"reinstate", "contractor-requirement", "training"})
MARK = re.compile(r"〔架空〕\S+ #(\d+) ([A-Z]+) の記載")
UNSTATED: Mapping[str, Any] = {"standing": "NEEDS_SUPPORT", "urgency": "WITHIN_TIME"}
"""What a page asks for and the stories leave open."""


def mark(story: str, n: int, section: str) -> str:
    """What is written into this section of this message, and found again where it is shown."""
    return f"〔架空〕{story} #{n} {section} の記載"


@dataclass
class StoryByPages:
    """One story at the pages. ``sent``: how many forms and buttons were sent; ``clicks_to_read``: how many times content was
    opened by a click; ``is_begun``: whether the case exists."""

    run: Run
    users: Mapping[str, DoorUser]
    clicks_to_read: int = 0
    sent: int = 0
    is_begun: bool = False

    def play(self) -> list[SentenceResult]:
        """Every message, view and sentence of the story."""
        self.run.extra_probes = [(p.at, p.agency) for p in probes(self.run)]
        for at, _, act in sorted(self._schedule(), key=lambda planned: (planned[0], planned[1])):
            self.run.rehearsal_hub.set_clock(at)
            act()
        return self._sentences()

    def _schedule(self) -> Iterator[tuple[Any, int, Callable[[], None]]]:
        run = self.run
        for code, commissioned in run.story.contractors.items():
            for worker in run.crews.all(code):
                yield (
                    commissioned.since - timedelta(minutes=1),
                    0,
                    lambda c=code, w=worker: record_oath(run, c, w),
                )
                for at, modules in run.crews.renewals(code, worker).items():
                    yield at, 0, lambda c=code, w=worker, m=modules: renew_training(run, c, w, m)
            yield commissioned.since, 1, lambda c=code: self._assign(c)
        for step in run.story.steps:
            yield step.at, 2, lambda s=step: self._play_step(s)
        for expect in run.story.expects:
            yield expect.at, 4, lambda e=expect: self._check_views(e)
        for at, code in run.extra_probes:
            yield at, 5, lambda c=code: self._probe(c)

    # --- sending -----------------------------------------------------------------------------------------------

    def _play_step(self, step: Step) -> None:
        if step.event in HUB_EVENTS:
            check_hub_event(self.run, step)
        elif step.tried is not None:
            self._try(step)
        elif step.event in BUTTON_OF_EVENT:
            self._press(step)
        elif step.event == "SupportCommenced" and step.sections:
            # a plan is made by its own form; what then begins is one more
            self._fill_and_send(replace(step, event="SupportPlanFormulated"))
            self._fill_and_send(replace(step, sections=()))
        else:
            self._fill_and_send(step)
        self._acknowledge_if_story_does_not(step)

    def _user(self, code: str) -> DoorUser:
        return self.users[code]

    def _press(self, step: Step) -> None:
        """The button beside the matter, or beside the message."""
        about = str(self.run.referral_for(step))
        self._confirm(step.by, about, BUTTON_OF_EVENT[step.event])

    def _confirm(self, code: str, message: str, topic: str) -> None:
        user = self._user(code)
        self._open_case(user)
        button = f"main form:has(input[name=message][value='{message}']) button[name=act][value='{topic}']"
        self._seen(user, button).click()
        user.read()
        assert user.page.locator(button).count() == 0, (code, topic, user.read())
        self.sent += 1

    def _acknowledge_if_story_does_not(self, step: Step) -> None:
        """Who was sent a referral confirms and reads it, where the story does not say when."""
        if step.event not in REFERRAL_EVENTS or step.n not in self.run.messages:
            return
        for topic, event in (
            ("referral.acknowledged", "ReferralAcknowledged"),
            ("referral.read", "ReferralRead"),
        ):
            by_story = answers(self.run.story, event)
            for code in self.run.codes_with_door(step.to):
                author = self.run.author_of(step)
                acknowledged = answers(self.run.story, "ReferralAcknowledged")
                if code != author and (step.n, code) not in by_story and (step.n, code) not in acknowledged:
                    self._confirm(code, str(self.run.messages[step.n]), topic)

    def _assign(self, code: str) -> None:
        step = Step(
            n=0,
            at=self.run.rehearsal_hub.now(),
            by=self.run.story.core,
            to=(),
            event="SupportWorkerAssigned",
            sections=(),
            basis=None,
            consent=(),
            details={"agency": code, "worker": self.run.worker_of(code)},
            tried=None,
            releases=None,
        )
        self._fill_and_send(step)

    def _fill_and_send(self, step: Step) -> None:
        """Go to the form from the page that offers it, fill in what the story states, look at it where it is shown once more,
        and send it."""
        user, key = self._user(self.run.author_of(step)), FORM_OF_EVENT[step.event]
        self.run.progress(f"#{step.n} {key}")
        self._go_to_form(user, step, key)
        self._fill(user, step, FORMS[key])
        answered = user.submit()
        assert "を記録しました" in answered, (step.n, step.event, answered)
        self.sent += 1
        sent = re.search(r"/cases/([0-9a-f-]{36})\?.*sent=([0-9a-f-]{36})", user.page.url)
        if sent is None:
            return
        if not self.is_begun:
            self.run.case, self.is_begun = UUID(sent[1]), True
        if step.n:
            self.run.messages[step.n] = UUID(sent[2])
            fields = self._fields_of(step)
            plan = fields.get("plan")
            self.run.last_plan_content = plan["content"] if plan else self.run.last_plan_content

    def _try(self, step: Step) -> None:
        """What the hub must refuse: the page says so and keeps it; who insists has the refusal on record."""
        tried = dict(step.tried or {})
        attempt = replace(
            step,
            event=str(tried["event"]),
            to=tuple(tried["to"]),
            sections=tuple(tried["sections"]),
            basis=tried["basis"],
            details=tried.get("details") or {},
            tried=None,
        )
        user, key = self._user(step.by), FORM_OF_EVENT[attempt.event]
        self._go_to_form(user, attempt, key)
        self._fill(user, attempt, FORMS[key])
        shown = user.submit(confirm=False)
        assert "まだ記録していません" in shown or "このままでは送れません" in shown, shown
        refused = user.insist()
        assert "認められませんでした" in refused, refused
        self.run.refused.add(step.n)
        self.sent += 1

    def _go_to_form(self, user: DoorUser, step: Step, key: str) -> None:
        if key in PROGRAMME_FORMS:
            user.to("委託・研修")
            user.follow(self._seen(user, f"main a[href*='/programme/forms/{key}?']"))
            return
        if not self.is_begun:
            if key == "referral":
                user.to("家庭を知らせる")
            else:
                user.to("事例")
                user.follow(user.page.locator(f"main a[href$='/forms/{key}']").first)
            return
        self._open_case(user)
        about = self._about(step, key)
        if key == "disclosure":
            link = "#next a:text-is('情報を提供する')"
        elif about:
            link = f"main a[href*='/forms/{key}?about={about}']"
        else:
            link = f"main a[href$='/forms/{key}']"
        user.follow(self._seen(user, link))

    def _about(self, step: Step, key: str) -> str | None:
        """The message that a form answers, as the story names it."""
        fields = self._fields_of(step)
        if key == "release":
            return str(self.run.messages[int(step.releases or 0)])
        name = FORMS[key].answers if FORMS[key].about else ""
        return str(fields[name]) if name else None

    def _seen(self, user: DoorUser, selector: str) -> Any:
        """The first such element, once it is there: what another agency sent arrives a moment later."""
        until = monotonic() + WAIT_SECONDS / 4
        while not user.page.locator(selector).count():
            assert monotonic() < until, (selector, user.page.url, user.read())
            user.page.wait_for_timeout(100)
            user.page.reload()
        return user.page.locator(selector).first

    def _open_case(self, user: DoorUser) -> None:
        """The family's case, from the list of cases."""
        user.to("事例")
        user.follow(self._seen(user, f"main table a[href$='/cases/{self.run.case}']"))

    # --- filling in --------------------------------------------------------------------------------------------

    def _fields_of(self, step: Step) -> dict[str, Any]:
        if step.event not in BY_NAME or FORM_OF_EVENT.get(step.event) in PROGRAMME_FORMS:
            return dict(step.details)
        if step.event == "HeldDisclosureReleased":
            return {}
        to = tuple(c for c in self.run.codes_with_door(step.to) if c != self.run.author_of(step))
        return case_fields(step, BY_NAME[step.event], self.run, to)

    def _fill(self, user: DoorUser, step: Step, form: Form) -> None:
        values = self._values(step, form)
        for one in form.fields:
            if one.name in values:
                self._put_field(user, one, values[one.name])
        self._address(user, step, form)
        for section_input in form.section_inputs:
            if section_input.content is not None:
                for path in sorted(section_input.content.required):
                    self._put_required(user, step, section_input.content_name, path)
        for section in step.sections:
            self._write(user, step, section)
        if not self.is_begun and Section.BASIC in step.sections:
            child = self.run.story.family(None).children[0]
            name = "form_BASIC.children.new.1.name.text"
            if user.page.locator(f"[name='{name}']").count():
                user.put(name, child.name)

    def _values(self, step: Step, form: Form) -> dict[str, Any]:
        """The story's fields by the names of the form."""
        fields = self._fields_of(step)
        values = {**fields, **(fields.get("plan") or {})}
        details = step.details
        if form.key == "consent":
            row = fields["scope"][0]
            values |= {"recipients": [row["recipient"]], "sections": row["sections"]}
        if form.key == "access-decision":
            stated = {
                r["section"] + (f"/{r['flag']}" if r["flag"] else ""): r["ground"] for r in fields["withheld"]
            }
            values = {"decision": "PER_SECTION", "withheld": stated}
        if form.key == "contractor-requirement":
            values = {"items": [str(item) for item in details["items"]]}
        if form.key == "training":
            values = {"worker": self.run.worker_of(step.by), "modules": details["modules"]}
        if form.key == "assign":
            values["visitor"] = (
                f"{values.pop('agency')} {values.pop('worker')}"  # one of the roll that is shown
            )
        if form.key == "visit-report":
            values.pop("support_plan", None)
        if form.key in ("reinstate", "release", "follow-on-accepted"):
            values = {"agreed": True}
        if form.key == "eligibility":
            values.pop("reason", None)
        if any(f.name == "children" for f in form.fields):
            values["children"] = fields.get("children") or [ALL]
        required = (f for f in form.fields if f.is_required and values.get(f.name) is None)
        chosen = {f.name: UNSTATED[f.name] for f in required if f.name in UNSTATED}
        return {k: v for k, v in values.items() if v is not None} | chosen

    def _put_field(self, user: DoorUser, one: Field, value: Any) -> None:
        match one.input_kind:
            case InputKind.CHECK:
                user.put(one.name, "yes")
            case InputKind.YES:
                user.put(one.name, "yes" if value else "no")
            case InputKind.MANY:
                user.choose(one.name, [str(v) for v in value])
            case InputKind.EACH if isinstance(value, Mapping):
                self._put_rows(user, one.name, value)
            case InputKind.EACH:
                assert not value, (one.name, value)
            case InputKind.MOMENT:
                user.put(one.name, local_input_value(parse_time_text(value)))
            case _:
                user.put(one.name, str(value))

    def _put_rows(self, user: DoorUser, name: str, stated: Mapping[str, str]) -> None:
        """One choice for each row; a decision on access decides every section."""
        rows = user.page.locator(f"main select[name^='{name}.']")
        for n in range(rows.count()):
            row = rows.nth(n).get_attribute("name").removeprefix(f"{name}.")
            chosen = stated.get(row, "DISCLOSE" if name == "withheld" else None)
            if chosen is not None and chosen != "NOT_ASSESSED":
                user.put(f"{name}.{row}", chosen)

    def _put_required(self, user: DoorUser, step: Step, name: str, path: str) -> None:
        group, _, last = path.rpartition(".")
        pattern = f"{name}.{group}.*.{last}" if group else f"{name}.{last}"
        start, _, end = pattern.partition("*")
        named = f"[name^='{start}'][name$='{end}']" if end else f"[name='{pattern}']"
        fields = user.page.locator(f"main {named}:not([type=hidden])")
        for n in range(fields.count()):
            is_choice = fields.nth(n).evaluate("e => e.tagName") == "SELECT"
            seen = "yes" if step.details.get("child_seen") else "no"
            user.put(
                fields.nth(n).get_attribute("name"),
                (seen if last == "seen" else "?") if is_choice else "不明",
            )

    def _address(self, user: DoorUser, step: Step, form: Form) -> None:
        if form.to is None:
            return
        to = [str(self.run.id_of(c)) for c in step.to if c in self.users and c != self.run.author_of(step)]
        if form.to.fixed is None:
            user.choose("to", to)
        fields = self._fields_of(step)
        for agency, code in (fields.get("basis") or {}).items():
            if step.sections:
                user.put(f"basis.{agency}", code)

    def _write(self, user: DoorUser, step: Step, section: str) -> None:
        text = mark(self.run.story.id, step.n, section)
        if section == Section.NOTIFIER:
            user.put("text_NOTIFIER.氏名", "見本 通子")
            user.put("text_NOTIFIER.言葉", text)
            return
        user.put(f"text_{section}", f"{text}。")

    # --- reading -----------------------------------------------------------------------------------------------

    def _check_views(self, expect: Expect) -> None:
        """Read everything that each agency's pages offer, and note what was shown."""
        self.run.rehearsal_hub.complete_rewrap_duties()
        for code in expect.views:
            expected = {s: sorted(ns) for s, ns in sorted(expect.views[code].items()) if ns}
            self.run.progress(f"{expect.at:%Y-%m-%d} {code}")
            self.run.checks.append(Check(expect.at, code, self._read_all(code), expected))

    def _probe(self, code: str) -> None:
        self.run.rehearsal_hub.complete_rewrap_duties()
        at = self.run.rehearsal_hub.now()
        if not any(c.agency == code and c.at == at for c in self.run.checks):
            self.run.probe_checks.append(Check(at, code, self._read_all(code), {}))

    def _read_all(self, code: str) -> OpenableSections:
        """What the pages of this agency's door show of the case, after a click on everything that can be opened."""
        user = self._user(code)
        user.to("事例")
        link = user.page.locator(f"main table a[href$='/cases/{self.run.case}']")
        shown: set[tuple[str, int]] = set()
        if not link.count():
            return {}
        link.first.click()
        user.page.locator("a[href*='only=all'], nav.tabs a").first.wait_for()
        while (button := user.page.locator("main form.reading[action$='/read'] button")).count():
            before = button.count()
            button.first.click()
            user.page.wait_for_load_state()
            assert button.count() < before, user.read()
            self.clicks_to_read += 1
        shown |= _marks(user.page.locator("main").inner_text())
        items = user.page.locator("main form.reading[action$='/open'] button")
        for n in range(items.count()):
            items.nth(n).click()
            shown |= _marks(user.page.locator("main").inner_text())
            self.clicks_to_read += 1
            user.page.go_back()
        openable: OpenableSections = {}
        for section, n in sorted(shown):
            openable.setdefault(section, []).append(n)
        return openable

    def _sentences(self) -> list[SentenceResult]:
        """The sentences of the story. A page gives a notifier no token: the auditor then sees the day alone, which is less."""
        rows = self.run.rehearsal_hub.audit.ledger(self.run.case)["notifications"]
        with_token = tuple(s for s in self.run.story.must_hold if s.startswith("the auditor sees the token"))
        others = tuple(s for s in self.run.story.must_hold if s not in with_token)
        self.run.story = replace(self.run.story, must_hold=others)
        only_days = all(row["token"] is None and len(row["received_on"]) == 10 for row in rows)
        return [
            *evaluate_sentences(self.run),
            *(SentenceResult(s, only_days, "監査に見えるのは受理日だけ") for s in with_token),
        ]


def _marks(text: str) -> set[tuple[str, int]]:
    return {(section, int(n)) for n, section in MARK.findall(text)}
