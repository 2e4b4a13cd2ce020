"""Official forms as PDF: every field, every word that was opened, and nothing that was not."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from domain import events as e
from domain.codes import Section
from domain.content.codes import Sex
from domain.content.family import Child, Family
from domain.content.form import CONTENTS, Content
from domain.content.lines import Line
from domain.content.markers import UNKNOWN
from domain.content.notifier import Notifier
from domain.content.plan import Plan
from domain.content.text import TextContent
from domain.content.values import NamedChild, PartialDate, PersonName
from domain.errors import Malformed, Unavailable
from gateway.agency.official_forms import printing
from gateway.agency.official_forms.contents import (
    HIDDEN,
    OWN_TICK,
    Contents,
    OpenedSection,
    hidden_addresses,
)
from gateway.agency.official_forms.control import Control
from gateway.agency.official_forms.layout import Cell, Cells, PrintedForm, Sheet, Table
from gateway.agency.official_forms.table import OATH, OFFICIAL_FORMS
from gateway.pages import typesetting
from gateway.pages.typesetting import plain_lines, unprintable
from tests.gateway.filled_contents import Filler
from tests.gateway.test_exports import needs_font

OWN, OTHER = "11111111-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"
CASE = "231e0d4c-dca8-49df-a80c-e9346d1cf681"
NOW = datetime(2026, 5, 12, 5, 5, tzinfo=UTC)
DAY = "令和8年5月12日(2026年5月12日)"
FORMS = sorted(OFFICIAL_FORMS)


def control(*messages: dict[str, Any], **changes: Any) -> Control:
    known = Control(
        case=CASE,
        agency=OWN,
        names={OWN: "あおぞら市こども家庭センター", OTHER: "みどり病院"},
        messages=messages,
        about=None,
        now=NOW,
        actor="staff.a1",
        is_rehearsal=True,
    )
    return replace(known, **changes)


def message(act: str, **fields: Any) -> dict[str, Any]:
    return {
        "act": act,
        "message": "m-1",
        "at": "2026-05-12T01:00:00Z",
        "by": OTHER,
        "to": [OWN],
        "basis": {OWN: "CWA-21-10-5"},
        "purpose": "SUPPORT",
        "fields": fields,
    }


def opened(section: Section, content: Content | str) -> OpenedSection:
    written = TextContent(content) if isinstance(content, str) else content
    return OpenedSection("m-1", "情報提供", section, written, "みどり病院", NOW)


def printed(
    key: str, sections: Iterable[OpenedSection] = (), known: Control | None = None, **changes: Any
) -> bytes:
    form = OATH if key == OATH.key else OFFICIAL_FORMS[key]
    return printing._set(form.form_data(Contents(sections, {}, **changes), known or control()))


def pages_of(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    return [page.get_textpage().get_text_range() for page in document]


def text_of(pdf: bytes) -> str:
    """All text without blanks and line breaks."""
    return "".join("".join(pages_of(pdf)).split())


def one_cell(text: str) -> PrintedForm:
    return PrintedForm("様式", [Sheet("様式", [Cells("対象", [[Cell("氏名", text)]])])], "")


# --- every field, every word ------------------------------------------------------------------------------------------

LABELS = {
    "information-child": "発信機関 所在地 電話 担当者 対象となる子ども ふりがな・氏名 性別 生年月日 住所・居所 保護者 続柄 職業 家族構成 "
    "母子健康手帳番号 把握の経緯 様子や状況 妊娠期 出産後 乳幼児期 学齢期 指標 情報提供の理由 本人・保護者の同意 本人・保護者への説明 "
    "希望する支援 他の関与機関 緊急性 返信欄",
    "information-pregnancy": "発信機関 所在地 電話 担当者 対象となる妊婦 ふりがな・氏名 生年月日 住所・居所 分娩予定日 妊娠週数 "
    "母子健康手帳番号 把握の経緯 様子や状況 妊娠期 情報提供の理由 本人・保護者の同意 本人・保護者への説明 希望する支援 他の関与機関 "
    "緊急性 返信欄",
    "notification": "受理年月日 曜日 午前 午後 時 分 受理者 方法 電話 来所 文書 ふりがな・氏名 性別 生年月日 年齢 住所 所属 保護者 続柄 "
    "職業 虐待の種別・内容・頻度・いつから・だれが 子どもの状況 家族 同居人 緊急度 初期対応 48時間 受理会議",
    "support-plan": "作った日 母子保健 児童福祉 ご家族 ご本人の希望 お子さんの希望 いまの様子 "
    "解決したいこと 目標 支援の種類 内容 担当する機関 "
    "回数 期間 ご家族がすること ご案内した支援 見直しの時期 評価 説明した日 同意 お渡しした日 署名",
    "visit-report": "訪問日 時間 訪問者 職種 同行者 計画・目標番号 面接した人 子ども本人の目視 "
    "服装 体重 傷 表情 養育者の様子 養育環境の様子 "
    "行った支援 反応 目標の達成度 気になる点 緊急性 次回の予定 受領者",
    "minutes": "日時 場所 出席機関 経過 各機関の情報 危険度判断 方針 役割分担 主担当 次回",
    "transfer": "移管元 移管の理由 転居(予定)日 新住所 経過 危険度 支援内容 添付一覧 リスクアセスメントシート 回答欄 受領 受理 対応者",
    "request": "根拠条文 必要な情報 回答の期限 使い道 回答 依頼機関 担当者",
    "oath": "秘密 目的以外 複写 持ち出し 返し 廃棄 事故 第21条の10の2第4項 第25条の5 第61条の3 日付 住所 氏名 所属 職種 有効期間",
}
"""The fields of each form. Source: the list of forms that offices use, as far as it is known (decision 0043)."""


@needs_font
@pytest.mark.parametrize("key", [*FORMS, OATH.key])
def test_an_empty_form_has_every_field_of_the_official_one_as_a_blank(key: str) -> None:
    made_by = message(
        e.SupportPlanFormulated.TOPIC, plan={"made_by": ["MATERNAL_CHILD_HEALTH", "CHILD_WELFARE"]}
    )
    text = text_of(printed(key, known=control(made_by)))
    assert [label for label in LABELS[key].split() if label not in text] == []
    assert "None" not in text


def of_every_schema(key: str, filler: Filler) -> list[OpenedSection]:
    """One filled content of each schema in each section that this form may hold."""
    sections = OFFICIAL_FORMS[key].sections
    return [
        opened(section, filler.content(schema))
        for schema in CONTENTS.values()
        for section in sorted(schema.SECTIONS & set(sections))
    ]


@needs_font
@pytest.mark.parametrize("key", FORMS)
def test_every_word_that_was_opened_for_a_form_stands_in_it(key: str) -> None:
    filler = Filler()
    text = text_of(printed(key, of_every_schema(key, filler)))
    assert [word for word in filler.words if "".join(word.split()) not in text] == []


@needs_font
def test_what_is_unknown_is_printed_as_such_and_what_was_not_asked_is_a_blank() -> None:
    child = Child(ref=UUID(int=1), name=PersonName(UNKNOWN, None), sex=Sex.FEMALE, relationship=UNKNOWN)
    text = text_of(printed("notification", [opened(Section.BASIC, Family(children=(child,), adults=()))]))
    assert "氏名不明" in text
    assert "女不明" in text  # 性別, 続柄
    assert "なし" in text  # adults: asked, and there are none
    assert "未確認" not in text


@needs_font
def test_plain_words_stand_in_the_free_field_of_their_section() -> None:
    text = text_of(
        printed("visit-report", [opened(Section.VISIT, "6月10日に訪問した。\n玄関で母と会った。")])
    )
    assert "訪問の記録6月10日に訪問した。玄関で母と会った。" in text


@needs_font
def test_two_texts_of_one_section_are_both_there_with_their_source() -> None:
    sections = [opened(Section.CHILD, "一つ目"), opened(Section.CHILD, "二つ目")]
    text = text_of(printed("information-child", sections))
    assert f"〔みどり病院{DAY}情報提供〕一つ目" in text
    assert f"〔みどり病院{DAY}情報提供〕二つ目" in text


@needs_font
def test_of_two_families_the_newest_fills_the_fields_and_the_other_stands_below() -> None:
    old = Family(children=(Child(ref=UUID(int=1), affiliation="古い保育所"),))
    new = Family(children=(Child(ref=UUID(int=1), affiliation="新しい小学校"),))
    sections = [replace(opened(Section.BASIC, old), created_at=datetime(2025, 1, 1, tzinfo=UTC))]
    text = text_of(printed("information-child", [opened(Section.BASIC, new), *sections]))
    assert text.index("新しい小学校") < text.index("そのほかの記載") < text.index("古い保育所")


@needs_font
def test_the_record_fills_what_no_content_states() -> None:
    received = message(
        e.AbuseNotificationReceived.TOPIC,
        received_at="2026-05-12T05:05:00Z",
        channel="TELEPHONE",
        recorded_for_notifier=False,
        notifier_token=None,
    )
    text = text_of(printed("notification", known=control(received)))
    assert f"{DAY}(火曜日)午後2時05分" in text
    assert "■電話" in text
    assert "□来所・訪問" in text
    assert "令和8年5月14日(2026年5月14日)14時05分" in text  # 48 hours later


@needs_font
def test_the_checklist_of_a_hand_over_and_the_requested_day_come_from_the_record() -> None:
    package = message(
        e.TransferPackageSent.TOPIC, hands_over="t", checklist={"RISK_SHEET": "SENT", "PHOTOS": "NONE"}
    )
    assert "リスクアセスメントシートこの一式で送る外傷等の写真ない" in text_of(
        printed("transfer", known=control(package))
    )
    request = message(e.InformationRequested.TOPIC, due_on="2026-05-12")
    assert f"回答の期限{DAY}" in text_of(printed("request", known=control(request)))


@needs_font
def test_the_oath_names_visitor_contractor_laws_and_penalty() -> None:
    programme = {
        "commission": {"commissioner": OWN, "contractor": OTHER},
        "worker": {
            "worker": "W-SORA-1",
            "employment": "PART_TIME",
            "qualification": "保健師",
            "sworn_until": "2026-05-12",
        },
    }
    text = text_of(printed(OATH.key, known=control(programme=programme, case="")))
    for word in ("W-SORA-1", "みどり病院", "非常勤", "保健師", f"{DAY}まで", "50万円以下の罰金", "印"):
        assert word in text


# --- how it is set ----------------------------------------------------------------------------------------------------


@needs_font
def test_a_date_can_be_searched_in_the_pdf() -> None:
    plan = Plan(made_on=PartialDate("2026-05-12", "R8.5.12"))
    document = pypdfium2.PdfDocument(printed("support-plan", [opened(Section.PLAN, plan)]))
    assert document[0].get_textpage().search(DAY).get_next() is not None


@needs_font
@pytest.mark.parametrize("key", [*FORMS, OATH.key])
def test_every_form_is_tagged_in_japanese_and_its_metadata_name_nobody(key: str) -> None:
    sections = of_every_schema(key, Filler(1)) if key in OFFICIAL_FORMS else []
    pdf = printed(key, sections)
    document = pypdfium2.PdfDocument(pdf)
    assert pdfium.FPDFCatalog_IsTagged(document)
    tree = pdfium.FPDF_StructTree_GetForPage(document[0])
    assert pdfium.FPDF_StructTree_CountChildren(tree) > 0
    pdfium.FPDF_StructTree_Close(tree)
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
    title = OATH.title if key == OATH.key else OFFICIAL_FORMS[key].title
    stated = {name: value for name, value in document.get_metadata_dict().items() if value}
    assert {name: value for name, value in stated.items() if name not in ("Creator", "Producer")} == {
        "Title": title
    }


@needs_font
def test_pages_are_numbered_and_name_who_printed_them_when_and_how_they_are_to_be_handled() -> None:
    pages = pages_of(printed("information-child"))
    assert len(pages) > 1
    for n, page in enumerate(pages, 1):
        assert f"{n}/{len(pages)}" in page
        assert f"{DAY} 14時05分 発行 職員 staff.a1 事例 231e0d4c" in page
        assert "取扱注意・複写禁止" in page
        assert "訓練用(架空の内容です)" in page


@needs_font
def test_a_real_hub_prints_no_mark_of_a_rehearsal() -> None:
    assert "訓練" not in text_of(printed("minutes", known=control(is_rehearsal=False)))


@needs_font
def test_a_long_table_has_its_head_on_every_page() -> None:
    rows = [[f"{n}人目", "子"] for n in range(1, 201)]
    form = PrintedForm("様式", [Sheet("様式", [Table("家族", ("氏名の欄", "続柄の欄"), (1, 1), rows)])], "")
    pages = [
        "".join(page.split()) for page in pages_of(printing._set(form))
    ]  # PDFium takes a narrow column for vertical
    assert len(pages) > 3
    assert all(page.count("氏名の欄続柄の欄") == 1 for page in pages)


HOSTILE = [
    pytest.param(
        '#set page(width: 1cm)\n#read("/etc/passwd") $x^2$ *a* _b_ @c <d> \\u{41} // e', id="markup"
    ),
    pytest.param("x" * 5000, id="a word of 5,000 letters"),
    pytest.param("ー" * 3000 + "」" * 3000 + "っ" * 3000, id="characters before which no line may end"),
    pytest.param("\n".join(f"{n}行目の記載です" for n in range(2000)), id="2,000 lines"),
    pytest.param("𠮷田 髙橋 葛\U000e0100城 か\u3099く ㈱ ①", id="rare characters"),
]


@needs_font
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_and_stays_on_the_page(text: str) -> None:
    pdf = printed("visit-report", [opened(Section.VISIT, text)])
    expected = "".join(text.split())
    body = "".join("".join(_without_frame(page).split()) for page in pages_of(pdf))
    assert expected in body
    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        width, textpage = page.get_width(), page.get_textpage()
        boxes = (textpage.get_charbox(n) for n in range(textpage.count_chars()))
        assert all(right <= width - 36 for _, _, right, _ in boxes)  # 36 pt: inside the margin of 15 mm


def _without_frame(page: str) -> str:
    """The text of a page without its head and foot."""
    lines = [line for line in page.splitlines() if "訓練用" not in line and "staff.a1" not in line]
    return "\n".join(line for line in lines if "取扱注意" not in line and not line.replace("/", "").isdigit())


# --- what can't be printed --------------------------------------------------------------------------------------------


@needs_font
def test_a_character_of_a_municipalitys_own_set_fails_with_its_place() -> None:
    child = Child(ref=UUID(int=1), name=PersonName("山田\ue000子", "やまだ"))
    with pytest.raises(Malformed) as raised:
        printed("information-child", [opened(Section.BASIC, Family(children=(child,)))])
    assert raised.value.error_code == "character-not-printable"
    assert "「対象となる子ども 1段目 ふりがな・氏名」の2行目の3文字目は" in raised.value.detail_ja
    assert "山田" not in raised.value.detail_ja + str(raised.value)


@needs_font
@pytest.mark.parametrize(
    "character",
    [
        pytest.param("🏠", id="an emoji, which the font lacks"),
        pytest.param("\ue000", id="private use"),
        pytest.param("\U000f0000", id="private use of plane 15"),
        pytest.param("\x07", id="a control"),
        pytest.param("\u202e", id="what reverses the text"),
        pytest.param("\u3164", id="a letter without picture"),
        pytest.param("\u0378", id="no character"),
    ],
)
def test_a_character_without_picture_is_never_a_box(character: str) -> None:
    with pytest.raises(Malformed, match="character-not-printable: Rewrite character 3 of 「対象 氏名」"):
        printing._set(one_cell(f"花子{character}様"))


@needs_font
def test_the_line_is_named_where_there_are_several() -> None:
    with pytest.raises(Malformed) as raised:
        printing._set(one_cell("一行目\n二行\ue000"))
    assert "の2行目の3文字目は" in raised.value.detail_ja


def test_what_word_processors_leave_between_characters_is_not_printed() -> None:
    assert plain_lines("\ufeff山\u200b田\u00ad\t花子\r\n次\u2028末") == "山田 花子\n次\n末"
    assert unprintable(plain_lines("\ufeff山\u200b田")) is None
    assert unprintable("葛\U000e0100城\nか\u3099") is None


def test_more_than_a_form_may_hold_is_refused_before_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "MAX_CHARACTERS", 100)
    with pytest.raises(Malformed) as raised:
        printing._set(one_cell("あ" * 101))
    assert raised.value.error_code == "print-too-long"


@needs_font
def test_what_takes_too_long_to_set_is_ended_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    form = one_cell("x" * 90_000).to_json()
    with pytest.raises(Malformed) as raised:
        typesetting.typeset(printing.TEMPLATE, form, cpu_seconds=1)
    assert raised.value.error_code == "print-too-long"
    monkeypatch.setattr(typesetting, "MEMORY_BYTES", 150 * 1024 * 1024)
    with pytest.raises(Malformed) as raised:
        typesetting.typeset(printing.TEMPLATE, form)
    assert raised.value.error_code == "print-too-long"


def test_a_process_that_ends_without_an_answer_prints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetting, "WORKER_MODULE", "gateway.pages.no_such_module")
    with pytest.raises(Unavailable) as raised:
        printing._set(one_cell("花子"))
    assert raised.value.error_code == "typesetting-failed"


STRACE = shutil.which("strace")


@needs_font
@pytest.mark.skipif(STRACE is None, reason="strace is not installed here")
def test_setting_a_form_writes_no_file(tmp_path: Path) -> None:
    """Run under strace, which would show a file that is opened to be written."""
    assert STRACE is not None
    program = (
        "from gateway.pages.typesetting import typeset; from pathlib import Path; import sys, json;"
        "sys.stdout.buffer.write(typeset(Path(sys.argv[1]), json.loads(sys.argv[2])))"
    )
    trace = tmp_path / "trace"
    traced = [STRACE, "-f", "-e", "trace=openat,open,creat,memfd_create,rename,mkdir", "-o", str(trace)]
    command = [
        sys.executable,
        "-B",
        "-c",
        program,
        str(printing.TEMPLATE),
        json.dumps(one_cell("花子").to_json()),
    ]
    done = subprocess.run([*traced, *command], capture_output=True, check=True)
    assert done.stdout.startswith(b"%PDF-")
    written = [
        line
        for line in trace.read_text().splitlines()
        if re.search("O_WRONLY|O_RDWR|O_CREAT|creat|memfd|rename|mkdir", line) and "/dev/" not in line
    ]
    assert [line for line in written if "__pycache__" not in line] == []


def test_without_the_font_nothing_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetting, "FONT", "No Such Font")
    with pytest.raises(Unavailable) as raised:
        printing._set(one_cell("花子"))
    assert raised.value.error_code == "font-missing"


# --- what is not for everybody ----------------------------------------------------------------------------------------


@needs_font
def test_who_notified_stands_on_a_sheet_of_its_own_and_only_where_it_was_opened() -> None:
    risk = opened(Section.RISK, "泣き声が続いている")
    without = pages_of(printed("notification", [risk]))
    assert "通告者に関する情報" not in "".join(without)
    pages = pages_of(printed("notification", [risk, opened(Section.NOTIFIER, "氏名: 隣の人")]))
    [sheet] = [page for page in pages if "隣の人" in page]
    assert "通告者に関する情報(別紙)" in sheet
    assert "泣き声" not in sheet
    assert "児童虐待防止法7条" in sheet


@needs_font
def test_the_familys_plan_names_children_without_references_and_bears_no_line_on_copies() -> None:
    plan = Plan(children=(NamedChild(UUID(int=9), "はなちゃん"), NamedChild(UUID(int=8), UNKNOWN)))
    text = text_of(printed("support-plan", [opened(Section.PLAN, plan)]))
    assert "はなちゃん、(名前の記載なし)" in text
    for word in ("参照", "取扱注意", "231e0d4c"):
        assert word not in text


@needs_font
@pytest.mark.parametrize("key", FORMS)
def test_while_an_address_is_protected_no_form_has_an_address_or_telephone_of_the_family(key: str) -> None:
    sections = [s for s in of_every_schema(key, Filler(1)) if s.section not in OWN_TICK]
    words = (
        "住所: 架空市1丁目2番3号\n前の家は朝日町12番地\n電話は099-555-0123、携帯 ０９０ー１２３４ー５６７８\n"
    )
    words += "体重は3-4kg、2026-05-12に計測"
    for section in OFFICIAL_FORMS[key].sections:
        if section not in OWN_TICK:
            sections.append(opened(section, words))
    text = text_of(printed(key, sections, control(hides_addresses=True), hides_addresses=True))
    for hidden in ("1丁目", "朝日町", "099-555", "０９０", "123-4567"):
        assert hidden not in text, hidden
    assert "体重は3-4kg、2026-05-12に計測" in text


@pytest.mark.parametrize(
    ("line", "text"),
    [
        pytest.param(Line("住所", "架空市", 0, "addresses.0.text"), HIDDEN, id="an address field"),
        pytest.param(Line("番号", "110", 0, "phones.0.number"), HIDDEN, id="a telephone field"),
        pytest.param(
            Line("電話", "099", 0, "provision.sender.phone"), "099", id="the sender's own telephone"
        ),
        pytest.param(Line("", "退院先: 実家", 0, "text"), HIDDEN, id="a labelled line of free text"),
        pytest.param(Line("様子", "元気", 0, "condition"), "元気", id="anything else"),
    ],
)
def test_an_address_is_recognised_by_field_label_and_form(line: Line, text: str) -> None:
    assert hidden_addresses(line, Section.BASIC).text == text


@needs_font
def test_all_that_was_opened_of_who_notified_stands_on_their_own_sheet_alone() -> None:
    filler = Filler(1)
    contents = [opened(Section.NOTIFIER, filler.content(Notifier)) for _ in range(2)]
    first, *_, sheet = pages_of(printed("notification", contents))
    assert [word for word in filler.words if word not in sheet] == []
    assert [word for word in filler.words if word in first] == []


@needs_font
def test_the_protected_address_itself_is_printed_where_it_was_opened() -> None:
    sections = [opened(Section.ADDR, "架空県みはる市1丁目2番3号"), opened(Section.BASIC, Family())]
    assert "秘匿住所(取扱厳重注意)架空県みはる市1丁目2番3号" in text_of(
        printed("information-child", sections, hides_addresses=True)
    )
