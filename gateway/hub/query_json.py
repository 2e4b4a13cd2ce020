"""The JSON form of the answers to signed queries. Part of the hub's public interface."""

from __future__ import annotations

from typing import Any

from domain.agenda import AgendaItem
from domain.audit_overview import AuditRequestStatus
from domain.case_statistics import StatisticsEntry
from domain.commission_overview import CommissionStatus
from domain.events import dump
from domain.others_openings import DailyOpenings
from domain.register import Network, Register
from domain.tasks import Task


def mandate_json(register: Register) -> dict[str, Any]:
    """The audit office's mandate in force, or the last one, and until when. Source: KH-1 §3."""
    return {"number": register.mandate, "until": dump(register.mandate_until)}


def agenda_item_json(item: AgendaItem) -> dict[str, Any]:
    return {
        "case": str(item.case),
        "status": item.status.value,
        "last_at": dump(item.last_at),
        "changed": [
            {"message": str(m.id), "act": m.event.TOPIC, "by": str(m.by), "at": dump(m.at)}
            for m in item.changed
        ],
        "late": [_task_json(t) for t in item.late],
        "open": [_task_json(t) for t in item.open],
        "not_consulted": sorted(map(str, item.not_consulted)),
        "silent": sorted(map(str, item.silent)),
        "quiet": item.quiet,
    }


def _task_json(task: Task) -> dict[str, Any]:
    message = None if task.message is None else str(task.message)
    return {
        "kind": task.kind.value,
        "message": message,
        "since": dump(task.since),
        "due_at": dump(task.due_at),
        "child": dump(task.child),
    }


def daily_openings_json(openings: DailyOpenings) -> dict[str, Any]:
    return {
        "day": openings.day.isoformat(),
        "case": str(openings.case),
        "agency": str(openings.agency),
        "section": openings.section,
        "count": openings.count,
    }


def statistics_entry_json(entry: StatisticsEntry) -> dict[str, Any]:
    return {
        "case": str(entry.case),
        "kind": entry.kind.value,
        "day": entry.day.isoformat(),
        "code": entry.code,
        "children": sorted(map(str, entry.children)),
    }


def commission_json(status: CommissionStatus) -> dict[str, Any]:
    commission = status.commission
    return {
        "commission": str(commission.id),
        "commissioner": str(commission.commissioner),
        "contractor": str(commission.contractor),
        "scope": commission.scope.value,
        "begins_on": dump(commission.begins_on),
        "ends_on": dump(commission.ends_on),
        "in_force": status.in_force,
        "suspended": commission.suspended,
        "gaps": sorted(status.gaps),
        "workers": [
            {
                "worker": ref,
                "employment": worker.employment.value,
                "qualification": worker.qualification,
                "gaps": sorted(gaps),
                "families": len(worker.families),
                "verified": sorted(worker.verified),
                "checked_until": dump(worker.checked_until),
                "trained": {m.value: dump(until) for m, until in sorted(worker.trained.items())},
                "sworn": worker.sworn,
                "sworn_until": dump(worker.sworn_until),
            }
            for ref, worker, gaps in status.workers
        ],
        "duties": [
            {"kind": d.kind.value, "worker": d.worker, "gap": d.gap, "due_at": dump(d.due_at)}
            for d in status.duties
        ],
    }


def network_json(network: Network) -> dict[str, Any]:
    return {
        "network": str(network.id),
        "core": None if network.core is None else str(network.core),
        "coordinating": None if network.coordinating is None else str(network.coordinating),
        "members": {str(member): item for member, item in sorted(network.members.items())},
        "announced": sorted(map(str, network.announced)),
    }


def audit_request_json(status: AuditRequestStatus) -> dict[str, Any]:
    return {
        "request": str(status.request),
        "case": str(status.requested.case),
        "ground": status.requested.ground.value,
        "until": dump(status.requested.until),
        "opens": sorted(map(str, status.opens)),
        "items": [
            {
                "item": str(item.item),
                "message": str(message.id),
                "section": item.section.value,
                "by": str(message.by),
            }
            for message, item in status.items
        ],
        "approvals": status.approvals,
    }
