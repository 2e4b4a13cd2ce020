"""The roles of an agency's people, and the acts at its door; which role may do which act: ``domain/role_acts.py``.

Basis: APPI 66, 67 (安全管理, 従事者の義務); guideline 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from domain.codes import Section


class StaffRole(StrEnum):
    """What a person does in its agency. The values are permanent: a door stores them."""

    CASE_WORKER = "CASE_WORKER"
    MANAGER = "MANAGER"
    VISITOR = "VISITOR"  # its own cases and visits only
    RECEPTION = "RECEPTION"
    AUDIT = "AUDIT"  # reads what the door logs, and no case
    ADMINISTRATOR = "ADMINISTRATOR"  # people, tokens and keys, and no content


ROLE_TITLES: Mapping[StaffRole, str] = {
    StaffRole.CASE_WORKER: "担当",
    StaffRole.MANAGER: "管理職",
    StaffRole.VISITOR: "訪問支援者",
    StaffRole.RECEPTION: "受付",
    StaffRole.AUDIT: "監査",
    StaffRole.ADMINISTRATOR: "システム管理",
}
"""The roles by name, as pages show them."""


class DoorAct(StrEnum):
    """What a person does at its door that is no command of its own. The values are permanent, and no topic of an event."""

    READ_CASES = "cases.read"
    READ_FAMILY = "families.read"
    SEARCH_FAMILIES = "families.search"
    COMPARE_FAMILIES = "families.compare"
    READ_CHARGES = "charges.read"
    CHANGE_CHARGE = "charges.change"
    MOVE_CHARGES = "charges.move"
    WRITE_DRAFTS = "drafts.write"
    ATTACH_FILES = "attachments.add"
    IMPORT_FILES = "files.import"
    READ_OUTBOX = "outbox.read"
    PREPARE_MEETING = "meetings.prepare"
    PRINT_FORMS = "forms.print"
    READ_PROGRAMME = "programme.read"
    READ_STATISTICS = "statistics.read"
    ISSUE_STATISTICS = "statistics.issue"
    READ_OPENINGS = "openings.read"
    USE_PHONE = "phone.use"
    MANAGE_PHONES = "phones.manage"
    READ_INDEX = "index.read"
    REBUILD_INDEX = "index.rebuild"
    READ_CONTENT_LOGS = "logs.content"
    READ_LOG = "logs.door"
    CHANGE_PEOPLE = "people.change"
    CHANGE_TOKENS = "tokens.change"
    CHANGE_SETTINGS = "settings.change"
    READ_KEYS = "keys.read"
    READ_REGISTER = "register.read"
    READ_RULES = "rules.read"
    READ_HEALTH = "health.read"


DOOR_ACT_TITLES: Mapping[DoorAct, str] = {
    DoorAct.READ_CASES: "仕事一覧・事例の記録を見る(内容は開かない)",
    DoorAct.READ_FAMILY: "家庭の氏名・連絡先の控えを見る",
    DoorAct.SEARCH_FAMILIES: "家庭を探す",
    DoorAct.COMPARE_FAMILIES: "似た家庭について別の家庭と判断する",
    DoorAct.READ_CHARGES: "担当の一覧を見る",
    DoorAct.CHANGE_CHARGE: "事例の担当を決める",
    DoorAct.MOVE_CHARGES: "担当をまとめて引き継ぐ",
    DoorAct.WRITE_DRAFTS: "下書きを書き、預ける",
    DoorAct.ATTACH_FILES: "ファイルを添付する",
    DoorAct.IMPORT_FILES: "ファイル(FHIR・xlsx・csv)を送る",
    DoorAct.READ_OUTBOX: "送信箱を見る",
    DoorAct.PREPARE_MEETING: "会議資料を用意する",
    DoorAct.PRINT_FORMS: "様式を印刷する",
    DoorAct.READ_PROGRAMME: "委託・研修の一覧を見る",
    DoorAct.READ_STATISTICS: "統計を見る",
    DoorAct.ISSUE_STATISTICS: "統計を発行する",
    DoorAct.READ_OPENINGS: "ほかの機関による閲覧の一覧を見る",
    DoorAct.USE_PHONE: "訪問用の端末を使う(きょうの訪問・報告・懸念)",
    DoorAct.MANAGE_PHONES: "訪問用の端末の一覧を見る・端末を止める",
    DoorAct.READ_INDEX: "事例索引の状態を見る",
    DoorAct.REBUILD_INDEX: "事例索引を作り直す",
    DoorAct.READ_CONTENT_LOGS: "印刷・秘匿住所・家庭の検索の記録を見る",
    DoorAct.READ_LOG: "窓口の記録を見る",
    DoorAct.CHANGE_PEOPLE: "職員と役割を管理する",
    DoorAct.CHANGE_TOKENS: "システムのトークンを管理する",
    DoorAct.CHANGE_SETTINGS: "役割の権限を減らす設定をする",
    DoorAct.READ_KEYS: "機関の鍵の状態を見る",
    DoorAct.READ_REGISTER: "機関・構成員・委託の一覧を見る",
    DoorAct.READ_RULES: "規則集と地域の設定を見る",
    DoorAct.READ_HEALTH: "ハブ・記録・証人の状態を見る",
}
"""The acts at a door by name, as pages show them."""


def opening_act(section: str) -> str:
    """The act of opening an item of this section. Permanent, as the section's code is."""
    return f"open.{section.lower()}"


OPENINGS: Mapping[str, Section] = {opening_act(section): section for section in Section}
"""Act -> the section whose items it opens."""


class Denial(StrEnum):
    """Why somebody may not do an act. The values are permanent: they are error codes of the door."""

    NOT_AT_A_DOOR = "act-not-at-a-door"  # no role of an agency has it
    ROLE_REQUIRED = "role-required"
    TAKEN_AWAY = "act-taken-away"  # by the agency's own setting
    OWN_CASES_ONLY = "own-cases-only"
    NOT_IN_TOKEN = "act-not-in-token"
