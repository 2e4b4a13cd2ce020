"""What each route of a door is for: the act by which the guard decides who may come to it, before a body is read.

A route without a row is nobody's. What is sent or opened on a route is asked for once more by its own act, where the door
signs it (``Door.send``, ``Door.open``).
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.roles import DoorAct

WHOEVER_IS_SIGNED_IN = ""
"""Of routes that show nothing of a case and change nothing of the agency's."""

ROUTE_ACTS: Mapping[tuple[str, str], str] = {
    # pages
    ("GET", "/"): DoorAct.READ_CASES,
    ("POST", "/looked"): DoorAct.READ_CASES,
    ("GET", "/cases"): DoorAct.READ_CASES,
    ("GET", "/cases/{case}"): DoorAct.READ_CASES,
    ("POST", "/cases/{case}/read"): DoorAct.READ_CASES,
    ("POST", "/cases/{case}/open"): DoorAct.READ_CASES,
    ("POST", "/cases/{case}/answer"): DoorAct.READ_CASES,
    ("POST", "/cases/{case}/file"): DoorAct.READ_CASES,
    ("GET", "/cases/{case}/family"): DoorAct.READ_FAMILY,
    ("POST", "/cases/{case}/charge"): DoorAct.CHANGE_CHARGE,
    ("POST", "/cases/{case}/another-family"): DoorAct.COMPARE_FAMILIES,
    ("GET", "/cases/{case}/print"): DoorAct.PRINT_FORMS,
    ("GET", "/cases/{case}/print/{key}"): DoorAct.PRINT_FORMS,
    ("POST", "/cases/{case}/print/{key}"): DoorAct.PRINT_FORMS,
    ("GET", "/cases/{case}/disclose"): DoorAct.WRITE_DRAFTS,
    ("POST", "/cases/{case}/disclose"): DoorAct.WRITE_DRAFTS,
    ("POST", "/cases/{case}/disclose/attach"): DoorAct.ATTACH_FILES,
    ("GET", "/cases/{case}/forms/{key}"): DoorAct.WRITE_DRAFTS,
    ("POST", "/cases/{case}/forms/{key}"): DoorAct.WRITE_DRAFTS,
    ("POST", "/cases/{case}/forms/{key}/attach"): DoorAct.ATTACH_FILES,
    ("GET", "/new"): DoorAct.WRITE_DRAFTS,
    ("POST", "/new"): DoorAct.WRITE_DRAFTS,
    ("POST", "/new/attach"): DoorAct.ATTACH_FILES,
    ("GET", "/forms/{key}"): DoorAct.WRITE_DRAFTS,
    ("POST", "/forms/{key}"): DoorAct.WRITE_DRAFTS,
    ("POST", "/forms/{key}/attach"): DoorAct.ATTACH_FILES,
    ("GET", "/programme"): DoorAct.READ_PROGRAMME,
    ("GET", "/programme/forms/{key}"): DoorAct.READ_PROGRAMME,
    ("POST", "/programme/forms/{key}"): DoorAct.READ_PROGRAMME,
    ("POST", "/programme/print/oath"): DoorAct.PRINT_FORMS,
    ("GET", "/search"): DoorAct.SEARCH_FAMILIES,
    ("POST", "/search"): DoorAct.SEARCH_FAMILIES,
    ("GET", "/charges"): DoorAct.READ_CHARGES,
    ("POST", "/charges"): DoorAct.MOVE_CHARGES,
    ("GET", "/index"): DoorAct.READ_INDEX,
    ("POST", "/index"): DoorAct.REBUILD_INDEX,
    ("GET", "/family-log"): DoorAct.READ_CONTENT_LOGS,
    ("GET", "/print-log"): DoorAct.READ_CONTENT_LOGS,
    ("GET", "/address-log"): DoorAct.READ_CONTENT_LOGS,
    ("GET", "/meeting"): DoorAct.PREPARE_MEETING,
    ("POST", "/meeting/papers"): DoorAct.PREPARE_MEETING,
    ("GET", "/files"): DoorAct.IMPORT_FILES,
    ("POST", "/files"): DoorAct.IMPORT_FILES,
    ("GET", "/drafts"): DoorAct.WRITE_DRAFTS,
    ("POST", "/drafts"): DoorAct.WRITE_DRAFTS,
    ("POST", "/drafts/delete"): DoorAct.WRITE_DRAFTS,
    ("GET", "/outbox"): DoorAct.READ_OUTBOX,
    ("GET", "/statistics"): DoorAct.READ_STATISTICS,
    ("POST", "/statistics/issue"): DoorAct.ISSUE_STATISTICS,
    ("GET", "/statistics/issues/{number}"): DoorAct.READ_STATISTICS,
    ("GET", "/statistics/issues/{number}/pdf"): DoorAct.READ_STATISTICS,
    ("GET", "/statistics/issues/{number}/csv"): DoorAct.READ_STATISTICS,
    ("GET", "/glossary"): WHOEVER_IS_SIGNED_IN,
    ("POST", "/person"): WHOEVER_IS_SIGNED_IN,
    ("GET", "/phone"): DoorAct.USE_PHONE,
    ("GET", "/phone/"): DoorAct.USE_PHONE,
    ("GET", "/phone/cases/{case}"): DoorAct.USE_PHONE,
    ("POST", "/phone/cases/{case}/read"): DoorAct.USE_PHONE,
    ("GET", "/phone/cases/{case}/report"): DoorAct.USE_PHONE,
    ("POST", "/phone/cases/{case}/report"): DoorAct.USE_PHONE,
    ("GET", "/phone/cases/{case}/concern"): DoorAct.USE_PHONE,
    ("POST", "/phone/cases/{case}/concern"): DoorAct.USE_PHONE,
    ("GET", "/phone/waiting"): DoorAct.USE_PHONE,
    ("POST", "/phone/waiting"): DoorAct.USE_PHONE,
    ("POST", "/phone/device"): DoorAct.USE_PHONE,
    ("POST", "/phone/sheets"): DoorAct.USE_PHONE,
    ("GET", "/phone/devices"): DoorAct.MANAGE_PHONES,
    ("POST", "/phone/devices/stop"): DoorAct.MANAGE_PHONES,
    # the API
    ("POST", "/api/files"): DoorAct.IMPORT_FILES,
    ("POST", "/api/messages"): WHOEVER_IS_SIGNED_IN,  # by the act of the message
    ("POST", "/api/programme"): WHOEVER_IS_SIGNED_IN,  # by the act of the record
    ("GET", "/api/programme"): DoorAct.READ_PROGRAMME,
    ("GET", "/api/outbox"): DoorAct.READ_OUTBOX,
    ("GET", "/api/worklist"): DoorAct.READ_CASES,
    ("GET", "/api/cases"): DoorAct.READ_CASES,
    ("GET", "/api/cases/{case}"): DoorAct.READ_CASES,
    ("POST", "/api/cases/{case}/items/{item}/open"): WHOEVER_IS_SIGNED_IN,  # by the section
    ("POST", "/api/cases/{case}/items/{item}/file"): WHOEVER_IS_SIGNED_IN,  # by the section
    ("GET", "/api/agenda"): DoorAct.PREPARE_MEETING,
    ("GET", "/api/openings"): DoorAct.READ_OPENINGS,
    ("GET", "/api/log"): DoorAct.READ_HEALTH,
    ("GET", "/api/agencies"): WHOEVER_IS_SIGNED_IN,
    ("POST", "/api/attachments"): DoorAct.ATTACH_FILES,
    ("GET", "/api/attachments/{attachment}"): DoorAct.ATTACH_FILES,
    ("DELETE", "/api/attachments/{attachment}"): DoorAct.ATTACH_FILES,
    ("POST", "/api/search"): DoorAct.SEARCH_FAMILIES,
    ("GET", "/api/cases/{case}/family"): DoorAct.READ_FAMILY,
    ("GET", "/api/cases/{case}/charge"): DoorAct.READ_CHARGES,
    ("POST", "/api/cases/{case}/charge"): DoorAct.CHANGE_CHARGE,
    ("POST", "/api/charges/hand-over"): DoorAct.MOVE_CHARGES,
    ("GET", "/api/index"): DoorAct.READ_INDEX,
    ("GET", "/api/cases/{case}/official-forms/{key}"): DoorAct.PRINT_FORMS,
    ("POST", "/api/cases/{case}/official-forms/{key}"): DoorAct.PRINT_FORMS,
    ("POST", "/api/statistics/issues"): DoorAct.ISSUE_STATISTICS,
}
"""(method, path as the route is declared) -> the act."""
