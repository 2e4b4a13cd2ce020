"""People of foreign files as ``family/v1``: who is a child, and that nothing of what a file states is lost."""

from __future__ import annotations

from datetime import date

import pytest

from adapters.agencies.people import FilePerson, basic_section, is_child
from adapters.content_json import read_content
from domain.content import UNKNOWN, as_text, lines
from domain.content.codes import Sex
from domain.content.family import Family

TODAY = date(2026, 5, 12)


def family(*people: FilePerson, more: tuple[str, ...] = (), is_pregnancy: bool = False) -> Family:
    section = basic_section(people, more, today=TODAY, is_pregnancy=is_pregnancy)
    content = read_content(section.schema, section.text.encode())
    assert isinstance(content, Family)
    return content


@pytest.mark.parametrize(
    ("person", "is_expectant", "expected"),
    [
        pytest.param(FilePerson(born_on="2024-01-01"), False, True, id="two years old"),
        pytest.param(FilePerson(born_on="2008-05-13"), False, True, id="eighteen tomorrow"),
        pytest.param(FilePerson(born_on="2008-05-12"), False, False, id="eighteen today"),
        pytest.param(FilePerson(born_on="2009-02-03"), True, False, id="an expectant mother of seventeen"),
        pytest.param(
            FilePerson(born_on="2008"), False, True, id="a year alone, of which the last day counts"
        ),
        pytest.param(FilePerson(born_on="1990-01"), False, False, id="a month alone"),
        pytest.param(FilePerson(relationship="長女"), False, True, id="eldest daughter"),
        pytest.param(FilePerson(relationship="第２子"), False, True, id="second child, full width"),
        pytest.param(
            FilePerson(relationship="本児", born_on="2001-01-01"), False, True, id="the relation counts first"
        ),
        pytest.param(
            FilePerson(relationship="母", born_on="2010-01-01"), False, False, id="a mother of sixteen"
        ),
        pytest.param(FilePerson(relationship="母方の祖母"), False, False, id="grandmother"),
        pytest.param(FilePerson(relationship="養父"), False, False, id="adoptive father"),
        pytest.param(
            FilePerson(relationship="同居人"), False, False, id="a relation that says nothing, no age"
        ),
        pytest.param(FilePerson(name="架空 そら"), False, True, id="the person whom a file is about"),
    ],
)
def test_who_of_a_file_is_a_child(person: FilePerson, is_expectant: bool, expected: bool) -> None:
    assert is_child(person, TODAY, is_expectant=is_expectant) is expected


def test_what_the_schema_does_not_take_as_written_stays_in_words() -> None:
    one = family(
        FilePerson(
            name="架空 花子",
            relationship="母",
            sex="答えたくない",
            born_on="1990-04-01",
            born_written="平2.4.1",
            addresses=["架空県青空町1-2", "架空県霞台3"],
            phones=["０９９−５５５−０１２３", "内線なし"],
            other=["氏名(別): 見本 花子"],
        ),
        FilePerson(name="架空 そら", relationship="長男", sex="不明", phones=["099-555-0124"]),
        more=("備考: 里帰り中",),
    )
    text = as_text(lines(one))
    for stated in (
        "答えたくない",
        "平成2年4月1日",
        "架空県青空町1-2",
        "架空県霞台3",
        "099-555-0123",
        "内線なし",
        "氏名(別): 見本 花子",
        "099-555-0124",
        "備考: 里帰り中",
    ):
        assert stated in text, stated
    assert isinstance(one.children, tuple)
    assert one.children[0].sex is UNKNOWN
    assert isinstance(one.adults, tuple)
    assert (one.adults[0].sex, one.adults[0].relationship) == (None, "母")


def test_a_person_whom_the_schema_does_not_take_at_all_is_kept_as_text() -> None:
    section = basic_section(
        [FilePerson(name="架" * 301, sex="女")], ["備考: なし"], today=TODAY, is_pregnancy=False
    )
    assert section.schema == "text/v1"
    assert section.text == f"氏名: {'架' * 301}\n性別: 女\n備考: なし"


def test_sexes_are_read_in_both_words_of_offices() -> None:
    one = family(FilePerson(name="い", sex="女性"), FilePerson(name="ろ", sex="男"))
    assert isinstance(one.children, tuple)
    assert [child.sex for child in one.children] == [Sex.FEMALE, Sex.MALE]
