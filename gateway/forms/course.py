"""What the work list asks of the offices as support goes: registering with the network, looking at the plan again."""

from __future__ import annotations

from domain.codes import Section
from domain.facts import NetworkCaseRegistered, NetworkCaseRegistrationRequested, PlanReviewed
from gateway.forms.kinds import COORD, CORE, Ask, Field, Form, To, Words, in_words
from gateway.pages.labels import STANDINGS

GROUP = "要対協・計画"

COURSE = (
    Form(
        key="registration-request",
        act=NetworkCaseRegistrationRequested,
        title="要対協への登録を求める",
        lead="関係機関で情報を交換するために、調整機関へ登録を求めます。",
        then="調整機関の仕事一覧に出ます。",
        group=GROUP,
        roles=CORE,
        words=(in_words("登録を求める理由"),),
        to=To(roles=COORD, first=COORD, must=True),
        send="登録を求める",
    ),
    Form(
        key="registration",
        act=NetworkCaseRegistered,
        title="要対協に登録する",
        lead="この事例を要対協の進行管理に載せます。",
        then="構成員どうしの情報交換の根拠(児福法25条の2第2項など)が使えるようになります。",
        group=GROUP,
        roles=COORD,
        fields=(Field(name="standing", label="登録の区分", ask=Ask.ONE, choices=STANDINGS),),
        to=To(roles=CORE, first=CORE),
        tasks=frozenset({"REGISTER"}),
        send="登録する",
    ),
    Form(
        key="plan-review",
        act=PlanReviewed,
        title="計画を見直す",
        lead="支援計画を見直したことを記録します。",
        then="次の見直しの期限が始まります。",
        group=GROUP,
        roles=CORE,
        words=(Words(section=Section.PLAN, label="見直した内容"),),
        tasks=frozenset({"REVIEW", "LATE_REVIEW"}),
        send="見直しを記録する",
    ),
)
