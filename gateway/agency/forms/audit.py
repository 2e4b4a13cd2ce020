"""Approving that the audit office opens items of a case."""

from __future__ import annotations

from typing import Any

from domain import events as e
from domain.codes import Purpose
from gateway.agency.forms.kinds import AUTHORITIES, FieldValues, Form, FormContext, agreed


def _finalise_audit_grant(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    requested: dict[str, Any] = (form_context.about or {})["fields"]
    return {"opens": requested["opens"], "until": requested["until"]}


AUDIT_FORMS = (
    Form(
        key="audit-grant",
        act=e.AuditContentAccessGranted,
        title="監査閲覧を承認する",
        description="監査機関が、名指しした項目の内容を見たいと求めています。別の二人の職員の承認で、その項目だけが期限まで開きます。",
        next_step="二人目の承認で、持ち主の窓口が監査機関の鍵を作り、閲覧はすべて記録されます。認めないときは承認しないでください。期限が過ぎれば求めは終わります。",
        group="監査",
        roles=AUTHORITIES,
        about=(e.AuditContentAccessRequested,),
        answers="grants",
        max_per_message=2,
        fields=(agreed("求められた項目と期限を確かめ、自分の判断で承認します"),),
        purpose=Purpose.AUDIT,
        finalise=_finalise_audit_grant,
        send="承認する",
    ),
)
